"""What a withdrawal takes away and what stays since others need it, and the change of data.dvc that says so."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from .census import Pinned
from .contents import Contents, Places, Use, listing
from .pins import Entry, Pins, Withdrawn


@dataclass(frozen=True)
class Withdrawal:
    """A version with its tombstone; which of its files go, and which stay with the versions that need them too."""

    entry: Entry
    gone: dict[str, str]
    """Object by path."""
    kept: dict[str, tuple[str, ...]]
    """Labels of the versions that share a file, by its path."""
    listed: bool
    """Whether its listing could be read: else nobody knows its files."""
    rest: tuple[str, ...]
    """Labels of the dataset's versions that are left, as they were first pinned."""


def plan(version: Pinned, live: Contents, places: Places, by: str, why: str) -> Withdrawal:
    """What withdrawing `version` means, where `live` are all other versions. Raises EnvironmentFault."""
    files, entry = listing(version, places), version.entry
    shared = {path: tuple(_sharing(oid, version, live)) for path, oid in (files or {}).items()}
    gone = {path: oid for path, oid in (files or {}).items() if not shared[path]}
    tombstone = Withdrawn(
        by=by,
        at=f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}",
        why=why,
        objects=None if files is None else tuple(sorted(set(gone.values()))),
    )
    buried = entry.model_copy(update={"meta": entry.meta.model_copy(update={"withdrawn": tombstone})})
    kept = {path: who for path, who in shared.items() if who}
    return Withdrawal(buried, gone, kept, files is not None, tuple(_rest(entry, live)))


def record(pins: Pins, withdrawal: Withdrawal) -> Pins:
    """`pins` with the tombstone; as they were where they have one of that version already."""
    known = [*pins.withdrawn, *(entry for entry in pins.entries.values() if entry.meta.withdrawn)]
    if any(entry.identity == withdrawal.entry.identity for entry in known):
        return pins
    return pins.withdrawing(_newest(pins, withdrawal.entry), last=not withdrawal.rest)


def message(withdrawal: Withdrawal) -> str:
    """The message of the commit that withdraws."""
    entry, gone = withdrawal.entry, withdrawal.entry.meta.withdrawn
    why = " ".join(gone.why.split()) if gone else ""
    by = gone.by if gone else ""
    return f"Withdraw {entry.name}: {why}\n\nDataset: {entry.name}\nWithdrawn: {entry.md5}\nWithdrawn-By: {by}\n"


def _newest(pins: Pins, entry: Entry) -> Entry:
    """The tombstone goes with the newest entry where that is the same version again, after a rollback."""
    head = pins.entries.get(entry.name)
    if head is None or head.identity != entry.identity:
        return entry
    return head.model_copy(update={"meta": head.meta.model_copy(update={"withdrawn": entry.meta.withdrawn})})


def _sharing(oid: str, version: Pinned, live: Contents) -> Iterator[str]:
    uses: list[Use] = live.uses.get(version.entry.remote, {}).get(oid, [])
    yield from dict.fromkeys(use.version.label for use in uses if use.version.entry.identity != version.entry.identity)


def _rest(entry: Entry, live: Contents) -> Iterator[str]:
    """The other versions of the dataset, each by its listing."""
    for by_object in live.uses.values():
        for use in (use for oid, uses in by_object.items() if oid.endswith(".dir") for use in uses):
            if use.version.entry.name == entry.name and use.version.entry.identity != entry.identity:
                yield use.version.label
