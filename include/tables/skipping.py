"""Which row groups of a Parquet file a condition can meet, so that the others need not be read."""

import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

_COMPARISONS: tuple[Callable[[Any, Any], Any], ...] = (
    operator.eq, operator.lt, operator.le, operator.gt, operator.ge,
)  # fmt: skip
_SWAPPED = {operator.lt: operator.gt, operator.le: operator.ge, operator.gt: operator.lt, operator.ge: operator.le}


def condition(predicate: pl.Expr, schema: pa.Schema) -> pc.Expression | None:
    """An Arrow condition that holds for every row for which `predicate` does, None where none is known.

    Good for skipping row groups only, since it may hold for other rows too. Knows comparisons of a column with a value,
    `is_between`, `is_in`, and those joined by `&` and `|`. Columns of floats count as unknown: NaN is not in their
    statistics.
    """
    inputs = predicate.meta.pop()
    if len(inputs) == 3 and _same(inputs[2].is_between(inputs[1], inputs[0]), predicate):
        return condition((inputs[2] >= inputs[1]) & (inputs[2] <= inputs[0]), schema)
    if len(inputs) != 2:
        return None
    right, left = inputs
    if _same(left & right, predicate):
        known = [one for one in (condition(left, schema), condition(right, schema)) if one is not None]
        return reduce(operator.and_, known) if known else None
    if _same(left | right, predicate):
        one, other = condition(left, schema), condition(right, schema)
        return None if one is None or other is None else one | other
    if right.meta.is_column():
        return _compared(right, left, predicate, schema, swapped=True)
    return _compared(left, right, predicate, schema)


def _compared(
    column: pl.Expr, literal: pl.Expr, predicate: pl.Expr, schema: pa.Schema, *, swapped: bool = False
) -> pc.Expression | None:
    if not (column.meta.is_column() and literal.meta.is_literal()):
        return None
    field = schema.field(column.meta.output_name())
    values = _values(literal, field.type)
    if values is None or pa.types.is_floating(field.type):
        return None
    if not swapped and _same(column.is_in(literal), predicate):
        return pc.field(field.name).isin(values)
    for compare in _COMPARISONS:
        if _same(compare(literal, column) if swapped else compare(column, literal), predicate):
            meant = _SWAPPED.get(compare, compare) if swapped else compare
            return meant(pc.field(field.name), values[0])  # type: ignore[no-any-return]
    return None


def _values(literal: pl.Expr, dtype: pa.DataType) -> "pa.Array[Any] | None":
    """The value or values of a literal as the column holds them; None where it has no such value, or an absent one."""
    series = pl.select(literal).to_series()
    if series.dtype == pl.List:
        series = series.explode()
    if series.null_count() or series.is_empty() or (series.dtype == pl.String) != pa.types.is_large_string(dtype):
        return None
    given = series.to_arrow(compat_level=pl.CompatLevel.oldest())
    try:
        held = given.cast(dtype)
        return held if held.cast(given.type).equals(given) else None
    except pa.ArrowException:
        return None


def _same(one: pl.Expr, other: pl.Expr) -> bool:
    return one.meta == other.meta
