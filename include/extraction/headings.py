"""The headings of a table: as the source writes them, each once."""

from collections.abc import Sequence

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


def joined(rows: Sequence[Sequence[str | None]]) -> list[str]:
    """Several header rows as one: the texts of a column joined with a space, an empty cell above taken from its left.

    A merged cell holds its text in its first column only, so the others of all rows but the last look left.
    """
    width = max(map(len, rows), default=0)
    padded = [[(cell or "").strip() for cell in row] + [""] * (width - len(row)) for row in rows]
    above = [_filled(row) for row in padded[:-1]]
    return [" ".join(dict.fromkeys(text for text in column if text)) for column in zip(*above, padded[-1], strict=True)]


def _filled(row: Sequence[str]) -> list[str]:
    left, filled = "", []
    for cell in row:
        left = cell or left
        filled.append(left)
    return filled
