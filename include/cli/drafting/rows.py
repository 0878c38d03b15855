"""Where a table stands among the rows of a sheet or text file: title lines, header rows, records, a footer."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from statistics import median

Cells = Sequence[str]
Numbered = tuple[int, Cells]
"""A row's number in its file, from 1, and its cells."""

MISSING_LIKE = frozenset(
    {"NA", "N/A", "n/a", "na", "N.A.", "n.a.", "#N/A", "NULL", "null", "None", "none", "NaN", "nan"}
    | {"-", "--", "\u2013", "\u2014", ".", "..", "...", ":", "?", "x", " ", "missing", "unknown", "not available"}
)
_DATA = re.compile(
    r"[+\-\u2212]?[\d.,' \u00a0\u202f]*\d[\d.,]*( ?%|[eE][+-]?\d+)?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?"
)
_YEAR = re.compile(r"(19|20)\d\d")
_TOTAL = re.compile(
    r"\W*(grand |sub)?(totals?|totale|summe|gesamt|insgesamt|somme|suma|totaal|sum)( \(.*\))?\W*", re.IGNORECASE
)
_NOTE = re.compile(
    r"\W*(sources?|quellen?|notes?|anmerkung(en)?|hinweis|footnotes?|remarks?|legend|copyright|stand|last updated?)\b.*"
    r"|[*\u00a9\u00b9\u00b2\u00b3\u2020].*|\(?\d\) .*",
    re.IGNORECASE | re.DOTALL,
)
_MOST_HEADER_ROWS = 3
_MOST_FOOTER_ROWS = 30


@dataclass(frozen=True)
class Layout:
    """`header`: numbers of the header's rows, none where the first row is data already; `footer`: rows at the end."""

    header: tuple[int, ...]
    footer: int = 0
    passed: tuple[str, ...] = ()
    """What the rows of the footer say, those without text left out."""


def find(rows: Sequence[Numbered], tail: Sequence[Numbered], header: tuple[int, ...] | None = None) -> Layout:
    """The layout of a table whose first rows are `rows` and last ones `tail`, wholly empty ones left out.

    `header` is taken as given where somebody knows it, (0,) for none.
    """
    width = Counter(len(cells) for _, cells in rows).most_common(1)[0][0] if rows else 0
    typical = median(_filled(cells) for _, cells in rows) if rows else 0
    found = _header(rows, width, typical) if header is None else tuple(number for number in header if number)
    body = [row for row in rows if row[0] > max(found, default=0)]
    notes = _footer(tail, body, width, typical)
    passed = tuple(" ".join(cell.strip() for cell in cells if cell.strip()) for _, cells in notes)
    return Layout(found, tail[-1][0] - notes[0][0] + 1 if notes else 0, passed)


def _header(rows: Sequence[Numbered], width: int, typical: float) -> tuple[int, ...]:
    least = max(min(2, width), 0.6 * typical)
    first = next((at for at, (_, cells) in enumerate(rows) if len(cells) == width and _filled(cells) >= least), 0)
    if not rows or _is_data(rows[first][1], _data_columns(rows[first + 1 :], width)):
        return ()
    last = first
    while first and last - first + 1 < _MOST_HEADER_ROWS and _belongs_above(rows, first, width):
        first -= 1
    while last - first + 1 < _MOST_HEADER_ROWS and _belongs_below(rows, last, width):
        last += 1
    return tuple(number for number, _ in rows[first : last + 1])


def looks_like_data(text: str) -> bool:
    """Whether a cell holds a number or date rather than words."""
    return _DATA.fullmatch(text.strip()) is not None


def _filled(cells: Cells) -> int:
    return sum(1 for cell in cells if cell.strip())


def _data_columns(rows: Sequence[Numbered], width: int) -> list[int]:
    """Columns whose cells are numbers or dates, nearly all."""
    found = []
    for column in range(width):
        cells = [cells[column] for _, cells in rows[:100] if len(cells) == width and cells[column].strip()]
        known = [cell for cell in cells if cell.strip() not in MISSING_LIKE]
        if known and sum(map(looks_like_data, known)) >= 0.8 * len(known):
            found.append(column)
    return found


def _is_data(cells: Cells, columns: Sequence[int]) -> bool:
    """Whether the row that would be the header is a record: data in each column of data, and not just years."""
    there = [cells[column] for column in columns]
    return bool(there) and all(map(looks_like_data, there)) and not all(map(_is_year, there))


def _is_year(cell: str) -> bool:
    return _YEAR.fullmatch(cell.strip()) is not None


def _belongs_above(rows: Sequence[Numbered], at: int, width: int) -> bool:
    """Whether the row above is part of the header: several texts or years over the columns, directly above."""
    (number, cells), (below, _) = rows[at - 1], rows[at]
    if number != below - 1 or len(cells) != width or _filled(cells) < 2:
        return False
    data = [cell for cell in cells if looks_like_data(cell)]
    label = _filled(cells) == 2 and cells[0].strip()  # "Year", "2020" over the table says something of all of it
    return not data or (all(map(_is_year, data)) and not label)


def _belongs_below(rows: Sequence[Numbered], at: int, width: int) -> bool:
    """Whether the next row is part of the header: words, units or just years where the records below have numbers."""
    if at + 2 >= len(rows) or rows[at + 1][0] != rows[at][0] + 1 or len(rows[at + 1][1]) != width:
        return False
    cells, columns = rows[at + 1][1], _data_columns(rows[at + 2 :], width)
    there = [cells[column].strip() for column in columns]
    words = [cell for cell in there if cell and cell not in MISSING_LIKE]
    if not words or 2 * len(words) < len(there):
        return False
    return not any(map(looks_like_data, words)) or (
        all(map(_is_year, words)) and _blank_beside(cells, columns) and not _hold_years(rows[at + 2 :], columns, width)
    )


def _blank_beside(cells: Cells, columns: Sequence[int]) -> bool:
    """Whether a row says nothing outside `columns`, as no record would."""
    others = [cell for column, cell in enumerate(cells) if column not in columns]
    return bool(others) and not _filled(others)


def _hold_years(rows: Sequence[Numbered], columns: Sequence[int], width: int) -> bool:
    """Whether most values of `columns` are years themselves."""
    values = [cells[column] for _, cells in rows[:100] if len(cells) == width for column in columns]
    return sum(map(_is_year, values)) > 0.5 * _filled(values)


def _footer(tail: Sequence[Numbered], body: Sequence[Numbered], width: int, typical: float) -> list[Numbered]:
    """The rows at the end that are notes or totals."""
    seen = Counter(_first(cells) for _, cells in (*body, *tail))
    whole = [cells for _, cells in body if len(cells) == width and _filled(cells) > 1]
    firsts = [cells[0].strip() for cells in whole if cells[0].strip()]
    notes = list(
        takewhile(lambda row: _is_note(row[1], width, typical, seen, firsts), reversed(tail[-_MOST_FOOTER_ROWS:]))
    )
    return [] if len(notes) == len(tail) else notes[::-1]


def _is_note(cells: Cells, width: int, typical: float, seen: Counter[str], firsts: Sequence[str]) -> bool:
    """Whether a row is no record: a total, or a remark. A sparse record is none, nor is one that was cut off.

    `firsts` are what records begin with: what looks like these begins a record.
    """
    first = _first(cells)
    if _TOTAL.fullmatch(first) and seen[first] <= 2:  # the head and the tail of a small file are the same rows
        return True
    if width < 2 or _filled(cells) > max(2, typical // 2) or cells[0].strip() != first:
        return False
    if _shape(first) in {_shape(each) for each in firsts if each != first}:
        return False
    if _NOTE.fullmatch(first):
        return _filled(cells) == 1 or len(cells) != width
    return len(cells) != width and not _resembles(first, firsts)


def _resembles(text: str, firsts: Sequence[str]) -> bool:
    """Whether `text` may be one of `firsts`: data among data, else no longer than these, in letters and in words."""
    others = [each for each in firsts if each != text]
    if looks_like_data(text) or not others:
        return True
    if sum(map(looks_like_data, others)) >= 0.8 * len(others):
        return False
    return len(text) <= max(map(len, others)) and len(text.split()) <= max(len(each.split()) for each in others)


def _shape(text: str) -> str:
    """Words and numbers of any length look alike: "A-17 (b)" is "a-9 (a)"."""
    return re.sub(r"\d+", "9", re.sub(r"[^\W\d_]+", "a", text))


def _first(cells: Cells) -> str:
    return next((cell.strip() for cell in cells if cell.strip()), "")
