"""`commons gc`: what is garbage, what is not and why; and taking it away."""

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from ..adapters import git
from ..adapters.store import own_store
from ..settings import REPOSITORY
from ..tasks import verify
from ..versions import collecting
from ..versions.collecting import Item
from ..versions.pins import FILE
from ..versions.withdrawal import entries, withdrawn
from .console import out, print_json, show
from .progress import progress
from .refs import Refs, every_ref


def collected(apply: bool, lost: bool) -> tuple[list[Item], bool, list[str]]:
    """What is garbage and what is not; with `apply`, what was done and whether that was all; whose tombstone waits.

    Versions that nobody can tell the files of are taken for `lost`, or stop it.
    """
    with every_ref() as refs:
        there, store, waiting = verify.places(), own_store(), _waiting(refs)
        if apply:
            with progress("collecting") as tell:
                done = collecting.collect(refs.repositories, refs.tip, there, store, refs.refresh, tell, lost=lost)
                return *done, waiting
        with progress("looking"):
            known, now = collecting.roots(refs.repositories, refs.tip, there, lost=lost), dt.datetime.now(dt.UTC)
            items = [*collecting.plan(known, there, now), *collecting.plan_store(store, known.withdrawn, now)]
            return [*items, *collecting.plan_indexes(REPOSITORY, known.withdrawn, now)], True, waiting


def _waiting(refs: Refs) -> list[str]:
    """The versions that this clone withdrew, and the revision whose word counts did not yet."""
    counts = {entry.identity for entry in withdrawn(git.texts_at(refs.repositories[0], FILE, [refs.tip]))}
    return [f"{entry.name} {entry.md5[:12]}" for entry in entries(REPOSITORY) if entry.identity not in counts]


def show_items(items: Sequence[Item], done: bool, apply: bool, as_json: bool) -> None:
    """What is kept, restored, moved or deleted, a line a reason; as JSON also each object that does not stay."""
    rows = list(_rows(items))
    going = [item for item in items if item.act != "keep"]
    if as_json:
        each = [{key: getattr(item, key) for key in ("where", "act", "why", "name", "bytes")} for item in going]
        return print_json({"applied": apply, "finished": done, "summary": rows, "objects": each})
    show(rows, False, "There is nothing on any remote.")
    if not done:
        out.print(f"Stopped after {collecting.HELD}, so that publishers need not wait. Run it again for the rest.")
    elif going and not apply:
        out.print("Nothing was changed. `commons gc --apply` does what stands here.")
    return None


def _rows(items: Sequence[Item]) -> Iterator[dict[str, Any]]:
    def by(item: Item) -> tuple[str, str, str]:
        return item.where, item.act, item.why

    for (where, act, why), same in groupby(sorted(items, key=by), key=by):
        sizes = [item.bytes for item in same]
        yield {"where": where, "act": act, "why": why, "files": len(sizes), "bytes": sum(sizes)}
