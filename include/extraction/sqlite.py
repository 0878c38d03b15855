"""One table of a SQLite file as a frame: read only, nothing of the file is ever run."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..contracts.model import Source
from ..errors import ContractError, SourceError
from .caps import Tally
from .headings import named
from .sink import RECORD, ROW_GROUP, frame_writer

_BATCH = 16_384
_TYPES: dict[frozenset[str], pa.DataType] = {
    frozenset(): pa.string(),
    frozenset({"integer"}): pa.int64(),
    frozenset({"real"}): pa.float64(),
}
"""Arrow type by the storage classes found in a column; any other mix is text, numbers as SQLite writes them."""


def read_sqlite(path: Path, place: str, out: Path, source: Source, _work: Path, tally: Tally) -> list[str]:
    """Writes the rows of source.table to `out`; returns the headings.

    A column is int64 or float64 where all its values are, else text. A row with binary values or broken text is
    rejected. Raises SourceError for a file that is broken, ContractError for a table that is not named.
    """
    try:
        # Immutable: no lock, no journal is read or written next to the file.
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            database.text_factory = bytes
            database.execute("PRAGMA trusted_schema = OFF")
            database.execute("PRAGMA cell_size_check = ON")
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, tally.caps.cell)
            database.set_progress_handler(lambda: _late(place, tally), 1_000_000)
            table = f'"{_table(database, place, source).replace(chr(34), chr(34) * 2)}"'
            return _copy(database, table, place, out, source, tally)
    except sqlite3.Error as error:
        raise SourceError(f"{place}: not a sound SQLite file: {error}. Fetch it again, or ask the source.") from error


def _late(place: str, tally: Tally) -> int:
    """Ends a query that outlives the cap on time."""
    try:
        tally.tick(place)
    except SourceError:
        return 1
    return 0


def _table(database: sqlite3.Connection, place: str, source: Source) -> str:
    """The name of an ordinary table; views and virtual tables would run what the file says."""
    found = database.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
        "AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
    )
    names = [name.decode("utf-8", "replace") for (name,) in found]
    listed = ", ".join(names[:50]) or "none"
    if source.table is None:
        raise ContractError(f"{place}: SQLite needs source.table, one of its tables: {listed}. Add it.")
    if source.table not in names:
        raise SourceError(f"{place}: no table '{source.table}', found {listed}. Correct source.table.")
    return source.table


def _copy(database: sqlite3.Connection, table: str, place: str, out: Path, source: Source, tally: Tally) -> list[str]:
    cursor = database.execute(f"SELECT * FROM {table} LIMIT 0")  # noqa: S608 (an identifier from its own schema)
    columns = [str(each[0]) for each in cursor.description]
    headings = named(columns, place, tally.caps.columns)
    types = [_type(database, table, column, source.missing) for column in columns]
    fields: list[pa.Field[Any]] = [pa.field(name, kind) for name, kind in zip(headings, types, strict=True)]
    schema = pa.schema([pa.field(RECORD, pa.int64()), *fields])
    rows = database.execute(f"SELECT * FROM {table}")  # noqa: S608
    with frame_writer(out, schema) as writer:
        while batch := list(islice(rows, _BATCH)):
            first = tally.records + 1
            tally.count(place, len(batch))
            good = list(_sound(batch, first, place, types, frozenset(source.missing), tally))
            arrays = [pa.array(each, kind) for each, kind in zip(_turned(good, len(schema)), schema.types, strict=True)]
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema), ROW_GROUP)
    return headings


def _turned(rows: list[tuple[Any, ...]], width: int) -> list[Any]:
    return list(zip(*rows, strict=True)) if rows else [()] * width


def _type(database: sqlite3.Connection, table: str, column: str, missing: tuple[str, ...]) -> pa.DataType:
    name = f'"{column.replace(chr(34), chr(34) * 2)}"'
    marks = ", ".join("?" * len(missing))
    query = f"SELECT DISTINCT typeof({name}) FROM {table} WHERE {name} IS NOT NULL AND {name} NOT IN ({marks})"  # noqa: S608
    found = frozenset(kind.decode() for (kind,) in database.execute(query, missing))
    return _TYPES.get(found, pa.string())


def _sound(
    batch: list[tuple[Any, ...]],
    first: int,
    place: str,
    types: list[pa.DataType],
    missing: frozenset[str],
    tally: Tally,
) -> Iterator[tuple[Any, ...]]:
    for number, row in enumerate(batch, first):
        try:
            yield number, *(_value(value, kind, missing) for value, kind in zip(row, types, strict=True))
        except ValueError as error:
            tally.reject(f"{place}, record {number}", "a value is not text or a number", str(error))


def _value(value: Any, kind: pa.DataType, missing: frozenset[str]) -> Any:
    if isinstance(value, bytes):
        text = value.decode()
        return None if text in missing else text
    return value if value is None or kind != pa.string() else repr(value)
