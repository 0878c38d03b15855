"""How many different values a column has: counted while they are few, else estimated from the least of their hashes.

Source: Bar-Yossef and others, Counting Distinct Elements in a Data Stream (2002): where the k-th least of hashes that
are spread evenly over 0 to 1 is h, there are about (k - 1) / h of them; the relative error is about 1 / sqrt(k).
"""

import polars as pl

LEAST = 4_096
"""k of a large table: an error of 1.6 %."""
SMALL = 250_000
"""Values of a table with so many rows are counted."""
_HASHES = 2**64


class Distinct:
    """Counts the values of one column, given their hashes; a missing value is one."""

    def __init__(self, rows: int) -> None:
        """`rows` are those of the table."""
        self._most = LEAST if rows > SMALL else SMALL
        self._least = pl.Series(dtype=pl.UInt64)
        self._waiting: list[pl.Series] = []
        self._limit = _HASHES - 1

    def add(self, hashes: pl.Series) -> None:
        """Count the values with these hashes."""
        self._waiting.append(hashes.filter(hashes <= self._limit) if self._limit < _HASHES - 1 else hashes)
        if sum(map(len, self._waiting)) > self._most:
            self._settle()

    def result(self) -> tuple[int, bool]:
        """How many different values, and whether that is an estimate."""
        self._settle()
        if len(self._least) < self._most:
            return len(self._least), False
        return round((self._most - 1) / ((self._limit + 1) / _HASHES)), True

    def _settle(self) -> None:
        self._least = pl.concat([self._least, *self._waiting]).unique().sort().head(self._most)
        self._waiting = []
        if len(self._least) == self._most:
            self._limit = int(self._least[-1])
