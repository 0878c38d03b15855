"""Text and typed values to a column's type, exactly or not at all: nothing is guessed, rounded or trimmed.

Accepted texts: whole numbers, also as an integral float ("12.0", "1e3"); numbers with the contract's decimal sign and
thousands separator in groups of three; true/false, t/f, yes/no, y/n, 1/0 in any case; ISO 8601 dates and times, or
those of metadata `format`, of the years 1 to 9999. Strings stay as they are. NaN and infinity are no numbers unless
listed as missing.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial

import polars as pl

_TRUTH = {
    **dict.fromkeys(("true", "t", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0"), False),
}
_DATE_TIME = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M")
_TIMES = ("%H:%M:%S%.f", "%H:%M")
_EXACT = 2**53  # whole numbers beyond it are not exact as float64


@dataclass(frozen=True)
class Casting:
    """How the raw column `heading` becomes column `name`; `missing` are the texts that mean no value."""

    name: str
    heading: str
    dtype: pl.DataType
    kind: str
    format: str | None = None
    missing: tuple[str, ...] = ("",)
    decimal: str = "."
    thousands: str | None = None

    def expression(self, raw: pl.DataType) -> pl.Expr:
        """The column, null where the value is missing or can't be read as its type."""
        if raw == self.dtype == pl.String() and not self.missing:
            return pl.col(self.heading).alias(self.name)
        read = partial(cast, column=self)
        return pl.col(self.heading).map_batches(read, self.dtype, is_elementwise=True).alias(self.name)

    def given(self, raw: pl.DataType) -> pl.Expr:
        """True where the raw column holds a value, readable or not."""
        return _given(pl.col(self.heading), raw, self.missing)

    @property
    def says(self) -> str:
        """What a value that can't be read is told, after the value itself."""
        return f" is not {_noun(self)} ({self.kind})"


def cast(raw: pl.Series, column: Casting) -> pl.Series:
    """`raw` as the column's type, null where it is missing or can't be read."""
    try:
        typed = _text(raw, column) if raw.dtype == pl.String else _typed(raw, column)
    except pl.exceptions.PolarsError:  # no such conversion at all, for example from a list
        typed = pl.Series([None] * len(raw), dtype=column.dtype)
    sound = _sound(typed)
    if sound is not None and not sound.all():
        typed = pl.select(pl.when(sound).then(typed)).to_series()
    return typed.alias(column.name)


def _sound(typed: pl.Series) -> pl.Series | None:
    """Which values every reader can hold: finite numbers, years from 1 to 9999; None where all can."""
    if typed.dtype.is_float():
        return typed.is_finite()
    if typed.dtype not in (pl.Date, pl.Datetime):
        return None
    first, last = pl.Series([dt.datetime.min, dt.datetime.max]).cast(typed.dtype).to_physical()
    return typed.to_physical().is_between(first, last)


def _given(raw: pl.Expr, dtype: pl.DataType, missing: tuple[str, ...]) -> pl.Expr:
    if dtype.is_float():
        return raw.is_not_null() & ~raw.is_nan() if "NaN" in missing else raw.is_not_null()
    if dtype != pl.String or not missing:
        return raw.is_not_null()
    return raw.is_not_null() & ~(raw == missing[0] if len(missing) == 1 else raw.is_in(list(missing)))


def _text(raw: pl.Series, column: Casting) -> pl.Series:
    if column.dtype == pl.String:
        return _without_missing(raw, column.missing)
    raw = _without_missing(raw, _readable(replace(column, name="", heading="")))
    typed = _fast(raw, column)
    doubtful = (typed.is_null() & raw.is_not_null()).arg_true()
    if len(doubtful):
        typed = typed.scatter(doubtful, _careful(_without_missing(raw.gather(doubtful), column.missing), column))
    return typed


def _without_missing(raw: pl.Series, missing: tuple[str, ...]) -> pl.Series:
    if not missing:
        return raw
    gone = raw == missing[0] if len(missing) == 1 else raw.is_in(list(missing))
    return pl.select(pl.when(~gone).then(raw)).to_series() if gone.any() else raw


@cache
def _readable(column: Casting) -> tuple[str, ...]:
    """The missing texts that would pass as values: "-999" as a number. Asked once for all columns of a kind."""
    texts = pl.Series(column.missing, dtype=pl.String)
    return tuple(texts.filter(_fast(texts, column).is_not_null() | _careful(texts, column).is_not_null()))


def _fast(raw: pl.Series, column: Casting) -> pl.Series:
    """The common spelling; null for every other."""
    dtype = column.dtype
    if dtype.is_temporal():
        return _temporal(raw, column, _formats(column)[:1])
    if dtype == pl.Boolean:
        return pl.select(pl.when(raw == "true").then(True).when(raw == "false").then(False)).to_series()
    if dtype.is_integer():
        return raw.cast(dtype, strict=False)
    if dtype.is_float() and column.decimal == "." and column.thousands != ".":
        return raw.cast(dtype, strict=False)
    return _careful(raw, column)


def _careful(raw: pl.Series, column: Casting) -> pl.Series:
    """Every accepted spelling."""
    dtype = column.dtype
    if dtype == pl.Date and not column.format:
        return _midnight(raw)
    if dtype.is_temporal():
        return _temporal(raw, column, _formats(column))
    if dtype == pl.Boolean:
        return raw.str.to_lowercase().replace_strict(_TRUTH, default=None, return_dtype=pl.Boolean)
    plain = _plain_number(raw, column)
    if dtype.is_decimal():
        return _fitting(plain, dtype)
    if dtype.is_float():
        return plain.cast(dtype, strict=False)
    number = plain.cast(pl.Float64, strict=False)
    integral = (number == number.floor()) & (number.abs() <= _EXACT)
    whole = pl.select(pl.when(integral).then(number)).to_series().cast(dtype, strict=False)
    return pl.select(pl.coalesce(plain.cast(dtype, strict=False), whole)).to_series()


def _plain_number(raw: pl.Series, column: Casting) -> pl.Series:
    """Numbers as Polars reads them, without separators; null where the separators are not in place."""
    point, comma = _escape(column.decimal), _escape(column.thousands or "")
    whole = rf"(\d+|\d{{1,3}}({comma}\d{{3}})+)" if comma else r"\d+"
    shaped = raw.str.contains(rf"^[+-]?({whole}({point}\d*)?|{point}\d+)([eE][+-]?\d+)?$")
    plain = raw.str.replace_all(column.thousands, "", literal=True) if column.thousands else raw
    plain = plain.str.replace(column.decimal, ".", literal=True) if column.decimal != "." else plain
    return pl.select(pl.when(shaped).then(plain)).to_series()


def _escape(sign: str) -> str:
    return f"\\{sign}" if sign == "." else sign


def _fitting(plain: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Decimals whose digits after the point fit the scale: Polars would round the others."""
    scale = dtype.scale if isinstance(dtype, pl.Decimal) else 0
    fits = plain.str.contains(rf"^[+-]?\d*(\.\d{{0,{scale}}}0*)?$")
    return pl.select(pl.when(fits).then(plain)).to_series().cast(dtype, strict=False)


def _formats(column: Casting) -> tuple[str, ...]:
    if column.format:
        return (column.format,)
    if column.dtype == pl.Date:
        return ("%Y-%m-%d",)
    if column.dtype == pl.Time:
        return _TIMES
    return tuple(f"{shape}%#z" for shape in _DATE_TIME) if column.kind == "timestamp" else _DATE_TIME


def _temporal(raw: pl.Series, column: Casting, formats: tuple[str, ...]) -> pl.Series:
    return pl.select(pl.coalesce(_one_format(raw, column, shape) for shape in formats)).to_series()


def _one_format(raw: pl.Series, column: Casting, shape: str) -> pl.Series:
    # without its cache Polars parses more than twice as fast
    if column.dtype == pl.Date:
        return raw.str.to_date(shape, strict=False, cache=False)
    if column.dtype == pl.Time:
        return raw.str.to_time(shape, strict=False, cache=False)
    read = raw.str.to_datetime(shape, time_unit="us", strict=False, cache=False)
    if column.kind == "timestamp_naive":
        return read
    return read.dt.convert_time_zone("UTC") if _zoned(read.dtype) else read.dt.replace_time_zone("UTC")


def _midnight(raw: pl.Series) -> pl.Series:
    """Dates that a spreadsheet gives a time of midnight."""
    days = raw.str.extract(r"^(\d{4}-\d{2}-\d{2})[T ]00:00(:00(\.0+)?)?$")
    return days.str.to_date("%Y-%m-%d", strict=False, cache=False)


def _typed(raw: pl.Series, column: Casting) -> pl.Series:
    found, wanted = raw.dtype, column.dtype
    if found == wanted or found == pl.Null:
        return raw.cast(wanted)
    if found.is_temporal() and (_zoned(found) != _zoned(wanted)) and wanted != pl.String:
        return pl.Series([None] * len(raw), dtype=wanted)
    typed = raw.cast(wanted, strict=False)
    if wanted == pl.String or (found.is_float() and wanted.is_float()):
        return typed
    if found.is_float() and wanted.is_decimal():
        return _careful(raw.cast(pl.String), column)
    same = typed.cast(found, strict=False) == raw
    return pl.select(pl.when(same).then(typed)).to_series()


def _zoned(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.Datetime) and dtype.time_zone is not None


def _noun(column: Casting) -> str:
    dtype = column.dtype
    if column.format:
        return f"a value in the format {column.format}"
    if dtype.is_integer():
        bits, signed = int(column.kind.lstrip("uint")), not column.kind.startswith("u")
        low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
        return "a whole number" if column.kind == "int64" else f"a whole number from {low} to {high}"
    nouns: list[tuple[Callable[[], bool], str]] = [
        (dtype.is_float, "a finite number"),
        (dtype.is_decimal, "a number that fits exactly"),
        (lambda: dtype == pl.Boolean, "true or false"),
        (lambda: dtype == pl.Date, "a date (YYYY-MM-DD)"),
        (lambda: dtype == pl.Time, "a time (HH:MM:SS)"),
        (lambda: column.kind == "timestamp", "a point in time with its zone (ISO 8601)"),
        (lambda: column.kind == "timestamp_naive", "a date and time without zone (ISO 8601)"),
    ]
    return next((noun for fits, noun in nouns if fits()), "a text")
