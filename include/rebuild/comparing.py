"""Where two files of a version part first: which file, column and row, or which key of a JSON document."""

import filecmp
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

SHOWN = 80
FOLLOWS = frozenset({"blocks.json"})
"""Hashes of other files: they differ where these do."""
Files = Mapping[str, Path]


def differences(
    pinned: Files, built: Files, key: tuple[str, ...] = (), hidden: frozenset[str] = frozenset()
) -> list[str]:
    """One sentence for each file that one side lacks or that differs; values of `hidden` columns are not shown."""
    found = [f"{name}: is pinned, and was not made again" for name in sorted(pinned.keys() - built.keys())]
    found += [f"{name}: was made, and is not pinned" for name in sorted(built.keys() - pinned.keys())]
    other = [name for name in pinned.keys() & built.keys() if not filecmp.cmp(pinned[name], built[name], shallow=False)]
    for name in sorted(other, key=_order):
        if name in FOLLOWS and len(other) > 1:
            continue
        found += [f"{name}: {said}" for said in _parted(name, pinned[name], built[name], key, hidden)]
    return found


def _order(name: str) -> tuple[bool, str]:
    """What rows are made of first."""
    return not name.startswith(("raw/", "table/")), name


def writers(pinned: Files, built: Files) -> tuple[str, str] | None:
    """The library and its version that wrote each side's table, where they are not the same."""
    names = [name for name in sorted(pinned) if name.endswith(".parquet") and name in built]
    found = {(_writer(pinned[name]), _writer(built[name])) for name in names}
    return next((pair for pair in sorted(found) if pair[0] != pair[1]), None)


def _writer(file: Path) -> str:
    return str(pq.read_metadata(file).created_by)


def _parted(name: str, pinned: Path, built: Path, key: tuple[str, ...], hidden: frozenset[str]) -> Iterator[str]:
    if name.endswith(".parquet"):
        yield from _tables(pinned, built, key, hidden)
    elif name.endswith(".json"):
        found = _documents(json.loads(pinned.read_bytes()), json.loads(built.read_bytes()), "")
        yield found.partition(": pinned ")[0] + " differs" if hidden and name == "quality.json" else found
    else:
        yield _texts(pinned.read_bytes(), built.read_bytes())


def _tables(pinned: Path, built: Path, key: tuple[str, ...], hidden: frozenset[str]) -> Iterator[str]:
    one, other = (pl.scan_parquet(file, glob=False, hive_partitioning=False) for file in (pinned, built))
    before, after = one.collect_schema(), other.collect_schema()
    if list(before.items()) != list(after.items()):
        yield f"columns differ: {_columns(before, after)}"
        return
    rows, made = (int(side.select(pl.len()).collect().item()) for side in (one, other))
    if rows != made:
        yield f"{rows:,} rows are pinned, {made:,} were made"
    first = min((found for name in before if (found := _first(one, other, name, min(rows, made)))), default=None)
    if first:
        row, name = first
        yield f"column {name}, row {row + 1:,}{_where(one, key, row, hidden)}: {_cells(one, other, name, row, hidden)}"
    elif rows == made:
        yield f"all values are equal, but not the bytes: {_layout(pinned, built)}"


def _columns(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    gone, came = [name for name in before if name not in after], [name for name in after if name not in before]
    other = [
        f"{name} {before[name]} became {after[name]}"
        for name in before
        if after.get(name, before[name]) != before[name]
    ]
    told = [*(f"{name} is pinned only" for name in gone), *(f"{name} was made only" for name in came), *other]
    return "; ".join(told) or "their order"


def _first(one: pl.LazyFrame, other: pl.LazyFrame, name: str, rows: int) -> tuple[int, str] | None:
    """Row (from 0) and name where a column parts first."""
    was, now = (side.select(name).head(rows).collect().to_series() for side in (one, other))
    found = was.ne_missing(now).arg_true()
    return (int(found[0]), name) if len(found) else None


def _where(side: pl.LazyFrame, key: tuple[str, ...], row: int, hidden: frozenset[str]) -> str:
    shown = [name for name in key if name in side.collect_schema() and name not in hidden]
    if not shown:
        return ""
    values = side.select(shown).slice(row, 1).collect().row(0)
    return " (" + ", ".join(f"{name} {_short(value)}" for name, value in zip(shown, values, strict=True)) + ")"


def _cells(one: pl.LazyFrame, other: pl.LazyFrame, name: str, row: int, hidden: frozenset[str]) -> str:
    if name in hidden or (hidden and name == "reasons"):  # reasons of a quarantine name values
        return "the values differ (not shown: not public)"
    was, now = (side.select(name).slice(row, 1).collect().item() for side in (one, other))
    return f"pinned {_short(was)}, made {_short(now)}"


def _short(value: Any) -> str:
    text = repr(value.to_list() if isinstance(value, pl.Series) else value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _layout(pinned: Path, built: Path) -> str:
    """What of a Parquet file's layout is otherwise."""
    one, other = pq.read_metadata(pinned), pq.read_metadata(built)
    facts = {
        "writer": (one.created_by, other.created_by),
        "row groups": (one.num_row_groups, other.num_row_groups),
        "bytes": (pinned.stat().st_size, built.stat().st_size),
    }
    told = [f"{what} {was} became {now}" for what, (was, now) in facts.items() if was != now]
    return "; ".join(told) or "its pages or its metadata are written otherwise"


def _documents(one: Any, other: Any, at: str) -> str:
    """The first place where two JSON documents part."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys()):
            if one.get(name) != other.get(name) or (name in one) != (name in other):
                return _documents(one.get(name), other.get(name), f"{at}.{name}" if at else name)
    if isinstance(one, list) and isinstance(other, list):
        for number, (was, now) in enumerate(zip(one, other, strict=False)):
            if was != now:
                return _documents(was, now, f"{at}[{number}]")
        if len(one) != len(other):
            return f"{at or 'the list'}: {len(one)} items are pinned, {len(other)} were made"
    if one == other:
        return "the same document, written otherwise"
    return f"{at or 'the document'}: pinned {_short(one)}, made {_short(other)}"


def _texts(one: bytes, other: bytes) -> str:
    lines, made = (text.decode(errors="replace").splitlines() for text in (one, other))
    for number, (was, now) in enumerate(zip(lines, made, strict=False), 1):
        if was != now:
            return f"line {number}: pinned {_short(was)}, made {_short(now)}"
    return f"{len(lines):,} lines are pinned, {len(made):,} were made"
