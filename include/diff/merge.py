"""Two tables in the order of the same key, read side by side: parts of both that hold all rows of the same keys."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

Rank = tuple[tuple[int, Any], ...]


class _Reader:
    """Rows read ahead of one side."""

    def __init__(self, batches: Iterator[pl.DataFrame], order: Sequence[str], empty: pl.DataFrame) -> None:
        self._batches, self._order, self._empty = batches, order, empty
        self.rows = empty
        self.ended = False

    def more(self) -> None:
        batch = next(self._batches, None)
        if batch is None:
            self.ended = True
        else:
            self.rows = pl.concat([self.rows, batch], rechunk=True) if self.rows.height else batch

    def last(self) -> Rank:
        return _rank(self.rows.select(self._order).row(-1))

    def take(self, bound: Rank | None) -> pl.DataFrame:
        """Rows below `bound`; all for None."""
        keys = self.rows.select(self._order)
        end = keys.height
        if bound is not None:
            end = bisect_left(range(end), bound, key=lambda row: _rank(keys.row(row)))
        taken, self.rows = self.rows.slice(0, end), self.rows.slice(end) if end < keys.height else self._empty
        return taken


def side_by_side(
    before: Iterator[pl.DataFrame],
    after: Iterator[pl.DataFrame],
    order: Sequence[str],
    empty: Sequence[pl.DataFrame],
    least: int = 1,
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Parts of both sides, in order; the rows of a key, all of them, are in one part.

    Batches are in the order of columns `order`, missing first, NaN last; `empty` are frames like them without rows.
    A side with fewer than `least` rows at hand reads on. Memory is that of two batches a side, or of all rows of a key.
    """
    if not order:  # nothing by which a row could be that of the other side
        yield from ((batch, empty[1]) for batch in before)
        yield from ((empty[0], batch) for batch in after)
        return
    readers = [_Reader(batches, order, none) for batches, none in zip((before, after), empty, strict=True)]
    while True:
        for reader in readers:
            while not reader.ended and reader.rows.height < least:
                reader.more()
        reading = [reader for reader in readers if not reader.ended]
        # The last key read may go on in the next batch.
        bound = min(reader.last() for reader in reading) if reading else None
        parts = readers[0].take(bound), readers[1].take(bound)
        if parts[0].height or parts[1].height:
            yield parts
        elif bound is None:
            return
        for reader in reading:
            if reader.rows.height and reader.last() == bound:
                reader.more()


def _rank(key: tuple[Any, ...]) -> Rank:
    """A key that Python compares as Polars orders it."""
    return tuple((0, 0) if value is None else (2, 0) if value != value else (1, value) for value in key)
