"""What each published column holds: missing, distinct, least, greatest, mean; the same on any number of threads."""

import math
from pathlib import Path
from typing import Any

import polars as pl

from ..contracts.columns import Column, TableSchema

DISTINCT_ROWS = 1_000_000
_MASK = "masked"


class Profile:
    """Adds batches up in their order, so that sums of floats don't depend on threads."""

    def __init__(self, table: TableSchema) -> None:
        self._columns = table.columns
        self._rows = 0
        self._seen: dict[str, list[dict[str, Any]]] = {column.name: [] for column in table.columns}

    def add(self, batch: pl.DataFrame) -> None:
        """Count one batch of published rows."""
        self._rows += batch.height
        if batch.height:
            facts = batch.select(expression for column in batch.get_columns() for expression in _facts(column))
            found = facts.row(0, named=True)
            for name, seen in self._seen.items():
                seen.append({fact: found[f"{name}:{fact}"] for fact in ("nulls", "min", "max", "sum")})

    def result(self, files: list[Path]) -> dict[str, dict[str, Any]]:
        """The profile by column; `distinct` up to a million rows. Values of restricted columns stay out."""
        distinct = _distinct([column.name for column in self._columns], files, self._rows)
        return {column.name: self._one(column, distinct) for column in self._columns}

    def nulls(self) -> dict[str, int]:
        """Missing values by column."""
        return {name: sum(batch["nulls"] for batch in seen) for name, seen in self._seen.items()}

    def _one(self, column: Column, distinct: dict[str, int]) -> dict[str, Any]:
        seen = self._seen[column.name]
        lows = [batch["min"] for batch in seen if batch["min"] is not None]
        highs = [batch["max"] for batch in seen if batch["max"] is not None]
        found: dict[str, Any] = {"nulls": sum(batch["nulls"] for batch in seen)}
        if column.name in distinct:
            found["distinct"] = distinct[column.name]
        if column.sensitivity == "restricted":
            return found | {"values": _MASK}
        if lows:
            found |= {"min": _plain(min(lows)), "max": _plain(max(highs))}
        if (sums := [batch["sum"] for batch in seen if batch["sum"] is not None]) and lows:
            found["mean"] = _plain(math.fsum(sums) / (self._rows - found["nulls"]))
        return found


def _distinct(names: list[str], files: list[Path], rows: int) -> dict[str, int]:
    """How many values each column has; as many columns at once as hold DISTINCT_ROWS values. Empty above that."""
    found: dict[str, int] = {}
    if rows <= DISTINCT_ROWS:
        step = DISTINCT_ROWS // max(rows, 1)
        for first in range(0, len(names), step):  # read before it is counted: a plan of thousands of columns is slow
            some = pl.read_parquet(files, columns=names[first : first + step], hive_partitioning=False, glob=False)
            found |= some.select(pl.all().drop_nulls().n_unique()).row(0, named=True)
    return found


def _facts(column: pl.Series) -> list[pl.Expr]:
    name, values = column.name, pl.col(column.name)
    bounded = column.dtype != pl.Boolean
    summed = column.dtype.is_numeric()
    return [
        values.null_count().alias(f"{name}:nulls"),
        (values.min() if bounded else pl.lit(None)).alias(f"{name}:min"),
        (values.max() if bounded else pl.lit(None)).alias(f"{name}:max"),
        (values.cast(pl.Float64).sum() if summed else pl.lit(None)).alias(f"{name}:sum"),
    ]


def _plain(value: Any) -> Any:
    """A value as JSON holds it: floats to 12 digits, text cut at 80 characters, dates as ISO text."""
    if isinstance(value, float):
        return float(f"{value:.12g}")
    return value if isinstance(value, int) else str(value)[:80]
