"""The table of a version: parts in key order, one folder a value where the contract partitions."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import polars as pl
from polars.io.plugins import register_io_source

from ..contracts.columns import TableSchema
from ..errors import DataError
from ..tables import ordering, parquet
from ..tables.ahead import ahead
from ..tables.types import polars_type

PARTITIONS = 1_000
NAME_BYTES = 200
"""Of a folder's name, encoded; file systems take 255."""


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
    Raises DataError where a partition has more than PARTITIONS values, or one too long for a folder's name.
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
    return _partitioned(pl.scan_parquet(in_order, glob=False), table, partition, folder)


def _partitioned(ordered: pl.LazyFrame, table: TableSchema, partition: str, folder: Path) -> list[Path]:
    values = ordered.select(pl.col(partition).unique().sort()).collect().to_series()
    names = [_name(partition, value) for value in values]
    _check(partition, names)
    parts = []
    for value, name in zip(values, names, strict=True):
        rows = ordered.filter(pl.col(partition).eq_missing(pl.lit(value, values.dtype)))
        parts += parquet.sink(rows, table, folder / name)
    return parts or parquet.sink(ordered, table, folder)


def _name(partition: str, value: object) -> str:
    """The folder of a value; percent signs stand for what a path can't hold."""
    return f"{partition}={'__HIVE_DEFAULT_PARTITION__' if value is None else quote(str(value), safe='')}"


def _check(partition: str, names: list[str]) -> None:
    """Raises DataError where there are too many folders, or names longer than file systems take."""
    advice = "Partition by a column with few, short values, or leave 'partition' out of contract.yaml."
    problems = []
    if len(names) > PARTITIONS:
        problems.append(
            f"partition: '{partition}' has {len(names):,} values, expected at most {PARTITIONS:,}. {advice}"
        )
    if long := [name for name in names if len(name) > NAME_BYTES]:
        problems.append(
            f"partition: {len(long):,} values of '{partition}' give folder names of over {NAME_BYTES} bytes, such as "
            f"'{long[0][:60]}…'. {advice}"
        )
    if problems:
        raise DataError(*problems)


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
