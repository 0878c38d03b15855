"""Two tables to their difference: exact rows and cells by one merge of both in key order, whatever their size."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl

from ..contracts.columns import Sensitivity
from ..tables.ahead import ahead
from . import bins, renames
from .columns import Slot, by_name, possible_keys, renamed, schema_changes, slots
from .masks import masked
from .merge import side_by_side
from .model import TableDiff
from .profiles import Profiles
from .record import Compared, record
from .sides import Side, Table, batch_rows, ordered, table
from .tally import Tally

__all__ = ["Side", "compare"]


def compare(
    before: Side,
    after: Side,
    memory_mb: int = 1024,
    *,
    same_history: bool = True,
    show: Sensitivity = "restricted",
    scratch: Path | None = None,
    seen: Callable[[int], None] = lambda _: None,
) -> TableDiff:
    """How the table `after` differs from `before`; a side may have no files, and so no rows.

    Columns are the same by field id where both share a history, else by name; then renames are proposed from values.
    Rows are matched by the key, or without one as a multiset. Values of columns guarded more than `show` are masked.
    `memory_mb` is planned for; what does not fit goes to files in `scratch`. `seen` is told the rows read, a batch at
    a time, of both sides. Raises polars.exceptions.PolarsError where files are not what their schema says.
    """
    schema = after.schema if same_history else by_name(after.schema, before.schema)
    names = renames.proposed(before, Side(after.files, schema))
    sides = before, Side(after.files, renamed(schema, before.schema, names) if names else schema)
    changes = tuple(schema_changes(before.schema, sides[1].schema, names))
    with tempfile.TemporaryDirectory(prefix="diff-", dir=scratch) as place:
        found = _compared(sides, Path(place), memory_mb, seen)
        return masked(record(found, changes, Path(place), memory_mb), show)


def _compared(sides: tuple[Side, Side], scratch: Path, memory_mb: int, seen: Callable[[int], None]) -> Compared:
    columns = slots(sides[0].schema, sides[1].schema)
    tables = [table(side, which, columns) for which, side in enumerate(sides)]
    paired = [slot.name for slot in columns if slot.paired]
    key = _key(possible_keys(columns, sides[0].schema, sides[1].schema), tables)
    tables = [
        ordered(found, key or paired, scratch / f"ordered{which}", memory_mb) for which, found in enumerate(tables)
    ]
    with ThreadPoolExecutor(2) as pool:
        samples = list(pool.map(Table.sample, tables))
        chosen = dict(pool.map(lambda slot: (slot.name, _chosen(slot, key, samples)), columns))
    profiles = [Profiles(found.types, chosen, found.rows()) for found in tables]
    tally = Tally(key or paired, [name for name in paired if name not in key] if key else [], tables, scratch)
    size = min(batch_rows(sample) for sample in samples)
    batches = [
        ahead(_counted(found.batches(size), profile, seen)) for found, profile in zip(tables, profiles, strict=True)
    ]
    empty = [sample.clear() for sample in samples]
    for part in side_by_side(batches[0], batches[1], tally.order, empty):
        tally.add(*part)
    return Compared(columns, key, tables, samples, chosen, profiles, tally)


def _key(possible: Sequence[tuple[str, ...]], tables: Sequence[Table]) -> tuple[str, ...]:
    """The key in which fewest rows repeat, the one after first; empty where there is none."""
    if len(possible) < 2:
        return possible[0] if possible else ()
    distinct = [
        sum(found.scan().select(key).unique().select(pl.len()).collect(engine="streaming").item() for found in tables)
        for key in possible
    ]
    return possible[distinct.index(max(distinct))]


def _chosen(slot: Slot, key: Sequence[str], samples: Sequence[pl.DataFrame]) -> bins.Bins:
    sides = [sample[slot.name] if slot.name in sample.columns else None for sample in samples]
    some = next(side for side in sides if side is not None)
    before, after = (some.clear() if side is None else side for side in sides)
    return bins.chosen(before, after, part=len(key) > 1 and slot.name in key)


def _counted(batches: Iterator[pl.DataFrame], profile: Profiles, seen: Callable[[int], None]) -> Iterator[pl.DataFrame]:
    for batch in batches:
        profile.add(batch)
        seen(batch.height)
        yield batch
