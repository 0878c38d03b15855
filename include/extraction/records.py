"""The records of a CSV file one by one, each with its lines; a broken one is told apart from its neighbours."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from ..contracts.model import Source
from ..errors import ContractError, SourceError
from .dialect import Dialect, reader_options
from .headings import header_rows, joined, named
from .sink import Bad, Row
from .text import lines_of


@dataclass(frozen=True)
class Table:
    """A CSV table inside the bytes `start` to `end` of a UTF-8 file."""

    path: Path
    start: int
    end: int
    place: str
    dialect: Dialect
    longest: int
    """Most characters of a value."""
    line: int
    """Most characters of a line."""


@dataclass(frozen=True)
class Body:
    """Where the records begin, and the headings above them."""

    headings: list[str]
    offset: int
    line: int
    """Lines before the first record."""


class _TooLong(Exception):
    """A line is longer than any value may be."""


class _Lines:
    """Physical lines of bounded length for csv.reader, and what they amount to."""

    def __init__(self, stream: TextIO, quote: str, longest: int, number: int = 0) -> None:
        self._stream, self._quote, self._longest = stream, quote, longest
        self.number, self.quotes, self.size = number, 0, 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(self._longest)
        if not line:
            raise StopIteration
        self.number += 1
        self._add(line)
        if len(line) == self._longest and not line.endswith(("\n", "\r")):
            self._rest_of_line()
            raise _TooLong
        return line

    def to_end_of_record(self) -> bool:
        """Passes lines over until the quotes of this record balance; False if they never do."""
        while self._quote and self.quotes % 2:
            try:
                next(self)
            except StopIteration:
                return False
            except _TooLong:
                continue
        return True

    def _rest_of_line(self) -> None:
        while (piece := self._stream.readline(self._longest)) and not piece.endswith(("\n", "\r")):
            self._add(piece)
        self._add(piece)

    def _add(self, piece: str) -> None:
        self.size += len(piece) if piece.isascii() else len(piece.encode())
        if self._quote:
            self.quotes += piece.count(self._quote)


@contextmanager
def _reading(table: Table, offset: int, line: int) -> Iterator[tuple[_Lines, Iterator[list[str]]]]:
    """csv.reader over the table from a byte offset on; the limit on fields, global in csv, is put back after."""
    before = csv.field_size_limit(table.longest)
    try:
        with lines_of(table.path, offset, table.end) as stream:
            lines = _Lines(stream, table.dialect.quote, table.line, line)
            yield lines, csv.reader(lines, **reader_options(table.dialect))  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise
        raise ContractError(f"{table.place}: {error}. Correct source.delimiter or source.quote.") from error
    finally:
        csv.field_size_limit(before)


def body_of(table: Table, source: Source, columns: int) -> Body:
    """Reads the header. Raises SourceError where there is none, or it has more than `columns` columns."""
    skip, rows = layout(source)
    with _reading(table, table.start, 0) as (lines, reader):
        try:
            for _ in range(skip):
                next(lines)
            above = table.start + lines.size, lines.number
            header = _header(reader, rows)
        except StopIteration:
            raise SourceError(
                f"{table.place}: no header in row {header_rows(source)[1]}, the file has {lines.number} lines. "
                "Correct source.header, source.preamble or source.footer, or ask the source."
            ) from None
        except (csv.Error, _TooLong) as error:
            raise SourceError(f"{table.place}: line {lines.number}: the header cannot be read: {error}.") from error
        place = f"{table.place}: line {lines.number}"
        headings = named(joined(header, fill=True) if rows else [""] * len(header[0]), place, columns)
        offset, line = (table.start + lines.size, lines.number) if rows else above
        return Body(headings, offset, line)


def records(table: Table, body: Body) -> Iterator[Row]:
    """Each record below the header; one that cannot be read comes as Bad.

    Raises SourceError where a quote opened on one line fails on a later one: what lies between cannot be told apart.
    """
    with _reading(table, body.offset, body.line) as (lines, reader):
        while True:
            first, lines.quotes = lines.number + 1, 0
            found = _next(reader)
            if found is None:
                return
            cells = _bad(found, lines, first, table) if isinstance(found, csv.Error) else found
            if cells:
                yield _lines(first, lines.number), cells


def _bad(error: csv.Error, lines: _Lines, first: int, table: Table) -> Bad:
    """What is wrong with the record that began on line `first`, its remaining lines passed over."""
    if "field limit" in str(error) and lines.to_end_of_record():
        return Bad("a value is too long", f"more than {table.longest:,} characters")
    if lines.number > first:
        raise SourceError(
            f"{table.place}, {_lines(first, lines.number)}: a quoted value is not closed properly ({error}): "
            'records cannot be told apart. Set source.quote ("" if quotes mean nothing here), or ask the source.'
        ) from error
    return Bad("a quote is not closed properly", str(error))


def _next(reader: Iterator[list[str]]) -> list[str] | csv.Error | None:
    try:
        return next(reader)
    except StopIteration:
        return None
    except csv.Error as error:
        return error
    except _TooLong:
        return csv.Error("field limit: the line is too long")


def _lines(first: int, last: int) -> str:
    return f"line {first}" if last <= first else f"lines {first} to {last}"


def layout(source: Source) -> tuple[int, tuple[int, ...]]:
    """Lines to pass over, and the rows of the header counted from there (none: no header)."""
    rows, end = header_rows(source)
    return (min(rows) - 1, tuple(row - min(rows) + 1 for row in rows)) if rows else (end, ())


def _header(reader: Iterator[list[str]], rows: tuple[int, ...]) -> list[list[str]]:
    """The header's records, or the first record where there is no header; empty lines above are passed over."""
    first = next(record for record in reader if record)
    following = [next(reader) for _ in range(max(rows, default=1) - 1)]
    return [record for at, record in enumerate([first, *following], 1) if at in rows or not rows]
