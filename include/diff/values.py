"""Values as people read them: text of at most eighty characters."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import polars as pl

_LONGEST = 80
_BEFORE = 20
"""Characters left before the first one that differs."""


def shown(values: Sequence[Any], dtype: pl.DataType) -> list[str | None]:
    """Values of a type; longer ones are cut at their end."""
    return texts(pl.Series(values, dtype=dtype))


def texts(values: pl.Series) -> list[str | None]:
    """The values of a column; longer ones are cut at their end."""
    return [_cut(value, 0) for value in whole(values)]


def whole(values: pl.Series) -> list[str | None]:
    """The values of a column, however long."""
    name, dtype = pl.col("x"), values.dtype
    said = name.cast(pl.String)
    if dtype.is_float():
        said = said.str.strip_suffix(".0")
    elif isinstance(dtype, pl.Datetime):
        said = name.dt.replace_time_zone(None).dt.to_string("iso").str.strip_suffix(".000000")
        said = said + "Z" if dtype.time_zone else said
    return values.to_frame("x").select(said).to_series().to_list()


def beside(was: str | None, now: str | None) -> tuple[str | None, str | None]:
    """Two values, cut so that their first difference is seen."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(was or "", now or "", strict=False))
    start = sum(1 for _ in same) - _BEFORE
    longest = max(len(was or ""), len(now or ""))
    start = start if start > 0 and longest > _LONGEST else 0
    return _cut(was, start), _cut(now, start)


def _cut(value: str | None, start: int) -> str | None:
    if value is None:
        return None
    rest = "…" + value[start + 1 :] if start else value
    return rest if len(rest) <= _LONGEST else rest[: _LONGEST - 1] + "…"
