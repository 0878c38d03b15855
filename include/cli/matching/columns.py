"""The columns of a file that a person names: found, or told with the nearest name, and fit for what they are to say."""

import re
from collections.abc import Collection
from difflib import get_close_matches

import polars as pl

from ...contracts.foreign import printable
from ...contracts.names import snake
from ...contracts.words import counted
from ...errors import DataError, EnvironmentFault
from ...matching.countries import alpha2
from ...validation.casting import Casting, cast
from ..drafting.guess import style_of
from ..drafting.rows import MISSING_LIKE

_NAMES = ("NA", "na", "NULL", "null", "None", "none", "NaN", "nan", "x")
"""What companies are called, though elsewhere it says that a value is missing."""
_MOSTLY = 0.9
_NUMBER = r"^\s*[+-]?[\d.,'\s]*\d[\d.,]*\s*%?$"


def named(rows: pl.DataFrame, column: str, option: str) -> str:
    """`column` if the table has it. Raises EnvironmentFault where none is said, DataError with the nearest name."""
    if column in rows.columns:
        return column
    if not column:
        raise EnvironmentFault(f"{option}: say which column holds the names. The file has {_listed(rows)}.")
    alike = {snake(name): name for name in reversed(rows.columns)}
    found = get_close_matches(snake(column), alike, 1)
    near = f" (did you mean {alike[found[0]]!r}?)" if found else ""
    raise DataError(f"{option}: no column {column!r}{near}. The file has {_listed(rows)}.")


def _listed(rows: pl.DataFrame) -> str:
    more = f" and {len(rows.columns) - 30} more" if len(rows.columns) > 30 else ""
    return ", ".join(printable(name) for name in rows.columns[:30]) + more


def stated(values: pl.Series, *, spared: Collection[str] = ()) -> pl.Series:
    """Text without what only says that a value is missing ("-", "n/a" …), but for those `spared`."""
    text = values.cast(pl.String)
    return text.set(text.str.strip_chars().is_in(list(MISSING_LIKE.difference(spared))), None)


def texts(rows: pl.DataFrame, column: str, option: str) -> pl.Series:
    """The names in a column, null where there is none ("", "-", "n/a" …; "NA" and "null" are names).

    Raises DataError where they are numbers, dates or lists, which name nobody.
    """
    values = rows[column]
    kind = str(values.dtype)
    values = stated(values, spared=_NAMES) if values.dtype == pl.String else values
    given = values.drop_nulls()
    if values.dtype == pl.String and given.len() and given.str.contains(_NUMBER).mean() > _MOSTLY:  # type: ignore[operator]
        kind = "numbers"
    if values.dtype not in (pl.String, pl.Null) or kind == "numbers":
        few = ", ".join(printable(str(value)) for value in given.head(3))
        others = [name for name, dtype in rows.schema.items() if dtype == pl.String and name != column][:5]
        advice = f"Name the column that holds them; text is in {', '.join(map(printable, others))}." if others else (
            "No column of the file holds text."
        )  # fmt: skip
        raise DataError(f"{option}: column {column!r} holds {kind} ({few}), expected names of companies. {advice}")
    return values.cast(pl.String)


def identifiers(rows: pl.DataFrame, column: str, option: str) -> pl.Series:
    """The identifiers in a column as published, null where there is none. Raises DataError for another column."""
    return stated(rows[named(rows, column, option)])


def column_or_code(rows: pl.DataFrame, country: str, option: str) -> pl.Series:
    """Countries of the rows: a column's, or one country for all; null where none is said. Raises DataError."""
    if not country or (country not in rows.columns and alpha2(pl.Series([country]))[0]):
        return pl.repeat(country or None, rows.height, dtype=pl.String, eager=True)
    if country not in rows.columns and re.fullmatch("[A-Z]{2,3}", country):
        raise DataError(f"{option}: {country} is no country of ISO 3166-1. Write another, or name a column.")
    return stated(rows[named(rows, country, option)], spared=("NA",))  # Namibia


def numbers(rows: pl.DataFrame, column: str, option: str, delimiter: str) -> pl.Series:
    """The numbers in a column, f64, null where a value is missing ("", "-", "NA" …); 1.234,5 is one too.

    `delimiter` separates the file's fields. Raises DataError where a value is no number.
    """
    values = rows[column]
    if values.dtype.is_numeric():
        return values.cast(pl.Float64)
    text = stated(values).str.strip_chars()
    style = style_of([text], delimiter)
    found = cast(text, Casting("", "", pl.Float64(), "float64", None, ("",), *style))
    if (wrong := text.filter(found.is_null() & text.is_not_null() & (text != ""))).len():
        few = ", ".join(map(printable, wrong.unique(maintain_order=True).head(3)))
        raise DataError(f"{option}: column {column!r} holds {counted(wrong.len(), 'text')}, expected numbers: {few}.")
    return found
