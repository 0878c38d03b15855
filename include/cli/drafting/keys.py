"""Which columns identify a row: the fewest, those named like identifiers first."""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, islice
from math import prod

import polars as pl

from .guess import Guess

_ID = re.compile(r"(^|_)(id|lei|isin|key|uuid|guid|code|number|no|nr|cik|identifier|ein|iso)(_|$)")
_TIME = re.compile(r"(^|_)(year|date|month|quarter|period|time|timestamp|hour|day)(_|$)")
_WORDS = re.compile(r"(^|_)(description|comment|note|notes|text|url|address|street|source|title)(_|$)")
_CANDIDATES, _TRIES, _MANY_TRIES = 12, 150, 3


def key_of(typed: pl.DataFrame, columns: Sequence[Guess]) -> tuple[str, ...]:
    """The names of one to three columns that no two rows share; empty where there are none.

    Columns with missing values, without a heading, floats and booleans are no keys.
    """
    names, rows = candidates(columns), typed.height
    counts = {name: typed[name].n_unique() for name in names}
    for name in names:
        if counts[name] == rows:
            return (name,)
    likely = [name for name in names if counts[name] > 1][:_CANDIDATES]
    for some in islice(_sets(likely), _TRIES):
        possible = prod(counts[name] for name in some) >= rows
        if possible and typed.select(pl.struct(some).n_unique()).item() == rows:
            return tuple(column.name for column in columns if column.name in some)
    return ()


def key_of_many(typed: pl.LazyFrame, columns: Sequence[Guess], rows: int) -> tuple[str, ...]:
    """The same for a large table: only the columns most like identifiers are looked at, one at a time."""
    for name in candidates(columns)[:_MANY_TRIES]:
        if typed.select(pl.col(name).n_unique()).collect(engine="streaming").item() == rows:
            return (name,)
    return ()


def candidates(columns: Sequence[Guess]) -> list[str]:
    """Columns with a heading, without missing values, whose values can be told apart exactly; the likeliest first."""
    fit = [each for each in columns if not each.nulls and _can_identify(each.dtype)]
    return [each.name for each in sorted(fit, key=_rank) if not re.fullmatch(r"column_\d+", each.heading)]


def _can_identify(dtype: pl.DataType) -> bool:
    return dtype.is_integer() or dtype.is_temporal() or dtype == pl.String


def _sets(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    yield from combinations(names, 2)
    yield from combinations(names, 3)


def _rank(column: Guess) -> int:
    """Identifiers, then times, then texts, then what measures or describes; sorting keeps their order otherwise."""
    if _ID.search(column.name):
        return 0
    if _TIME.search(column.name) or column.dtype.is_temporal():
        return 1
    return 2 if column.dtype == pl.String and not _WORDS.search(column.name) else 3
