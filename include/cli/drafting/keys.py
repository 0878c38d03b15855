"""Which columns identify a row: the fewest, those named like identifiers first."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import combinations, islice
from math import prod

import polars as pl

from ...contracts.words import counted
from .guess import Guess
from .wording import shortened

_ID = re.compile(r"(^|_)(id|lei|isin|key|uuid|guid|code|number|no|nr|cik|identifier|ein|iso)(_|$)")
_PLACE = re.compile(r"(^|_)(zip|postal|postcode|phone|telephone|fax|house|street)(_|$)")
_TIME = re.compile(r"(^|_)(year|date|month|quarter|period|time|timestamp|hour|day)(_|$)")
_WORDS = re.compile(r"(^|_)(description|comment|note|notes|text|url|address|street|source|title)(_|$)")
_CANDIDATES, _TRIES, _MANY_TRIES = 12, 150, 3


@dataclass(frozen=True)
class Key:
    """The columns that no two rows share, none where there are none, and a word on one that nearly is the key."""

    names: tuple[str, ...] = ()
    note: str = ""


def key_of(typed: pl.DataFrame, columns: Sequence[Guess]) -> Key:
    """One to three columns that no two rows share; what is unique by chance, as dates and measures, comes last.

    Columns with missing values, without a heading, floats and booleans are no keys.
    """
    fit, rows = _fit(columns), typed.height
    counts = {column.name: typed[column.name].n_unique() for column in fit}
    ranked = sorted(fit, key=lambda column: (_rank(column), column is not columns[0]))
    for column in ranked:
        if counts[column.name] == rows and (_rank(column) == _Rank.ID or column is columns[0]):
            return Key((column.name,))
    for column in ranked:
        if _rank(column) == _Rank.ID and 0.9 * rows <= counts[column.name] < rows:
            return Key((), _repeating(typed[column.name], column.name, rows - counts[column.name]))
    unique = [column.name for column in ranked if counts[column.name] == rows]
    texts = [column.name for column in ranked if column.name in unique and _rank(column) == _Rank.TEXT]
    likely = [column for column in ranked if counts[column.name] > 1 and _rank(column) < _Rank.OTHER]
    likely.sort(key=lambda column: _Rank.ID if column is columns[0] else _rank(column))
    leading = [column.name for column in likely[:1] if column.name in unique]
    found = texts[:1] or leading or _several(typed, [column.name for column in likely], counts) or unique[:1]
    return Key(tuple(column.name for column in columns if column.name in found))


def _several(typed: pl.DataFrame, names: Sequence[str], counts: Mapping[str, int]) -> Sequence[str]:
    """The first two or three of `names` that no two rows share together."""
    for some in islice(_sets(names[:_CANDIDATES]), _TRIES):
        possible = prod(counts[name] for name in some) >= typed.height
        if possible and typed.select(pl.struct(some).n_unique()).item() == typed.height:
            return some
    return ()


def _repeating(values: pl.Series, name: str, more: int) -> str:
    """That a column would be the key but for a few rows."""
    again = values.filter(values.is_duplicated()).unique().sort().head(3)
    said = ", ".join(shortened(str(value), 30) for value in again)
    rows = f"{more:,} of {counted(len(values), 'record')}"
    return f"key: [{name}] but for {rows} that repeat{'s' if more == 1 else ''} the {name} of another ({said})"


def key_of_many(typed: pl.LazyFrame, columns: Sequence[Guess], rows: int) -> Key:
    """The same for a large table: only the columns most like identifiers are looked at, one at a time."""
    ranked = sorted(_fit(columns), key=lambda column: (_rank(column), column is not columns[0]))
    for column in ranked[:_MANY_TRIES]:
        if typed.select(pl.col(column.name).n_unique()).collect(engine="streaming").item() == rows:
            return Key((column.name,))
    return Key()


def _fit(columns: Sequence[Guess]) -> list[Guess]:
    """Columns with a heading, without missing values, whose values can be told apart exactly."""
    fit = [each for each in columns if not each.nulls and _can_identify(each.dtype)]
    return [each for each in fit if not re.fullmatch(r"column_\d+", each.heading)]


def _can_identify(dtype: pl.DataType) -> bool:
    return dtype.is_integer() or dtype.is_temporal() or dtype == pl.String


def _sets(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    yield from combinations(names, 2)
    yield from combinations(names, 3)


class _Rank(IntEnum):
    """How likely a column tells rows apart."""

    ID, TIME, TEXT, OTHER = range(4)


def _rank(column: Guess) -> _Rank:
    """Identifiers, then times, then texts, then what measures or describes."""
    if _ID.search(column.name) and not _PLACE.search(column.name):
        return _Rank.ID
    if _TIME.search(column.name) or column.dtype.is_temporal():
        return _Rank.TIME
    return _Rank.TEXT if column.dtype == pl.String and not _WORDS.search(column.name) else _Rank.OTHER
