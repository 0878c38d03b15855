"""The headings of a table: as the source writes them, each once."""

from collections.abc import Sequence

from ..contracts.model import Source
from ..errors import SourceError
from .sink import RECORD


def named(cells: Sequence[str | None], place: str, most: int) -> list[str]:
    """`cells` with an empty one as "column_N" (from 1) and a repeated one as "NAME (2)".

    Raises SourceError for more than `most` columns, or none.
    """
    if not 0 < len(cells) <= most:
        raise SourceError(
            f"{place}: {len(cells):,} columns, expected 1 to {most:,}. Check source.header and delimiter."
        )
    if any(not _is_text(cell) for cell in cells):
        raise SourceError(f"{place}: a heading is not Unicode text (it holds a lone surrogate). Ask the source.")
    taken, names = {RECORD}, []
    for at, cell in enumerate(cells, 1):
        base = (cell or "").strip() or f"column_{at}"
        name, times = base, 1
        while name in taken:
            times += 1
            name = f"{base} ({times})"
        taken.add(name)
        names.append(name)
    return names


def _is_text(cell: str | None) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in cell or "")


def header_rows(source: Source) -> tuple[tuple[int, ...], int]:
    """The rows of the header, counted from 1 (none: there is no header), and how many rows end with it."""
    if source.header is None:
        return (source.preamble + 1,), source.preamble + 1
    rows = source.header if isinstance(source.header, tuple) else (source.header,)
    return ((), source.preamble) if rows == (0,) else (tuple(sorted(rows)), max(rows))


def joined(rows: Sequence[Sequence[str]], fill: bool) -> list[str]:
    """Several header rows as one: the texts of a column joined with a space, each once.

    A merged cell holds its text in its first column only: with `fill` the others of all rows but the last look left.
    """
    width = max(map(len, rows), default=0)
    padded = [[cell.strip() for cell in row] + [""] * (width - len(row)) for row in rows]
    above = [_filled(row) if fill else row for row in padded[:-1]]
    return [" ".join(dict.fromkeys(text for text in column if text)) for column in zip(*above, padded[-1], strict=True)]


def _filled(row: Sequence[str]) -> list[str]:
    left, filled = "", []
    for cell in row:
        left = cell or left
        filled.append(left)
    return filled
