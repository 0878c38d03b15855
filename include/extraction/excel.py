"""A sheet of an Excel file as records of text: dates in ISO, whole numbers without a decimal point.

Error values (#N/A) stay as their text; those of an .xls file come as missing, since its reader does not tell them.
"""

import datetime as dt
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, load_workbook

from ..contracts.model import Source
from ..errors import SourceError
from .archives import BROKEN
from .caps import Tally
from .faults import is_machine
from .headings import header_rows, joined, named
from .sink import Row, write_rows
from .workbook import Sheet, checked

_OLD_LIMIT = 64 << 20
"""Bytes of an .xls file, which cannot be measured beforehand (it holds 65,536 rows a sheet at most)."""
_EXACT = 10**21
"""Whole numbers below this are written out, longer ones with an exponent."""

Cell = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


@dataclass(frozen=True)
class _Grid:
    """A sheet as rows of text; each call of `rows` begins at the top."""

    sheet: CalamineSheet
    errors: dict[tuple[int, int], str]

    def rows(self) -> Iterator[list[str]]:
        """The cells of each row from column A on; what the reader drops, error values, put back."""
        left = self.sheet.start[1] if self.sheet.start else 0
        with_errors = {row for row, _ in self.errors}
        for at, cells in enumerate(self.sheet.iter_rows()):
            row = [""] * left + [_text(cell) for cell in cells]
            if at in with_errors:
                row = [self.errors.get((at, column), text) for column, text in enumerate(row)]
            yield row


def read_excel(path: Path, place: str, out: Path, source: Source, work: Path, tally: Tally) -> list[str]:
    """Writes the rows of source.sheet (the first by default) to `out`; returns the headings.

    A row that is wholly empty is no record. Raises SourceError for a file, sheet or header that is not there.
    """
    safe = work / "workbook.xlsx"
    try:
        return _read(path, place, out, source, safe, tally)
    except PasswordError as error:
        raise SourceError(f"{place}: is protected by a password. Ask the source for an open file.") from error
    except (CalamineError, *BROKEN) as error:
        if is_machine(error):
            raise
        raise SourceError(f"{place}: not a sound Excel file: {error}. Fetch it again, or ask the source.") from error
    finally:
        safe.unlink(missing_ok=True)


def _read(path: Path, place: str, out: Path, source: Source, safe: Path, tally: Tally) -> list[str]:
    book, sheets = _opened(path, place, safe, tally)
    with book:
        name = _sheet_name(book, place, source)
        grid = _Grid(book.get_sheet_by_name(name), sheets.get(name, Sheet()).errors)
        place = f"{place}, sheet {name}"
        header, first = header_rows(source)
        width, end = _extent(grid, source.footer)
        headings = named(_heading(grid, header, first, width, place), place, tally.caps.columns)
        write_rows(out, place, headings, _records(grid, first, end, width), source.missing, tally)
    return headings


def _opened(path: Path, place: str, safe: Path, tally: Tally) -> tuple[CalamineWorkbook, dict[str, Sheet]]:
    with path.open("rb") as file:
        old = file.read(2) != b"PK"
    if not old:
        sheets = checked(path, place, safe, tally)
        return load_workbook(str(safe)), sheets
    if path.stat().st_size > _OLD_LIMIT:
        raise SourceError(f"{place}: an .xls file of more than {_OLD_LIMIT:,} bytes. Ask the source for .xlsx or CSV.")
    return load_workbook(str(path)), {}


def _sheet_name(book: CalamineWorkbook, place: str, source: Source) -> str:
    names = book.sheet_names
    name = source.sheet or next(iter(names), "")
    if name not in names:
        raise SourceError(f"{place}: no sheet '{name}', found {', '.join(map(repr, names))}. Correct source.sheet.")
    return name


def _extent(grid: _Grid, footer: int) -> tuple[int, int]:
    """Columns up to the last that holds anything, and rows up to the last that is neither empty nor footer."""
    width, filled = 0, deque([0], maxlen=footer + 1)
    for at, row in enumerate(grid.rows(), 1):
        used = next((column for column in range(len(row), 0, -1) if row[column - 1]), 0)
        width = max(width, used)
        if used:
            filled.append(at)
    return width, filled[0] if len(filled) > footer else 0


def _heading(grid: _Grid, header: tuple[int, ...], first: int, width: int, place: str) -> list[str]:
    """The texts of the header rows, merged cells filled; empty ones where there is no header."""
    rows = [row[:width] + [""] * (width - len(row)) for row in islice(grid.rows(), first)]
    if header and (len(rows) < first or not any(any(rows[row - 1]) for row in header)):
        raise SourceError(f"{place}: no header in row {max(header)}. Correct source.header or source.sheet.")
    for (top, left), (bottom, right) in grid.sheet.merged_cell_ranges or []:
        for row in range(top, min(bottom + 1, first)):
            rows[row][left : right + 1] = [rows[top][left]] * len(rows[row][left : right + 1])
    return joined([rows[row - 1] for row in header], fill=False) if header else [""] * width


def _records(grid: _Grid, first: int, end: int, width: int) -> Iterator[Row]:
    for at, row in enumerate(islice(grid.rows(), first, max(first, end)), first + 1):
        if any(row):
            yield f"row {at}", row[:width]


def _text(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _EXACT else repr(cell)
    return (
        _duration(cell)
        if isinstance(cell, dt.timedelta)
        else cell.isoformat()
        if not isinstance(cell, int)
        else str(cell)
    )


def _duration(length: dt.timedelta) -> str:
    """Hours, minutes and seconds, as Excel shows a duration: 30:00:00."""
    seconds = length.total_seconds()
    sign, whole = ("-" if seconds < 0 else ""), abs(int(seconds))
    fraction = f"{abs(seconds) % 1:.6f}".rstrip("0")[1:].rstrip(".")
    return f"{sign}{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}{fraction}"
