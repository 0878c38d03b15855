"""A version's table without fetching it whole: only the blocks with the columns and row groups asked for are read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from polars.io.plugins import register_io_source

from ..adapters.partial import Object, bring
from ..contracts.columns import TableSchema
from ..tables import parquet, regions
from ..tables.ahead import several
from ..tables.regions import FORMAT, LOCAL, Region
from ..tables.skipping import condition
from ..tables.types import polars_type

_AT_ONCE = 4


@dataclass(frozen=True)
class Table:
    """A version's table: its files in row order, none of them fetched, and its columns."""

    files: tuple[Object, ...]
    schema: TableSchema

    @property
    def arrow(self) -> pa.Schema:
        """The schema as Arrow has it."""
        return parquet.arrow_schema(self.schema)


@dataclass(frozen=True)
class _Query:
    """What is asked of a table: some columns, of the rows that may meet a condition, among the first `rows`."""

    columns: Sequence[str]
    condition: pc.Expression | None = None
    rows: int | None = None


def frame(table: Table) -> pl.LazyFrame:
    """The rows of a table; a query that runs verifies what it uses and nothing else. It raises as `partial.bring`."""
    types = {column.name: polars_type(column.type) for column in table.schema.columns}
    arrow = table.arrow

    def read(
        columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        names = list(types) if columns is None else columns
        used = dict.fromkeys([*names, *(predicate.meta.root_names() if predicate is not None else ())])
        query = _Query(list(used), condition(predicate, arrow) if predicate is not None else None, rows)
        for file, region in _regions(table, query):
            rest = pl.concat([parquet.scan(file).slice(span.start, len(span)) for span in region.rows])
            kept = rest if predicate is None else rest.filter(predicate)
            yield from kept.select(names).collect_batches(maintain_order=True)

    return register_io_source(read, schema=types, is_pure=True)


def dataset(table: Table, columns: Sequence[str] | None, where: pl.Expr | None) -> ds.Dataset:
    """The same for Arrow: local files in which `columns` (all where None) are verified; the others can't be read.

    With `where`, only the row groups that may meet it are there, so the reader has to filter still. Raises as
    `partial.bring`, and KeyError where there is no such column.
    """
    arrow = table.arrow
    names = arrow.names if columns is None else list(columns)
    schema = pa.schema([arrow.field(name) for name in names])
    query = _Query(names, None if where is None else condition(where, arrow))
    found = _regions(table, query)
    fragments = [FORMAT.make_fragment(str(file), filesystem=LOCAL, row_groups=region.groups) for file, region in found]
    return ds.FileSystemDataset(fragments, schema, FORMAT, filesystem=LOCAL)


def _regions(table: Table, query: _Query) -> Iterator[tuple[Path, Region]]:
    """The files with something for the query, each a local one in which that is verified."""
    every = several(partial(_verified, table, query), table.files, _AT_ONCE)
    found = every if query.rows is None else _first(table, query)
    yield from ((path, region) for path, region in found if region.groups)


def _first(table: Table, query: _Query) -> Iterator[tuple[Path, Region]]:
    """The files that hold the first rows, one after the other, since each says how many are left for the next."""
    left = query.rows or 0
    for file in table.files:
        if left <= 0:
            return
        path, region = _verified(table, replace(query, rows=left), file)
        left -= region.height
        yield path, region


def _verified(table: Table, query: _Query, file: Object) -> tuple[Path, Region]:
    """A local file in which all that the query needs of `file` is verified."""
    path = bring(file, [len(file.hashes) - 1])
    footer = file.blocks([regions.footer(path)])
    path = bring(file, footer)
    region = regions.region(path, query.columns, query.condition, table.arrow, query.rows)
    return (bring(file, [*footer, *file.blocks(region.bytes)]) if region.groups else path), region
