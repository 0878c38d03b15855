"""Which columns identify a row: the fewest, those named like identifiers first."""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, islice

import polars as pl

from .guess import Guess

MOST_ROWS = 3_000_000
_ID = re.compile(r"(^|_)(id|lei|isin|key|uuid|guid|code|number|no|nr|cik|identifier|ein|iso)(_|$)")
_TIME = re.compile(r"(^|_)(year|date|month|quarter|period|time|timestamp|hour|day)(_|$)")
_WORDS = re.compile(r"(^|_)(description|comment|note|notes|text|url|address|street|source|title)(_|$)")
_CANDIDATES, _TRIES = 12, 150


def key_of(typed: pl.LazyFrame, columns: Sequence[Guess], rows: int) -> tuple[str, ...]:
    """The names of one to three columns that no two rows share; empty where there are none, or no rows.

    Columns with missing values, floats and booleans are no keys.
    """
    names = [each.name for each in columns if not each.nulls and _can_identify(each.dtype)]
    if not rows or not names:
        return ()
    frame = typed.select(names).collect()
    counts = {name: frame[name].n_unique() for name in names}
    for name in sorted(names, key=lambda each: _rank(each, names)):
        if counts[name] == rows:
            return (name,)
    likely = sorted((n for n in names if counts[n] > 1), key=lambda each: _rank(each, names))[:_CANDIDATES]
    for some in islice(_sets(likely), _TRIES):
        product = 1
        for name in some:
            product *= counts[name]
        if product >= rows and frame.select(pl.struct(some).n_unique()).item() == rows:
            return tuple(sorted(some, key=names.index))
    return ()


def _can_identify(dtype: pl.DataType) -> bool:
    return dtype.is_integer() or dtype.is_temporal() or dtype == pl.String


def _sets(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    yield from combinations(names, 2)
    yield from combinations(names, 3)


def _rank(name: str, names: Sequence[str]) -> tuple[int, int]:
    """Identifiers, then times, then the rest in their order, then what describes."""
    likeness = 0 if _ID.search(name) else 1 if _TIME.search(name) else 3 if _WORDS.search(name) else 2
    return likeness, names.index(name)
