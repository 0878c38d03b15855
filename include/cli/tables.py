"""Two files of a reader's own, compared as versions are: Parquet with its types, anything else as text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from ..contracts.columns import Column, TableSchema
from ..contracts.model import Source
from ..contracts.names import snake_all
from ..contracts.words import counted
from ..diff.compare import Side, compare
from ..diff.model import DatasetDiff, Diff
from ..errors import DataError, EnvironmentFault
from ..extraction.raw import RawFile
from ..extraction.read import Reading, read
from ..extraction.sink import RECORD
from ..settings import settings
from ..tables.types import kind_of
from ..validation.casting import Casting


@dataclass(frozen=True)
class Loaded:
    """A file as the engine reads it, and what of it could not be read."""

    side: Side
    rejected: str


def files(before: Path, after: Path, key: Sequence[str], seen: Callable[[int], None]) -> Diff:
    """How the table in one file differs from that in another; columns are the same by name, in snake case.

    Without a `key` rows are compared whole. `seen` is told the rows read, of both. Raises SourceError where a file
    can't be read, DataError where it holds several tables, a type that has no text, or lacks a column of the key.
    """
    with TemporaryDirectory(prefix="commons-", dir=settings().work or None) as place:
        one = _loaded(before, Path(place) / "before", key)
        other = _loaded(after, Path(place) / "after", key)
        table = compare(one.side, other.side, settings().memory_mb, same_history=False, scratch=Path(place), seen=seen)
    problem = " ".join(text for text in (one.rejected, other.rejected) if text) or None
    found = DatasetDiff(
        dataset=after.name,
        status="same" if table.same else "changed",
        before=None,
        after=None,
        causes=(),
        unexplained=False,
        problem=problem,
        table=table,
    )
    return Diff(before=str(before), after=str(after), datasets=(found,), same=0)


def _loaded(file: Path, into: Path, key: Sequence[str]) -> Loaded:
    if not file.is_file():
        raise EnvironmentFault(f"{file}: no such file, though the other one is. Name two files, or two revisions.")
    raw = RawFile(address=file.name, name=file.name, path=file, sha256="", bytes=file.stat().st_size)
    reading = read([raw], Source(), into)
    if len(reading.frames) != 1:
        places = ", ".join(reading.frames)
        raise DataError(f"{file}: holds {len(reading.frames)} tables ({places}), expected one. Unpack that one.")
    ((place, frame),) = reading.frames.items()
    side = _side(file, frame, reading.headings[place], key, into / "table.parquet")
    return Loaded(side, _rejected(file, reading))


def _side(file: Path, frame: Path, headings: Sequence[str], key: Sequence[str], out: Path) -> Side:
    names = snake_all(headings)
    key = tuple(names.get(column, column) for column in key)
    if missing := [column for column in key if column not in names.values()]:
        raise DataError(
            *(f"{file}: has no column {column!r} for --key, only {', '.join(names.values())}." for column in missing)
        )
    table = pl.scan_parquet(frame, glob=False).drop(RECORD).rename(names)
    types = table.collect_schema()
    stored = {name: _stored(name, dtype) for name, dtype in types.items()}
    if lost := _lost(table, stored):
        raise DataError(
            f"{file}: can't be compared: some values of {', '.join(f'{name} ({types[name]})' for name in lost)} have "
            "no faithful type or text here. Take them out, or write them as text."
        )
    table.with_columns(**stored).sink_parquet(out, compression="lz4")
    kinds = {name: kind_of(dtype) or "string" for name, dtype in pl.scan_parquet(out).collect_schema().items()}
    columns = tuple(
        Column(name=name, id=at, type=kinds[name], nullable=True, source=heading)
        for at, (heading, name) in enumerate(names.items(), 1)
    )
    return Side([out], TableSchema(columns=columns, key=key))


def _stored(name: str, dtype: pl.DataType) -> pl.Expr:
    """A column in a type that versions have, null where that can't hold a value: times to the microsecond in UTC, what
    has no such type as text."""
    if dtype.is_nested():  # a text of it says less than it holds
        return pl.lit(None, pl.String)
    kept = dtype if kind_of(dtype) else pl.String()
    if isinstance(dtype, pl.Datetime):
        kept = pl.Datetime("us", "UTC" if dtype.time_zone else None)
    if kept == dtype and not dtype.is_temporal():
        return pl.col(name)
    return Casting(name, name, kept, kind_of(kept) or "", missing=()).expression(dtype)


def _lost(table: pl.LazyFrame, stored: Mapping[str, pl.Expr]) -> list[str]:
    """The columns with values that are not kept."""
    gone = {name: (column.is_null() & pl.col(name).is_not_null()).any() for name, column in stored.items()}
    return [name for name, lost in table.select(**gone).collect(engine="streaming").row(0, named=True).items() if lost]


def _rejected(file: Path, reading: Reading) -> str:
    if not reading.rejected_rows:
        return ""
    first, count = reading.rejected_rows[0], sum(reading.rejected.values())
    what = f"{counted(count, 'record')} can't be read, and so not compared"
    return f"{file}: {what}; the first, {first.place}: {first.reason}."
