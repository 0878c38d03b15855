"""A version's table without fetching it whole: only the blocks with the columns and row groups asked for are read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from polars.io.plugins import register_io_source

from ..adapters.partial import Object, bring
from ..contracts.columns import TableSchema
from ..tables import parquet, regions
from ..tables.ahead import ahead
from ..tables.regions import FORMAT, LOCAL, Region
from ..tables.skipping import condition
from ..tables.types import polars_type


@dataclass(frozen=True)
class Table:
    """A version's table: its files in row order, none of them fetched, and its columns."""

    files: tuple[Object, ...]
    schema: TableSchema


@dataclass(frozen=True)
class _Query:
    """What is asked of a table: some columns, of the rows that may meet a condition, among the first `rows`."""

    columns: Sequence[str]
    condition: pc.Expression | None = None
    rows: int | None = None


def frame(table: Table) -> pl.LazyFrame:
    """The rows of a table; a query that runs verifies what it uses and nothing else. It raises as `partial.bring`."""
    types = {column.name: polars_type(column.type) for column in table.schema.columns}
    arrow = parquet.arrow_schema(table.schema)

    def read(
        columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        names = list(types) if columns is None else columns
        used = dict.fromkeys([*names, *(predicate.meta.root_names() if predicate is not None else ())])
        query = _Query(list(used), condition(predicate, arrow) if predicate is not None else None, rows)
        for file, region in ahead(_regions(table, query)):
            rest = pl.concat([parquet.scan(file).slice(span.start, len(span)) for span in region.rows])
            kept = rest if predicate is None else rest.filter(predicate)
            yield from kept.select(names).collect_batches(maintain_order=True)

    return register_io_source(read, schema=types, is_pure=True)


def dataset(table: Table, columns: Sequence[str] | None, where: pl.Expr | None) -> ds.Dataset:
    """The same for Arrow: local files in which `columns` (all where None) are verified; the others can't be read.

    With `where`, only the row groups that may meet it are there, so the reader has to filter still. Raises as
    `partial.bring`, and KeyError where there is no such column.
    """
    arrow = parquet.arrow_schema(table.schema)
    names = arrow.names if columns is None else list(columns)
    schema = pa.schema([arrow.field(name) for name in names])
    query = _Query(names, None if where is None else condition(where, arrow))
    found = _regions(table, query)
    fragments = [FORMAT.make_fragment(str(file), filesystem=LOCAL, row_groups=region.groups) for file, region in found]
    return ds.FileSystemDataset(fragments, schema, FORMAT, filesystem=LOCAL)


def _regions(table: Table, query: _Query) -> Iterator[tuple[Path, Region]]:
    """The files with something for the query, each a local one in which that is verified."""
    arrow = parquet.arrow_schema(table.schema)
    left = query.rows
    for file in table.files:
        path = bring(file, [len(file.hashes) - 1])
        footer = file.blocks([regions.footer(path)])
        path = bring(file, footer)
        region = regions.region(path, query.columns, query.condition, arrow, left)
        if region.groups:
            yield bring(file, [*footer, *file.blocks(region.bytes)]), region
        left = None if left is None else left - region.height
        if left is not None and left <= 0:
            return
