"""Heads in the store: the newest version of each dataset, derived from Git so that verbs need no Git (FORMAT.md)."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..adapters.store import Store
from ..contracts import layout
from ..errors import DataError, EnvironmentFault
from .pins import Entry, Pins


@dataclass(frozen=True)
class Head:
    """A dataset's newest version, and what is known of its sources to ask them for changes only."""

    entry: Entry
    sources: dict[str, Any] = field(default_factory=dict)
    withdrawn: tuple[Entry, ...] = ()
    """Older versions of it that were withdrawn: verbs that look at one learn of it here."""


def read(store: Store, ref: str, name: str) -> Head | None:
    """The head of `name` on the branch `ref`; None where nothing is published, or where what is there is damaged.

    The next publication or `commons sync` mends a damaged one. Raises EnvironmentFault where it is of a newer format.
    """
    path = layout.head(ref, name)
    try:
        document = json.loads(store.get(path) or b"{}")
        _check_format(document, path)
        if not document["entry"]:
            return None
        gone = tuple(map(Entry.model_validate, document.get("withdrawn", ())))
        return Head(Entry.model_validate(document["entry"]), dict(document["sources"]), gone)
    except (ValueError, TypeError, LookupError, RecursionError):  # ValidationError is a ValueError
        return None


def base(store: Store, ref: str, name: str) -> Head | None:
    """The head that the next version follows, as `read`. Raises DataError where it was withdrawn.

    Its schema is gone or going, and a version that did not know it could give a field id for the second time.
    """
    head = read(store, ref, name)
    if head and (said := withdrawn(head.entry, "the next one has nothing to follow")):
        raise DataError(said)
    return head


def withdrawn(entry: Entry, so: str) -> str | None:
    """That the newest version of a dataset, `entry`, was withdrawn, what comes of it and what to do; None: it wasn't"""
    if not (gone := entry.meta.withdrawn):
        return None
    return (
        f"{entry.name}: its newest version was withdrawn by {gone.by} on {gone.at} ({gone.why}), so {so}. "
        f"`commons rollback {entry.name} --to COMMIT` makes an older one the newest; "
        f"`commons history {entry.name}` lists them."
    )


def _check_format(document: Any, path: str) -> None:
    entry = document.get("entry") if isinstance(document, dict) else None
    meta = entry.get("meta") if isinstance(entry, dict) else None
    for place in (document, meta):
        if isinstance(place, dict) and (found := place.get("format", 1)) != 1:
            raise EnvironmentFault(
                f"{path}: format {found!r}, expected 1. A newer release wrote it: upgrade data-commons."
            )


def write(store: Store, ref: str, entry: Entry, sources: dict[str, Any], withdrawn: Sequence[Entry] = ()) -> None:
    """Make `entry` the head of its dataset on `ref`, beside what was withdrawn. Raises EnvironmentFault."""
    gone = {"withdrawn": [one.document() for one in withdrawn]} if withdrawn else {}
    _put(store, ref, entry.name, {"format": 1, "entry": entry.document(), "sources": sources, **gone})


def wrong(store: Store, ref: str, pins: Pins, names: Collection[str] | None = None) -> list[str]:
    """The datasets (of `names`, or all) whose heads on `ref` are not what Git pins there."""
    asked = names or _names(store, ref) | set(pins.entries)
    heads = {name: read(store, ref, name) for name in sorted(asked)}
    return [name for name, head in heads.items() if (head and (head.entry, head.withdrawn)) != _pinned(pins, name)]


def derived(store: Store, ref: str) -> bool:
    """Whether anything was derived for `ref` here yet."""
    return bool(_names(store, ref))


def sync(store: Store, ref: str, pins: Pins, names: Collection[str] | None = None) -> list[str]:
    """Make the heads of `ref` (of `names`, or all) agree with what Git pins there; returns those that were wrong."""
    corrected = wrong(store, ref, pins, names)
    for name in corrected:
        if known := _pinned(pins, name):
            write(store, ref, known[0], {}, known[1])
        else:
            _put(store, ref, name, {"format": 1, "entry": None, "sources": {}})
    return corrected


def _pinned(pins: Pins, name: str) -> tuple[Entry, tuple[Entry, ...]] | None:
    """What the head of `name` has to say by the pins; None where they have none."""
    entry = pins.entries.get(name)
    return (entry, tuple(one for one in pins.withdrawn if one.name == name)) if entry else None


def _names(store: Store, ref: str) -> set[str]:
    """The datasets that have a head on `ref`."""
    folder = layout.head(ref, "").rpartition("/")[0]
    return {path.rpartition("/")[2].removesuffix(".json") for path in store.list(folder)}


def _put(store: Store, ref: str, name: str, document: dict[str, Any]) -> None:
    store.put(layout.head(ref, name), (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode())
