"""What a column holds: its type, checks and unit, from values that the engine itself can read so."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ...contracts import units
from ...tables.types import kind_of
from ...validation.casting import Casting, cast
from .checks import text_checks
from .rows import MISSING_LIKE
from .wording import times

_STYLES: tuple[tuple[str, str | None], ...] = (
    *((".", None), (".", ","), (",", None), (",", "."), (",", " "), (",", "\u00a0"), (",", "\u202f")),
    *((".", "'"), (".", " "), (".", "\u00a0"), (".", "\u202f"), (",", "'")),
)
_DAY_FIRST = ("%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y")
_DATES = (
    *_DAY_FIRST,
    "%m/%d/%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d %B %Y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%B %d, %Y",
    "%b %d, %Y",
)
_MOMENTS = tuple(f"{day} %H:%M{seconds}" for day in (*_DATES[:7],) for seconds in ("", ":%S"))
_DATE_WORDS = re.compile(r"date|datum|day|tag|jour|fecha|stand", re.IGNORECASE)
_CODE_WORDS = re.compile(r"(^|_)(zip|postal|postcode|plz|phone|telephone|fax|tel|fips|iban|account|siren|siret)(_|$)")
_WHOLE = re.compile(r"^[+-]?\d{1,18}$")
_BOOLEANS = ({"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"})
_BRACKETS = re.compile(r"[\[(]([^\[\]()]{1,30})[\])]\s*$")


@dataclass
class Guess:
    """One column of the draft."""

    heading: str
    name: str
    dtype: pl.DataType
    format: str | None = None
    nulls: int = 0
    checks: dict[str, Any] = field(default_factory=dict)
    failing: float = 0.0
    """Share of the rows seen that fail the checks."""
    unit: str | None = None
    notes: list[str] = field(default_factory=list)
    missing_like: dict[str, int] = field(default_factory=dict)
    """Texts that may mean "no value", and how often they come; the column would be of another type without them."""

    def casting(self, style: tuple[str, str | None]) -> Casting:
        """How the engine reads it."""
        kind = kind_of(self.dtype) or ""
        return Casting(self.name, self.heading, self.dtype, kind, self.format, ("",), style[0], style[1])


def style_of(columns: Iterable[pl.Series], delimiter: str) -> tuple[str, str | None]:
    """The decimal sign and thousands separator under which most text columns are numbers.

    Where "1,234" could be either, it is a thousands separator, unless fields are separated by semicolons.
    """
    order = [style for style in _STYLES if delimiter != ";" or style != (".", ",")]
    scores = dict.fromkeys(order, 0)
    for column in columns:
        values = _known(column.drop_nulls().unique())
        if len(values) and values.str.contains(r"\d").all() and not values.str.contains(r"^\d+$").all():
            for style in order:
                scores[style] += not cast(
                    values, Casting("", "", pl.Float64(), "float64", None, (), *style)
                ).has_nulls()
    return max(order, key=lambda style: (scores[style], -order.index(style)))


def guess(heading: str, name: str, raw: pl.Series, style: tuple[str, str | None], *, typed: bool) -> Guess:
    """The draft of one column from its values; `typed` where the file itself says what type they have."""
    found = Guess(heading, name, pl.String(), nulls=raw.null_count())
    given = raw.drop_nulls()
    if raw.dtype != pl.String:
        found.dtype = _stored(given, name)
    elif not typed and len(given):
        distinct = given.unique()
        found.dtype, found.format, note = _type_of(distinct, found, style)
        found.notes += [note] if note else []
        if found.dtype == pl.String and len(known := _known(distinct)) and len(known) < len(distinct):
            _missing_like(found, given, known, style)
    _constrain(found, given, style)
    _measure(found)
    return found


def _known(values: pl.Series) -> pl.Series:
    return values.filter(~values.is_in(list(MISSING_LIKE)))


def _stored(values: pl.Series, name: str) -> pl.DataType:
    """The stored type nearest to that of the file."""
    dtype = values.dtype
    if dtype.is_float() and len(values) and re.search(r"(^|_)(id|year|code|number)$", name):
        whole = (values == values.floor()) & (values.abs() < 2**53)
        return pl.Int64() if whole.all() else dtype
    if isinstance(dtype, pl.Datetime):
        return pl.Datetime("us", "UTC") if dtype.time_zone else pl.Datetime("us")
    return dtype if kind_of(dtype) else pl.String()


def _type_of(
    values: pl.Series, column: Guess, style: tuple[str, str | None]
) -> tuple[pl.DataType, str | None, str | None]:
    """Type, format and a word of doubt for distinct texts."""
    if {text.lower() for text in values.head(10)} in _boolean_sets(values):
        return pl.Boolean(), None, None
    if _is_number(values, column.name):
        for dtype in (pl.Int64(), pl.Float64()):
            if (dtype != pl.Int64 or _all_whole(values, style)) and _reads(values, dtype, None, style):
                return dtype, None, None
    if not values.str.contains(r"\d").all():
        return pl.String(), None, None
    return _moment(values, column.heading, style)


def _boolean_sets(values: pl.Series) -> list[set[str]]:
    return [*_BOOLEANS, {"true"}, {"false"}] if len(values) <= 6 else []


def _is_number(values: pl.Series, name: str) -> bool:
    """Whether texts that read as numbers are quantities: no leading zeros or plus signs, no digits lost."""
    if _CODE_WORDS.search(name) or values.str.contains(r"^[+-]?0\d|^\+").any():
        return False
    exponents = values.str.contains(r"^\d+[eE]\d+$")
    if exponents.any():
        return False
    digits = (
        values.str.replace_all(r"[eE][+-]?\d+$", "")
        .str.replace_all(r"\D", "")
        .str.strip_chars_start("0")
        .str.len_chars()
    )
    whole = values.str.contains(_WHOLE.pattern).all()
    return bool((digits <= (18 if whole else 17)).all())


def _all_whole(values: pl.Series, style: tuple[str, str | None]) -> bool:
    plain = values.str.replace_all(style[1], "", literal=True) if style[1] else values
    return bool(plain.str.contains(_WHOLE.pattern).all())


def _reads(values: pl.Series, dtype: pl.DataType, shape: str | None, style: tuple[str, str | None]) -> bool:
    return not cast(values, Casting("", "", dtype, kind_of(dtype) or "", shape, (), *style)).has_nulls()


def _moment(
    values: pl.Series, heading: str, style: tuple[str, str | None]
) -> tuple[pl.DataType, str | None, str | None]:
    text = pl.String(), None, None
    for dtype, shapes in (
        (pl.Date(), (None, *_DATES)),
        (pl.Datetime("us", "UTC"), (None,) if values.str.contains(r"(Z|[+-]\d{2}:?\d{2})$").all() else ()),
        (pl.Datetime("us"), (None, *_MOMENTS)),
        (pl.Time(), (None,)),
    ):
        fits = [shape for shape in shapes if _reads(values, dtype, shape, style) and _sane(values, dtype, shape, style)]
        if len({_order(shape) for shape in fits}) > 1:
            return (
                pl.String(),
                None,
                f"a date, but no value tells day from month: add metadata format {' or '.join(map(str, fits))}",
            )
        if fits:
            return dtype, fits[0], None
    if (
        _DATE_WORDS.search(heading)
        and values.str.contains(r"^\d{8}$").all()
        and _reads(values, pl.Date(), "%Y%m%d", style)
    ):
        return pl.Date(), "%Y%m%d", None
    return text


def _order(shape: str | None) -> str:
    return "" if shape is None else "m" if shape.startswith("%m") else "d" if shape.startswith("%d") else "y"


def _sane(values: pl.Series, dtype: pl.DataType, shape: str | None, style: tuple[str, str | None]) -> bool:
    """Dates of this era only: two digits are no year."""
    read = cast(values, Casting("", "", dtype, kind_of(dtype) or "", shape, (), *style))
    return isinstance(dtype, pl.Time) or bool(read.dt.year().is_between(1500, 2500).all())


def _missing_like(found: Guess, given: pl.Series, known: pl.Series, style: tuple[str, str | None]) -> None:
    other = _type_of(known, found, style)[0]
    if other == pl.String:
        return
    counts = given.filter(given.is_in(list(MISSING_LIKE))).value_counts(sort=True)
    found.missing_like = dict(counts.iter_rows())
    said = ", ".join(f"{text!r} {times(count)}" for text, count in found.missing_like.items())
    found.notes.append(f"{_word(other)} but for {said}: see source.missing")


def _word(dtype: pl.DataType) -> str:
    return "whole numbers" if dtype.is_integer() else "numbers" if dtype.is_float() else f"{kind_of(dtype)} values"


def _constrain(found: Guess, given: pl.Series, style: tuple[str, str | None]) -> None:
    """Checks worth having that every value passes."""
    if not len(given):
        return
    if found.dtype.is_numeric():
        values = cast(given, found.casting(style)).drop_nulls()
        found.checks |= _range(found.name, values)
    elif found.dtype == pl.String and given.dtype == pl.String:
        seen = text_checks(given, found.name)
        found.checks |= seen.checks
        found.notes += [seen.note] if seen.note else []
        found.failing = seen.failing / (len(given) + found.nulls)


def _range(name: str, values: pl.Series) -> dict[str, Any]:
    low, high = values.min(), values.max()
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return {}
    for words, least, most in (
        (r"(^|_)lat(itude)?(_|$)", -90, 90),
        (r"(^|_)(lon|lng|long|longitude)(_|$)", -180, 180),
        (r"(^|_)year(_|$)", 1500, 2200),
        (r"(^|_)(pct|percent|percentage)$", 0, 100),
    ):
        if re.search(words, name) and least <= low and high <= most:
            return {"ge": least, "le": most}
    return {"ge": 0} if low >= 0 else {}


def _measure(found: Guess) -> None:
    """The unit, where the name does not say it already."""
    if not found.dtype.is_numeric() or units.of_column(found.name, {}):
        return
    bracketed = _BRACKETS.search(found.heading)
    if bracketed and units.known(bracketed[1].strip()):
        found.unit = bracketed[1].strip()
    elif re.search(r"(^|_)(lat|latitude|lon|lng|longitude)$", found.name):
        found.unit = "degree"
