"""Whether what was made is what the pin says, where they part first, and why that may be."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ..adapters.remote import Listing
from ..contracts.columns import TableSchema
from ..errors import DataCommonsError, EnvironmentFault
from ..versions.pins import Entry
from .comparing import Files, differences, writers
from .making import Made
from .orders import Order
from .outcome import Outcome, Source, pin_differences
from .workshop import Workshop

SOURCES = "raw/sources.json"


@dataclass(frozen=True)
class Case:
    """One version that was made again."""

    order: Order
    made: Made
    shop: Workshop
    again: bool
    """Whether its sources were fetched again."""
    notes: tuple[str, ...]
    """Where code or environment were not those of the pin."""
    lock: str | None
    """The SHA-256 of the lock file of the pinned code; None where other code ran."""
    once_more: Callable[[], Made]


def judged(case: Case) -> Outcome:
    """The outcome of a version that was made again. Raises EnvironmentFault where a verb could not do its work."""
    entry, built = case.order.entry, case.made.entry
    known = Outcome(entry, case.order.commit, "differs", notes=case.notes)
    if case.made.stopped:
        refetched = ("source: it was fetched again, and the code of this version stops at what came",)
        return replace(known, differences=_stopped(case), causes=refetched if case.again else ())
    if built is None or built == case.order.base:
        said = "its content is that of the version that it followed, so the run makes no version"
        return replace(known, differences=(said, *(pin_differences(entry, built) if built else ())))
    known = replace(known, built=built, sources=_sources(case, built) if case.again else ())
    if found := [*pin_differences(entry, built), *_false_environment(case)]:
        return _explained(case, known, built, found)
    return replace(known, status="identical")


def _stopped(case: Case) -> tuple[str, ...]:
    """That the run makes no version, and its last words."""
    made = case.made
    said = f"{made.stopped} stopped (exit {made.exit_code})"
    lines = tuple(line for line in made.said if line.strip())
    if made.exit_code != 1 or (case.again and made.stopped == "extract"):
        raise EnvironmentFault(said, *lines, *case.notes)
    return (f"no version is made: {said}", *lines)


def _explained(case: Case, known: Outcome, built: Entry, found: list[str]) -> Outcome:
    before, after = _pinned_files(case), _files(case.shop, built)
    if before and case.order.entry.md5 != built.md5:
        found = [*_parted(before, after), *found]
    causes = tuple(_causes(case, built, before, after, known.sources))
    return replace(known, differences=tuple(found), causes=causes)


def _false_environment(case: Case) -> Iterator[str]:
    pinned = case.order.entry.meta.environment
    if case.lock is not None and case.lock != pinned:
        yield f"data.dvc says environment {pinned}, the lock file of its code is {case.lock}"


def _files(shop: Workshop, entry: Entry) -> Files:
    """Local files of what was made."""
    own = shop.remote(entry.remote)
    return {path: Path(own.path(oid)) for path, oid in shop.files(entry).files.items()}


def _pinned_files(case: Case) -> Files | None:
    """Local files of the pinned version; None where its bytes are not to be had."""
    entry, shop = case.order.entry, case.shop
    try:
        listed: Listing = shop.files(entry)
        return {path: shop.local(oid, entry.remote) for path, oid in listed.files.items()}
    except DataCommonsError:
        return None


def _parted(before: Files, after: Files) -> list[str]:
    schema = TableSchema.from_json(after["schema.json"].read_text(encoding="utf-8"))
    hidden = frozenset(column.name for column in schema.columns if column.sensitivity != "public")
    return differences(before, after, schema.key, hidden)


def _sources(case: Case, built: Entry) -> tuple[Source, ...]:
    """Whether each source still answers what the version was made of, as far as its archive is to be had."""
    after = json.loads(_files(case.shop, built)[SOURCES].read_bytes())
    if built.md5 == case.order.entry.md5:
        return tuple(Source(item["address"], True) for item in after)
    before = _pinned_files(case) or {}
    known = json.loads(before[SOURCES].read_bytes()) if SOURCES in before else None
    if known is None:
        return tuple(Source(item["address"], None) for item in after)
    was, now = ({item["address"]: item["sha256"] for item in items} for items in (known, after))
    return tuple(Source(address, was.get(address) == now.get(address)) for address in dict.fromkeys([*was, *now]))


def _causes(case: Case, built: Entry, before: Files | None, after: Files, sources: tuple[Source, ...]) -> Iterator[str]:
    """The likely ones, the surest first."""
    entry = case.order.entry
    if entry.md5 == built.md5:
        yield "the bytes are those that are pinned: what data.dvc says of them was edited by hand"
        return
    if entry.meta.content == built.meta.content:
        yield "the content hash is equal: the values are the same, only the bytes that hold them are not"
    if before is None:
        yield "the pinned bytes are on no remote that is known here, so there is nothing to look into"
    changed = [source.address for source in sources if source.same is False]
    if changed:
        yield f"source: {len(changed)} of {len(sources)} answer other bytes now: {', '.join(changed[:3])}"
    if wrote := writers(before or {}, after):
        yield f"library: {wrote[0]} wrote the pinned files, {wrote[1]} these"
    yield from (f"not as pinned: {note}" for note in case.notes)
    if not changed and not wrote and not case.notes and not (case.again and before is None):
        yield _unsteady(case, built)


def _unsteady(case: Case, built: Entry) -> str:
    """Nothing that is pinned explains it: does the same run give the same bytes a second time?"""
    second = case.once_more().entry
    if second is None or second.md5 != built.md5:
        return "code: run twice, it makes other bytes each time. It depends on a clock, chance, or the order of things"
    return (
        "code, environment and sources are those of the pin, and make the same bytes each time: "
        "the pin does not come from them. Was it written by hand, or data.dvc merged wrongly?"
    )
