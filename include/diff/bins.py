"""Into which bins the values of a column fall, the same on both sides: ranges of numbers and times, or values."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from ..tables.drift import deciles

BINS = 10
TOP = 8
FEW = 1_000
"""So many values, each in ten rows or more, are categories: all of them are counted."""
FEW_PARTS = 100_000
"""So many values of a part of the key are counted."""
_OFTEN = 10
_TWICE = 4
"""So often, on both sides together, a value comes more than once."""
_TAIL = 0.01
_SHARE = 0.002
"""Of the rows, that a value needs to be shown by itself."""
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_YEARS = 4
"""So many years and more are cut at their ends."""
_GROUPED = 10_000
_EPOCH = dt.datetime(1970, 1, 1)


@dataclass(frozen=True)
class Bins:
    """How the rows of a column are counted."""

    edges: tuple[float, ...] = ()
    """Of the ranges that are shown; a value falls above an edge or not."""
    deciles: tuple[float, ...] = ()
    """Of before, for the stability index."""
    values: tuple[Any, ...] = ()
    """The most frequent ones, where not all are counted."""
    most: int = 0
    """All values are counted while there are no more than this; 0: they are not."""

    @property
    def cuts(self) -> tuple[float, ...]:
        """All edges, in their order."""
        return tuple(sorted({*self.edges, *self.deciles}))


def chosen(before: pl.Series, after: pl.Series, part: bool) -> Bins:
    """Bins for a column by a sample of each side; `part`: of a key that has several."""
    before, both = before.sort(), pl.concat([before, after]).drop_nulls().sort()
    distinct = both.n_unique()
    category = part or before.dtype == pl.Boolean
    category = category or (not before.dtype.is_float() and distinct <= FEW and distinct * _OFTEN <= both.len())
    most = (FEW_PARTS if part else FEW) if category else 0
    if before.dtype == pl.Boolean or before.dtype == pl.String:
        return Bins(values=() if most else _frequent(both), most=most)
    return Bins(_edges(_numbers(both), both.dtype), tuple(deciles(_numbers(before))), most=most)


def above(column: pl.Expr, dtype: pl.DataType, edge: float) -> pl.Expr:
    """Whether values lie above an edge; NaN does."""
    if dtype.is_float():
        return column > edge
    number = _number(column, dtype)
    return number.cast(pl.Float64) > edge if dtype.is_decimal() else number > math.floor(edge)


def _number(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Times as the numbers that edges are given in: microseconds, or days for a date."""
    if dtype == pl.Time:  # Polars counts nanoseconds
        return column.to_physical() // 1_000
    return column.to_physical() if dtype.is_temporal() else column


def labels(edges: Sequence[float], dtype: pl.DataType) -> list[str]:
    """What the ranges are called: up to the first edge, between each two, above the last."""
    if not edges:
        return ["all"]
    texts = [_text(edge, dtype) for edge in edges]
    lower = [_text(edge + 1, dtype) for edge in edges] if dtype.is_integer() or dtype == pl.Date else texts
    between = [low if low == high else f"{low} to {high}" for low, high in zip(lower, texts[1:], strict=False)]
    return [f"≤ {texts[0]}", *between, f"> {texts[-1]}"]


def _numbers(values: pl.Series) -> pl.Series:
    """Those that are finite."""
    numbers = values.to_frame("x").select(_number(pl.col("x"), values.dtype).cast(pl.Float64)).to_series()
    return numbers.filter(numbers.is_finite()).replace(-0.0, 0.0)


def _frequent(values: pl.Series) -> tuple[Any, ...]:
    counts = values.alias("value").value_counts(name="rows").sort("rows", "value", descending=[True, False])
    return tuple(counts.filter(pl.col("rows") >= max(_SHARE * values.len(), _TWICE)).head(TOP)["value"].to_list())


def _edges(values: pl.Series, dtype: pl.DataType) -> tuple[float, ...]:
    """About ten round ones over the middle 98 % of the values, so that what lies far out leaves the rest readable."""
    low, high = (values.quantile(share, "nearest") for share in (_TAIL, 1 - _TAIL))
    if low is None or high is None or low == high:
        return ()
    day = 1 if dtype == pl.Date else _DAY
    if dtype.is_temporal() and dtype != pl.Time and high - low > _YEARS * 365 * day:
        years = _round(1970 + low / day / 365.2425, 1970 + high / day / 365.2425, whole=True)
        ends = (dt.date(int(year) - 1, 12, 31) for year in years if dt.MINYEAR < year <= dt.MAXYEAR)
        return tuple(float(day * (end - _EPOCH.date()).days) for end in ends)
    return _round(low, high, whole=dtype.is_integer() or dtype == pl.Date)


def _round(low: float, high: float, whole: bool) -> tuple[float, ...]:
    rough = max((high - low) / BINS, 1.0 if whole else 0.0)
    ten = 10.0 ** math.floor(math.log10(rough))
    step = next(step * ten for step in _STEPS if step * ten >= rough * (1 - 1e-9) and not (whole and step * ten % 1))
    places = range(math.floor(low / step), math.ceil(high / step) + 1)
    return tuple(float(f"{place * step:.12g}") + 0.0 for place in places)  # no -0.0


def _text(edge: float, dtype: pl.DataType) -> str:
    if not dtype.is_temporal():
        return f"{edge:.10g}" if abs(edge) < _GROUPED else f"{edge:,.10g}"
    try:
        if dtype == pl.Date:
            return f"{_EPOCH.date() + dt.timedelta(days=math.floor(edge))}"
        moment = _EPOCH + dt.timedelta(microseconds=math.floor(edge))
    except OverflowError:  # a year that Python has no date for
        return f"{edge:.10g}"
    if dtype == pl.Time:
        return f"{moment.time()}"
    return f"{moment:%Y-%m-%d}" if edge % _DAY == 0 else f"{moment:%Y-%m-%d %H:%M:%S}"
