"""How far the distribution of a column moved: the population stability index (PSI)."""

import math
from collections.abc import Mapping, Sequence

import polars as pl

BINS = 10
_LEAST = 1e-4
"""Share that stands for an empty bin, so that the logarithm exists."""


def psi(old: pl.Series, new: pl.Series) -> float:
    """PSI of `new` against `old`: over the deciles of `old` for numbers and dates, over its values for the rest.

    Missing values are a bin of their own. Below 0.1 is usually called stable, above 0.25 a shift.
    Source: Siddiqi, Credit Risk Scorecards (2006), chapter 9.
    """
    if old.dtype.is_numeric() or old.dtype.is_temporal():
        old, new = _numbers(old), _numbers(new)
        edges = deciles(old.drop_nulls())
        old, new = _binned(old, edges), _binned(new, edges)
    return index(_counts(old), _counts(new))


def index(old: Mapping[object, int], new: Mapping[object, int]) -> float:
    """PSI of rows counted by bin; see `psi`."""
    before, now = _shares(old), _shares(new)
    bins = sorted(before.keys() | now.keys(), key=str)
    pairs = [(before.get(key) or _LEAST, now.get(key) or _LEAST) for key in bins]
    return round(math.fsum((q - p) * math.log(q / p) for p, q in pairs), 6)


def deciles(values: pl.Series) -> list[float]:
    """The edges of the deciles of numbers, each once; fewer where values repeat."""
    found = [values.quantile(step / BINS, "lower") for step in range(1, BINS)]
    return sorted({edge for edge in found if edge is not None})


def _numbers(column: pl.Series) -> pl.Series:
    return (column.to_physical() if column.dtype.is_temporal() else column).cast(pl.Float64)


def _binned(values: pl.Series, edges: Sequence[float]) -> pl.Series:
    """The number of edges below each value."""
    return pl.select(
        pl.sum_horizontal([(values > edge).cast(pl.Int8) for edge in edges], ignore_nulls=False)
        if edges
        else pl.when(values.is_not_null()).then(0)
    ).to_series()


def _counts(values: pl.Series) -> dict[object, int]:
    return dict(values.value_counts(name="_count").iter_rows())


def _shares(counts: Mapping[object, int]) -> dict[object, float]:
    rows = max(sum(counts.values()), 1)
    return {value: count / rows for value, count in counts.items()}
