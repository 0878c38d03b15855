"""The proof that the bytes of withdrawn versions are gone: from remotes, caches, their quarantines, and run folders."""

import datetime as dt
from collections.abc import Collection, Iterator

from ..adapters import objects
from ..adapters.store import Store
from ..contracts import layout
from .contents import Contents, Places
from .findings import Problem
from .pins import Entry, Withdrawn
from .withdrawal import due


def prove(
    withdrawn: Collection[Entry], live: Contents, places: Places, store: Store, now: dt.datetime
) -> Iterator[Problem | str]:
    """For each withdrawn version a note of what is left of it, or a problem where that is too much.

    What `live` versions need stays. Raises EnvironmentFault where a remote can't be asked.
    """
    for entry in withdrawn:
        tombstone = entry.meta.withdrawn
        if tombstone is None:
            continue
        said = f"{entry.name} {entry.md5[:12]}: withdrawn by {tombstone.by} on {tombstone.at} ({tombstone.why})"
        left = [*_objects(entry, tombstone, live, places), *_runs(entry, store, due(tombstone))]
        until = f"{due(tombstone):%Y-%m-%dT%H:%M:%SZ}"
        if not left:
            yield f"{said}; its bytes are gone."
        elif now < due(tombstone):
            yield f"{said}; {len(left)} files with its bytes stay until {until}, then `commons gc --apply` takes them."
        else:
            found = f"{said}, its bytes were to go by {until}, and are still there: {', '.join(left[:3])}"
            more = f" and {len(left) - 3} more" if len(left) > 3 else ""
            yield Problem("withdrawn", "withdrawn", found + more, entry.md5, todo="`commons gc --apply` deletes them.")


def _objects(entry: Entry, tombstone: Withdrawn, live: Contents, places: Places) -> Iterator[str]:
    asked = {entry.md5, *(tombstone.objects or ())}
    for where in places.all():
        for oid in sorted(objects.sizes(where, gone := asked - live.needed(where, places.remotes))):
            yield where.address(oid)
        yield from (f"{item.path}" for item in objects.aside(where) if item.oid in gone)


def _runs(entry: Entry, store: Store, until: dt.datetime) -> Iterator[str]:
    """Files of runs and indexes made before the version had to be gone: they hold the bytes as fetched, and names."""
    for folder in (layout.runs(entry.name), layout.indexes(entry.name)):
        yield from (f"{store.url}/{path}" for path, modified, _ in store.ages(folder) if modified < until)
