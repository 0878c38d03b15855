"""Rows of text to one Parquet frame: numbered, missing values marked, broken records rejected with their place."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from .caps import Tally

RECORD = "_record"
ROW_GROUP = 262_144
_BATCH = 8_192

Cells = Sequence[str | None]


@dataclass(frozen=True)
class Bad:
    """A record that cannot be read: `reason` is counted, `detail` is for the sample alone."""

    reason: str
    detail: str = ""


Row = tuple[str, Cells | Bad]
"""Where a record stands in its file ("line 7"), and its cells, or why it has none."""


def schema_of(headings: Sequence[str]) -> pa.Schema:
    """The schema of a frame of text columns."""
    fields: list[pa.Field[Any]] = [pa.field(heading, pa.string()) for heading in headings]
    return pa.schema([pa.field(RECORD, pa.int64()), *fields])


@contextmanager
def frame_writer(path: Path, schema: pa.Schema) -> Iterator[pq.ParquetWriter]:
    """A Parquet writer for a scratch frame: cheap to write, in row groups that fit memory."""
    with pq.ParquetWriter(path, schema, compression="lz4", use_dictionary=False, write_statistics=False) as writer:
        yield writer


def numbers(first: int, count: int) -> "pa.Array[Any]":
    """`count` record numbers from `first` on."""
    return pl.int_range(first, first + count, eager=True).to_arrow()


def write_rows(
    path: Path, place: str, headings: Sequence[str], rows: Iterable[Row], missing: Collection[str], tally: Tally
) -> None:
    """Writes `rows` under `headings` to `path`; a rejected record takes a number too, so numbers tell gaps.

    Raises SourceError when a cap on all records is passed.
    """
    schema, rows = schema_of(headings), iter(rows)
    with frame_writer(path, schema) as writer:
        while batch := list(islice(rows, _BATCH)):
            first = tally.records + 1
            tally.count(place, len(batch))
            good = [(first + at, cells) for at, cells in _sound(batch, place, len(headings), tally)]
            writer.write_batch(_record_batch(good, schema, frozenset(missing)), ROW_GROUP)


def _sound(batch: list[Row], place: str, width: int, tally: Tally) -> Iterator[tuple[int, Cells]]:
    for at, (where, cells) in enumerate(batch):
        bad = cells if isinstance(cells, Bad) else _fault(cells, width, tally.caps.cell)
        if bad:
            tally.reject(f"{place}, {where}", bad.reason, bad.detail)
        elif not isinstance(cells, Bad):
            yield at, cells


def _fault(cells: Cells, width: int, longest: int) -> Bad | None:
    if len(cells) != width:
        return Bad(f"too {'few' if len(cells) < width else 'many'} fields", f"{len(cells)}, expected {width}")
    for cell in cells:
        if cell is not None and len(cell) > longest // 4 and len(cell.encode("utf-8", "surrogatepass")) > longest:
            return Bad("a value is too long", f"more than {longest:,} bytes")
        if cell is not None and not cell.isascii() and _has_surrogate(cell):
            return Bad("a value is not Unicode text", "it holds a lone surrogate")
    return None


def _has_surrogate(cell: str) -> bool:
    try:
        cell.encode()
    except UnicodeEncodeError:
        return True
    return False


def _record_batch(good: list[tuple[int, Cells]], schema: pa.Schema, missing: frozenset[str]) -> pa.RecordBatch:
    columns = zip(*(cells for _, cells in good), strict=True) if good else ((),) * (len(schema) - 1)
    arrays = [pa.array([None if cell in missing else cell for cell in column], pa.string()) for column in columns]
    return pa.RecordBatch.from_arrays([pa.array([n for n, _ in good], pa.int64()), *arrays], schema=schema)
