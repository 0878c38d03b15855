"""Parquet files as frames: types stay what they are."""

from collections.abc import Collection
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from ..contracts.model import Source
from ..errors import SourceError
from .caps import Tally
from .faults import is_machine
from .headings import named
from .sink import RECORD, ROW_GROUP


def read_parquet(path: Path, place: str, out: Path, source: Source, _work: Path, tally: Tally) -> list[str]:
    """Writes the table in `path` to `out` with record numbers; returns the headings.

    Texts in source.missing become missing; every other value keeps its type. Raises SourceError for a broken file.
    """
    try:
        meta = pq.ParquetFile(path).metadata
        headings = named(meta.schema.to_arrow_schema().names, place, tally.caps.columns)
        tally.unpack(place, sum(meta.row_group(at).total_byte_size for at in range(meta.num_row_groups)))
        first = tally.records + 1
        tally.count(place, meta.num_rows)
        _copy(path, out, headings, first, source.missing)
    except (pa.ArrowException, OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        if is_machine(error):
            raise
        raise SourceError(f"{place}: not a sound Parquet file: {error}. Fetch it again or ask the source.") from error
    return headings


def _copy(path: Path, out: Path, headings: list[str], first: int, missing: Collection[str]) -> None:
    frame = pl.scan_parquet(path, glob=False)
    frame = frame.rename(dict(zip(frame.collect_schema().names(), headings, strict=True)))
    frame = frame.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))
    text = pl.col(pl.String)
    frame = frame.with_columns(pl.when(~text.is_in(list(missing))).then(text))
    # A row index streams; counting with int_range over pl.len() would hold the table in memory.
    frame = frame.with_row_index(RECORD, offset=first).with_columns(pl.col(RECORD).cast(pl.Int64))
    frame.sink_parquet(out, compression="lz4", row_group_size=ROW_GROUP, statistics=False)
