"""What leaves OpenMetadata: only what a change of contract takes away, and never much of it at once."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from ...catalogue.entities import Entity, Entry
from ...errors import DataError
from . import client as api
from .catalogued import Catalogued

if TYPE_CHECKING:
    from .agreeing import Memories

BRAKE = 10
"""More than one table in so many may not go at once."""


def gone(entries: Sequence[Entry], known: Collection[str], memories: "Memories") -> dict[str, list[str]]:
    """By dataset, what was made for it and nothing has any more: it left the repository, or its contract lost a part.

    A dataset whose contract is broken, or whose bytes are not to be had, loses nothing.
    """
    wanted = {entity.fqn for entry in entries for entity in entry.held}
    told = {entry.name for entry in entries if not entry.lacking}
    left = [name for name in memories.names() if name in told or name not in known]
    return {name: some for name in left if (some := [one for one in memories.of(name).ids if one not in wanted])}


def brake(entries: Sequence[Entry], gone: dict[str, list[str]], there: Catalogued, many: bool) -> None:
    """Raises DataError where more than a tenth of the tables would be deleted or emptied, unless `many` may."""
    tables = {name for name, one in there.have.items() if "columns" in one}
    leaving = [name for names in gone.values() for name in names if name in tables]
    emptied = [e.fqn for entry in entries if entry.empty for e in entry.held[-1:] if _other(there, e)]
    if not many and (len(leaving) + len(emptied)) * BRAKE > len(tables):
        raise DataError(
            f"catalogue: {len(leaving)} tables would be deleted and {len(emptied)} emptied, of {len(tables)}: "
            f"{', '.join([*leaving, *emptied][:10])}; at most a tenth may go at once. Nothing was changed. "
            "If Git is right, add --many."
        )


def _other(there: Catalogued, entity: Entity) -> bool:
    """Whether a table is there at another version."""
    before = (there.have.get(entity.fqn, {}).get("extension") or {}).get("commons_content")
    return before not in (None, entity.request.get("extension", {}).get("commons_content"))


def delete(
    name: str, fqns: Sequence[str], entries: Sequence[Entry], memories: "Memories", there: Catalogued
) -> list[str]:
    """Marks as deleted what was made for dataset `name` and nothing has any more; what that was."""
    memory, deleted = memories.of(name), []
    for one in fqns:
        if one in there.have:
            api.delete(there.client, f"/{memory.routes[one]}/{memory.ids[one]}?recursive=true&hardDelete=false")
            deleted.append(one)
        for kept in (memory.ids, memory.routes, memory.written):
            kept.pop(one, None)
    if name not in {entry.name for entry in entries}:
        memories.forget(name)
    return deleted
