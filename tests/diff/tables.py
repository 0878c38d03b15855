"""Small tables on disk, and a plain comparison of their rows in Python that the engine must agree with."""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from include.contracts.columns import Column, Sensitivity, TableSchema
from include.diff.compare import Side, compare
from include.diff.model import TableDiff
from include.tables import parquet
from include.tables.types import kind_of

Row = dict[str, Any]


def side(
    folder: Path,
    frame: pl.DataFrame,
    key: Sequence[str] = (),
    ids: Mapping[str, int] | None = None,
    sensitivity: Mapping[str, Sensitivity] | None = None,
    **facts: Any,
) -> Side:
    """`frame` written below `folder` in key order (whole rows without a key); ids by position unless told otherwise."""
    columns = tuple(
        Column(
            name=name,
            id=(ids or {}).get(name, number),
            type=kind_of(dtype) or str(dtype),
            nullable=True,
            sensitivity=(sensitivity or {}).get(name, "public"),
            **facts.get(name, {}),
        )
        for number, (name, dtype) in enumerate(frame.schema.items(), 1)
    )
    schema = TableSchema(columns=columns, key=tuple(key))
    rows = frame.sort(list(key) or frame.columns, nulls_last=False)
    return Side(parquet.sink(rows.lazy(), schema, folder), schema)


def difference(before: pl.DataFrame, after: pl.DataFrame, key: Sequence[str] = (), **options: Any) -> TableDiff:
    """The difference of two frames of one history, written to disk and read again."""
    return _compared((before, after), (key, key), **options)


def apart(
    before: pl.DataFrame,
    after: pl.DataFrame,
    key: Sequence[str] = (),
    other: Sequence[str] | None = None,
    **options: Any,
) -> TableDiff:
    """The same of two that share no history; `other` is the key after."""
    return _compared((before, after), (key, key if other is None else other), same_history=False, **options)


def _compared(frames: Sequence[pl.DataFrame], keys: Sequence[Sequence[str]], **options: Any) -> TableDiff:
    with tempfile.TemporaryDirectory() as folder:
        places = (Path(folder) / name for name in ("before", "after"))
        sides = [side(place, frame, key) for place, frame, key in zip(places, frames, keys, strict=True)]
        return compare(*sides, **options)


def plainly(before: pl.DataFrame, after: pl.DataFrame, key: Sequence[str]) -> dict[str, Any]:
    """Counts by a loop over all keys: equal rows of a key first, then pairs in the order of their values."""
    values = [name for name in before.columns if name in after.columns and name not in key]
    sides = [_by_key(frame, key, values) for frame in (before, after)]
    found: dict[str, Any] = {"added": 0, "removed": 0, "changed": 0, "unchanged": 0}
    cells = dict.fromkeys(values, 0)
    for one in sides[0].keys() | sides[1].keys():
        was, now = (Counter(rows.get(one, ())) for rows in sides)
        same = was & now
        rest = [sorted((rows - same).elements(), key=_order) for rows in (was, now)]
        both = min(map(len, rest))
        found["unchanged"] += same.total()
        found["changed"] += both
        found["removed"] += len(rest[0]) - both
        found["added"] += len(rest[1]) - both
        for old, new in zip(*rest, strict=False):
            for name, left, right in zip(values, old, new, strict=True):
                cells[name] += left != right
    return found | {"cells": cells}


def counted(diff: TableDiff) -> dict[str, Any]:
    """The same of a difference; rows that moved count as removed and added, as a plain comparison sees them."""
    counts = diff.counts.model_dump(include={"added", "removed", "changed", "unchanged"})
    counts["added"] += diff.counts.moved
    counts["removed"] += diff.counts.moved
    both = [column for column in diff.columns if column.before and column.after]
    return counts | {"cells": {column.name: column.cells for column in both if diff.key and not column.key}}


def adds_up(diff: TableDiff) -> bool:
    """Whether the counts are those of both tables."""
    counts = diff.counts
    shared = counts.changed + counts.moved + counts.unchanged
    return counts.before == counts.removed + shared and counts.after == counts.added + shared


def _by_key(frame: pl.DataFrame, key: Sequence[str], values: Sequence[str]) -> dict[tuple[Any, ...], list[Any]]:
    found: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for row in frame.iter_rows(named=True):
        found[tuple(_plain(row[name]) for name in key)].append(tuple(_plain(row[name]) for name in values))
    return found


def _plain(value: Any) -> Any:
    """NaN equals NaN here; 0.0 equals -0.0 anyway."""
    return "NaN" if isinstance(value, float) and value != value else value


def _order(row: tuple[Any, ...]) -> list[tuple[int, Any]]:
    return [(0, 0) if value is None else (2, 0) if value == "NaN" else (1, value) for value in row]
