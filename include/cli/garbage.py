"""`commons gc`: what is garbage, what is not and why; and taking it away."""

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from ..adapters.store import own_store
from ..tasks import verify
from ..versions import collecting
from ..versions.collecting import Item
from .console import out, print_json, show
from .progress import progress
from .refs import every_ref


def collected(apply: bool, lost: bool) -> tuple[list[Item], bool]:
    """What is garbage and what is not; with `apply`, what was done and whether that was all.

    Versions that nobody can tell the files of are taken for `lost`, or stop it.
    """
    with every_ref() as refs:
        there, store = verify.places(), own_store()
        if apply:
            with progress("collecting") as tell:
                return collecting.collect(refs.repositories, refs.tip, there, store, refs.refresh, tell, lost=lost)
        with progress("looking"):
            known, now = collecting.roots(refs.repositories, refs.tip, there, lost=lost), dt.datetime.now(dt.UTC)
            return [*collecting.plan(known, there, now), *collecting.plan_store(store, known.withdrawn, now)], True


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
