"""What an unquoted YAML value means is decided by the field it is for: `no` is a text where a text is expected."""

import datetime as dt
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?|[-+]?\.[0-9]+")
_PADDED = re.compile(r"[-+]?0[0-9_]+(\.[0-9]*)?")
_GROUPED = re.compile(r"[-+]?[0-9]{1,3}([,_' ][0-9]{3})+")


class Plain(str):
    """An unquoted value, exactly as written."""

    __slots__ = ()


def _number(value: Any, pattern: re.Pattern[str], expected: str) -> str | None:
    """The text of a number that `pattern` allows, None if `value` is no text; raises ValueError in plain words."""
    if not isinstance(value, str):
        return None
    if isinstance(value, Plain) and pattern.fullmatch(value) and len(value) <= 30:
        return str(value)
    raise ValueError(f"expected {expected}, found {show(value)}. {_advice(value, pattern)}")


def _advice(value: str, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, Plain) and pattern.fullmatch(value):
        return "Leave out the quotes."
    if _PADDED.fullmatch(value):
        return f"Write {value.lstrip('+-0_') or '0'}: YAML's dialects disagree whether a leading zero means octal."
    if _GROUPED.fullmatch(value):
        return f"Write {re.sub(r'[^-0-9]', '', value)}, without separators."
    return "Write digits only."


def _whole(value: Any) -> Any:
    text = _number(value, _WHOLE, "a whole number")
    return value if text is None else int(text)


def _float(value: Any) -> Any:
    text = _number(value, _NUMBER, "a number")
    return value if text is None else float(text)


def _day(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
            return dt.date.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError(f"expected a date, found {show(value)}. Write it as year-month-day: 2026-12-31.")


def _flag(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if isinstance(value, Plain) and value in ("true", "false"):
        return value == "true"
    raise ValueError(f"expected true or false, found {show(value)}. Write one of these.")


def header_rows(value: Any) -> Any:
    """Row numbers of a header: one, or several in ascending order."""
    if isinstance(value, tuple | list):
        rows = tuple(_whole(v) for v in value)
        if rows and all(isinstance(r, int) and r >= 1 for r in rows) and list(rows) == sorted(set(rows)):
            return rows
        raise ValueError(f"expected row numbers from 1 in ascending order, found {list(rows)}. Correct them.")
    row = _whole(value)
    if row is None or (isinstance(row, int) and not isinstance(row, bool) and row >= 0):
        return row
    raise ValueError(f"expected a row number from 1, or 0 for no header, found {show(row)}. Correct it.")


def show(value: object, width: int = 60) -> str:
    """`value` for a message: short, on one line; letters that only look Latin are spelled out."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, int | float):
        return f"{value:.15g}"
    text = str(value)
    short = text if len(text) <= width else f"{text[: width - 3]}..."
    return repr(short) if max(short, default="") < "\u0180" else ascii(short)


# Limits stand inside the conversion, so that the exported JSON Schema knows them.
Whole = Annotated[int, BeforeValidator(_whole)]
Count = Annotated[int, Field(ge=0, le=10**15), BeforeValidator(_whole)]
Megabytes = Annotated[int, Field(ge=1, le=1_000_000), BeforeValidator(_whole)]
Number = Annotated[float, Field(allow_inf_nan=False), BeforeValidator(_float)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False), BeforeValidator(_float)]
Percent = Annotated[float, Field(ge=0, le=100), BeforeValidator(_float)]
Fraction = Annotated[float, Field(ge=0, le=1), BeforeValidator(_float)]
Shards = Annotated[int, Field(ge=1, le=1_000), BeforeValidator(_whole)]
Tier = Annotated[int, Field(ge=1, le=5), BeforeValidator(_whole)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Day = Annotated[dt.date, BeforeValidator(_day)]
