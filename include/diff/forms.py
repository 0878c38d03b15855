"""The form in which values of two types are compared: equal if both say the same, floats at the coarser precision."""

import polars as pl

from ..tables.types import polars_type

_DIGITS = 38
NUMERAL = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$"
"""A number as text; 007 is none, as a number would lose its zeros."""
_MOMENTS = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.fZ", "%Y-%m-%d")


def meet(one: str, other: str) -> str:
    """The schema.json type in which values of two such types are compared.

    Numbers meet as numbers, a time with a zone meets one without as UTC, a date is its midnight; all else as text.
    """
    if one == other:
        return one
    types = (polars_type(one), polars_type(other))
    if all(t.is_numeric() or t == pl.Boolean for t in types):
        return _number({one, other} - {"boolean"}, types)
    if all(t in (pl.Date, pl.Datetime) for t in types):
        return "timestamp_naive"
    return "string"


def formed(column: pl.Expr, kind: str, other: str) -> pl.Expr:
    """Values of type `kind` in the form in which they meet those of type `other`."""
    into = meet(kind, other)
    if into == "string" and kind != other:
        return _read(column, other) if kind == "string" else _written(column, kind)
    if into == "timestamp_naive":
        return _moment(column, kind)
    return column.cast(polars_type(into))


def _number(kinds: set[str], types: tuple[pl.DataType, pl.DataType]) -> str:
    if len(kinds) == 1:
        return next(iter(kinds))
    if any(t.is_float() for t in types):
        return "float32" if kinds == {"float32", "float64"} else "float64"
    if not any(isinstance(t, pl.Decimal) for t in types):
        return "decimal(38,0)" if "uint64" in kinds else "int64"
    scale = max(t.scale for t in types if isinstance(t, pl.Decimal))
    whole = max(t.precision - t.scale if isinstance(t, pl.Decimal) else 20 for t in types)
    return f"decimal({_DIGITS},{scale})" if whole + scale <= _DIGITS else "string"


def _moment(column: pl.Expr, kind: str) -> pl.Expr:
    naive = polars_type("timestamp_naive")
    return column.cast(polars_type(kind)).dt.replace_time_zone(None) if kind == "timestamp" else column.cast(naive)


def _written(column: pl.Expr, kind: str) -> pl.Expr:
    """A value as text that says it in one way only."""
    if kind.startswith("timestamp"):
        return _moment(column, kind).dt.to_string("iso")
    return _plain(column.cast(pl.String)) if polars_type(kind).is_numeric() else column.cast(pl.String)


def _read(text: pl.Expr, other: str) -> pl.Expr:
    """Text that says a value of type `other` as `_written` writes that; any other text as it is."""
    dtype = polars_type(other)
    if dtype.is_float():
        said = _written(text.cast(dtype, strict=False), other)
    elif dtype.is_numeric():
        said = pl.when(text.str.contains("[eE]")).then(text).otherwise(_plain(text))
    elif other.startswith("timestamp"):
        moments = (text.str.to_datetime(form, time_unit="us", strict=False) for form in _MOMENTS)
        return pl.coalesce(pl.coalesce(moments).dt.to_string("iso"), text)
    elif other == "boolean":
        lower = text.str.to_lowercase()
        return pl.when(lower.is_in(["true", "false"])).then(lower).otherwise(text)
    else:
        return text
    return pl.when(text.str.contains(NUMERAL)).then(said).otherwise(text)


def _plain(numeral: pl.Expr) -> pl.Expr:
    """1.50 and 1.5, -0 and 0 are one; a numeral with an exponent stays as it is."""
    fraction = numeral.str.contains(r"^[^eE]*\.[^eE]*$")
    short = pl.when(fraction).then(numeral.str.strip_chars_end("0").str.strip_chars_end(".")).otherwise(numeral)
    return short.replace({"-0": "0"})
