"""The table of a version: parts in key order, one folder a value where the contract partitions."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import polars as pl
from polars.io.plugins import register_io_source

from ..contracts.columns import TableSchema
from ..tables import parquet
from ..tables.ahead import ahead
from ..tables.types import polars_type
from . import ordering


def write(
    batches: Iterator[pl.DataFrame],
    in_key_order: bool,
    like: pl.LazyFrame,
    table: TableSchema,
    partition: str | None,
    folder: Path,
    scratch: Path,
    memory_mb: int,
) -> list[Path]:
    """The parts of the table below `folder`; rows that come in key order are written as they come.

    `like` holds about the same rows as `batches`, and can be read more than once.
    """
    names = [column.name for column in table.columns]
    order = list(table.key) or names
    if partition:
        order = [partition, *(name for name in order if name != partition)]
    good = _source(batches, table)
    if in_key_order and not partition:
        return parquet.sink(good, table, folder)
    edges = ordering.buckets(like.select(names), order, memory_mb)
    ordered = _source(ordering.in_order(ordering.spread(good, edges, scratch), order), table)
    if partition is None:
        return parquet.sink(ordered, table, folder)
    in_order = scratch / "ordered.parquet"
    ordered.sink_parquet(in_order, compression="lz4", maintain_order=True)
    return _partitioned(pl.scan_parquet(in_order), table, partition, folder)


def _partitioned(ordered: pl.LazyFrame, table: TableSchema, partition: str, folder: Path) -> list[Path]:
    values = ordered.select(pl.col(partition).unique().sort()).collect().to_series()
    parts = []
    for value in values.to_list():
        name = "__HIVE_DEFAULT_PARTITION__" if value is None else quote(str(value), safe="")
        rows = ordered.filter(pl.col(partition).eq_missing(pl.lit(value, values.dtype)))
        parts += parquet.sink(rows, table, folder / f"{partition}={name}")
    return parts or parquet.sink(ordered, table, folder)


def _source(batches: Iterator[pl.DataFrame], table: TableSchema) -> pl.LazyFrame:
    """Batches as a table that streams; it can be read once."""
    types = {column.name: polars_type(column.type) for column in table.columns}

    def read(
        columns: list[str] | None, predicate: pl.Expr | None, _rows: int | None, _size: int | None
    ) -> Iterator[pl.DataFrame]:
        for batch in ahead(batches):
            typed = batch.cast(types)  # type: ignore[arg-type]
            typed = typed if predicate is None else typed.filter(predicate)
            yield typed if columns is None else typed.select(columns)

    return register_io_source(read, schema=types)
