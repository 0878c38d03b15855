"""Two tables in the order of the same key, read side by side: parts of both that hold all rows of the same keys."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

Rank = tuple[tuple[int, Any], ...]


class _Reader:
    """The batches of one side; a key that goes on in the next batch is read to its end."""

    def __init__(self, batches: Iterator[pl.DataFrame], order: Sequence[str], empty: pl.DataFrame) -> None:
        self._batches, self._order, self._empty = batches, order, empty
        self._next = next(batches, None)
        self.rows = empty
        self.read()

    def read(self) -> None:
        """The next batch, where all rows at hand are taken."""
        if self.rows.height or self._next is None:
            return
        self.rows, self._next = self._next, next(self._batches, None)
        while self._next is not None and self._rank(self._next, 0) == self.last():
            self.rows = pl.concat([self.rows, self._next], rechunk=True)
            self._next = next(self._batches, None)

    def last(self) -> Rank:
        return self._rank(self.rows, -1)

    def take(self, bound: Rank) -> pl.DataFrame:
        """Rows up to `bound`."""
        keys = self.rows.select(self._order)
        end = bisect_right(range(keys.height), bound, key=lambda row: _rank(keys.row(row)))
        taken, self.rows = self.rows.slice(0, end), self.rows.slice(end) if end < keys.height else self._empty
        return taken

    def _rank(self, rows: pl.DataFrame, number: int) -> Rank:
        return _rank(rows.select(self._order).row(number))


def side_by_side(
    before: Iterator[pl.DataFrame], after: Iterator[pl.DataFrame], order: Sequence[str], empty: Sequence[pl.DataFrame]
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Parts of both sides, in order; the rows of a key, all of them, are in one part.

    Batches are in the order of columns `order`, missing first, NaN last; `empty` are frames like them without rows.
    Memory is that of two batches a side, or of all rows of a key.
    """
    if not order:  # nothing by which a row could be that of the other side
        yield from ((batch, empty[1]) for batch in before)
        yield from ((empty[0], batch) for batch in after)
        return
    readers = [_Reader(batches, order, none) for batches, none in zip((before, after), empty, strict=True)]
    while reading := [reader for reader in readers if reader.rows.height]:
        bound = min(reader.last() for reader in reading)
        yield readers[0].take(bound), readers[1].take(bound)
        for reader in reading:
            reader.read()


def _rank(key: tuple[Any, ...]) -> Rank:
    """A key that Python compares as Polars orders it."""
    return tuple((0, 0) if value is None else (2, 0) if value != value else (1, value) for value in key)
