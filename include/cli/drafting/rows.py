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


def find(rows: Sequence[Numbered], tail: Sequence[Numbered]) -> Layout:
    """The layout of a table whose first rows are `rows` and last ones `tail`, wholly empty ones left out."""
    width = Counter(len(cells) for _, cells in rows).most_common(1)[0][0] if rows else 0
    typical = median(_filled(cells) for _, cells in rows) if rows else 0
    least = max(min(2, width), 0.6 * typical)
    first = next((at for at, (_, cells) in enumerate(rows) if len(cells) == width and _filled(cells) >= least), 0)
    if not rows or _is_data(rows[first][1], _data_columns(rows[first + 1 :], width)):
        return Layout((), _footer(tail, rows, width, typical))
    while first and _belongs_above(rows, first, width):
        first -= 1
    last = first
    while last - first + 1 < _MOST_HEADER_ROWS and _belongs_below(rows, last, width):
        last += 1
    return Layout(
        tuple(number for number, _ in rows[first : last + 1]), _footer(tail, rows[last + 1 :], width, typical)
    )


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
    return bool(there) and all(map(looks_like_data, there)) and not all(_YEAR.fullmatch(cell.strip()) for cell in there)


def _belongs_above(rows: Sequence[Numbered], at: int, width: int) -> bool:
    """Whether the row above is part of the header: several texts over the columns, directly above."""
    (number, cells), (below, _) = rows[at - 1], rows[at]
    return number == below - 1 and len(cells) == width and _filled(cells) >= 2 and not any(map(looks_like_data, cells))


def _belongs_below(rows: Sequence[Numbered], at: int, width: int) -> bool:
    """Whether the next row is part of the header: words or units where the records below have numbers."""
    if at + 2 >= len(rows) or rows[at + 1][0] != rows[at][0] + 1 or len(rows[at + 1][1]) != width:
        return False
    columns = _data_columns(rows[at + 2 :], width)
    there = [rows[at + 1][1][column].strip() for column in columns]
    words = [cell for cell in there if cell and cell not in MISSING_LIKE]
    return len(words) > 0 and 2 * len(words) >= len(there) and not any(map(looks_like_data, words))


def _footer(tail: Sequence[Numbered], body: Sequence[Numbered], width: int, typical: float) -> int:
    """How many rows at the end are notes or totals; those between them and the records count too."""
    seen = Counter(_first(cells) for _, cells in (*body, *tail))
    notes = list(
        takewhile(lambda row: _is_note(row[1], width, typical, seen), list(reversed(tail))[:_MOST_FOOTER_ROWS])
    )
    return 0 if not notes or len(notes) == len(tail) else tail[-1][0] - notes[-1][0] + 1


def _is_note(cells: Cells, width: int, typical: float, seen: Counter[str]) -> bool:
    """Whether a row is no record: a total, or a remark alone in its row. A sparse record is none."""
    first = _first(cells)
    if _TOTAL.fullmatch(first) and seen[first] <= 2:  # the head and the tail of a small file are the same rows
        return True
    if width < 2 or _filled(cells) > max(2, typical // 2):
        return False
    alone = _filled(cells) == 1 and cells[0].strip() == first
    return len(cells) != width or (alone and _NOTE.fullmatch(first) is not None)


def _first(cells: Cells) -> str:
    return next((cell.strip() for cell in cells if cell.strip()), "")
