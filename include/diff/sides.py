"""The rows of one side: in batches, in order, in the form they are compared in; memory does not grow with them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ..contracts.columns import TableSchema
from ..tables import ordering
from ..tables.types import polars_type
from .columns import Slot

BATCH = 131_072
_SAMPLE = 65_536
_BATCH_BYTES = 32_000_000
_PLACES = 8


@dataclass(frozen=True)
class Side:
    """A table as it lies on disk: Parquet files in the order of their rows, and what schema.json says of them."""

    files: Sequence[Path]
    schema: TableSchema


@dataclass(frozen=True)
class Table:
    """The same with its columns by the names of their `Slot`s: types, names in files, how to make them of those."""

    files: tuple[Path, ...]
    types: dict[str, pl.DataType]
    names: dict[str, str]
    reads: tuple[pl.Expr, ...]

    def scan(self) -> pl.LazyFrame:
        """All rows."""
        if not self.files:
            return pl.LazyFrame(schema=self.types)
        return pl.scan_parquet(list(self.files), hive_partitioning=False, glob=False).select(self.reads)

    def rows(self) -> int:
        """How many."""
        return sum(_rows(file) for file in self.files)

    def batches(self, size: int) -> Iterator[pl.DataFrame]:
        """All rows, at most `size` at a time."""
        for file in self.files:
            for start in range(0, _rows(file), size):
                yield self._slice(file, start, size)

    def sample(self) -> pl.DataFrame:
        """65,536 rows of eight places, evenly spaced; all rows where there are no more."""
        counts = [_rows(file) for file in self.files]
        every = max(sum(counts) // _PLACES, _SAMPLE // _PLACES)
        found = [pl.DataFrame(schema=self.types)]
        at = 0
        for file, rows in zip(self.files, counts, strict=True):
            while at < rows:
                found.append(self._slice(file, at, _SAMPLE // _PLACES))
                at += every
            at -= rows
        return pl.concat(found)

    def _slice(self, file: Path, start: int, rows: int) -> pl.DataFrame:
        part = pl.scan_parquet(file, hive_partitioning=False, glob=False).slice(start, rows)
        return part.select(self.reads).collect()


def table(side: Side, which: int, slots: Sequence[Slot]) -> Table:
    """Side `which` (0 before, 1 after) with its columns as `slots`."""
    reads = {slot.name: read for slot in slots if (read := slot.read(which)) is not None}
    types = {slot.name: polars_type(slot.kind) for slot in slots if slot.name in reads}
    names = {slot.name: column.name for slot in slots if (column := slot.of(which))}
    return Table(tuple(side.files), types, names, tuple(reads.values()))


def ordered(found: Table, order: Sequence[str], scratch: Path, memory_mb: int) -> Table:
    """The same rows by columns `order`: as they lie, or sorted into a file below `scratch`."""
    if not order or ordering.ascending(found.scan(), order)[0]:
        return found
    scratch.mkdir(parents=True)
    edges = ordering.buckets(found.scan(), order, memory_mb)
    buckets = ordering.in_order(ordering.spread(found.scan(), edges, scratch), order)
    files = []
    for number, bucket in enumerate(buckets):
        files.append(scratch / f"{number:05d}.parquet")
        bucket.write_parquet(files[-1], compression="lz4", row_group_size=BATCH)
    names = list(found.types)
    return Table(tuple(files), found.types, dict(zip(names, names, strict=True)), tuple(map(pl.col, names)))


def batch_rows(sample: pl.DataFrame) -> int:
    """Rows that a batch may have, so that tables of many or long columns take no more memory."""
    width = sample.estimated_size() / max(sample.height, 1)
    return max(min(BATCH, int(_BATCH_BYTES / max(width, 1))), 1_024)


def _rows(file: Path) -> int:
    return int(pl.scan_parquet(file, hive_partitioning=False, glob=False).select(pl.len()).collect().item())
