"""All that a draft says of the records of a table: columns, number style, key, repeats."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from ...contracts.words import counted
from ...extraction import author
from ...extraction.read import Reading
from ...extraction.sink import RECORD
from . import keys, naming
from .files import Look
from .guess import Guess, guess, style_of

ALL_ROWS, SAMPLE = 1_000_000, 200_000
_TEXTUAL = ("csv", "excel", "json", "jsonl", "xml")
Style = tuple[str, str | None]


@dataclass(frozen=True)
class Seen:
    """What was found in `rows` records."""

    rows: int
    columns: list[Guess]
    matched: dict[str, str]
    """Heading to the name that the engine finds by itself."""
    style: Style
    """Decimal sign and thousands separator."""
    ignored: dict[str, str]
    """Headings that cannot be stored, and why."""
    has_nan: bool
    """Whether columns of numbers hold NaN, which is none."""
    key: keys.Key
    repeated: int
    """Records that equal another in every column."""

    @property
    def looked(self) -> str:
        """Which records the types come from."""
        if self.rows <= ALL_ROWS:
            return f"all {counted(self.rows, 'record')}" if self.rows != 1 else "its only record"
        return f"{SAMPLE:,} of {self.rows:,} records, held against all of them"


def examine(reading: Reading, found: Look) -> Seen:
    """Looks at all records, or beyond `ALL_ROWS` at evenly spaced ones first; columns are read one at a time."""
    table = author.apply(
        None, {place: pl.scan_parquet(path, glob=False) for place, path in reading.frames.items()}
    ).table
    types = {heading: dtype for heading, dtype in table.collect_schema().items() if heading != RECORD}
    rows = int(table.select(pl.len()).collect().item())
    sample = table if rows <= ALL_ROWS else table.gather_every(rows // SAMPLE)
    ignored = {heading: why for heading, dtype in types.items() if (why := _unfit(heading, dtype))}
    kept = [heading for heading in types if heading not in ignored]
    names = naming.columns(kept)
    style = _style(sample, types, found)
    columns = [_column(heading, names[heading], sample, style, found) for heading in kept]
    if rows > ALL_ROWS:
        columns = _held_against_all(columns, table, types, style)
    columns, has_nan = _with_nan(
        [replace(c, nulls=_count(table, pl.col(c.heading).is_null())) for c in columns], table, types
    )
    key, repeated = _identity(columns, table, types, style, rows)
    return Seen(rows, columns, naming.by_engine(kept), style, ignored, has_nan, key, repeated)


def _unfit(heading: str, dtype: pl.DataType) -> str:
    """Why a column can't be stored; empty where it can."""
    if dtype.is_nested() or isinstance(dtype, pl.Binary | pl.Duration | pl.Object):
        return f"{heading} holds {dtype}: take it apart in extract.py if it is wanted"
    return ""


def _style(sample: pl.LazyFrame, types: Mapping[str, pl.DataType], found: Look) -> Style:
    if found.kind not in _TEXTUAL:
        return ".", None
    texts = (sample.select(h).collect().to_series() for h, dtype in types.items() if dtype == pl.String)
    return style_of(texts, found.delimiter)


def _column(heading: str, name: str, sample: pl.LazyFrame, style: Style, found: Look) -> Guess:
    values = sample.select(heading).collect().to_series()
    return guess(heading, name, values, style, typed=found.kind == "parquet")


def _held_against_all(
    columns: list[Guess], table: pl.LazyFrame, types: Mapping[str, pl.DataType], style: Style
) -> list[Guess]:
    """`columns` without checks that only a sample passed, except `lei`; as text where a record is of another type."""
    castings = [column.casting(style) for column in columns]
    unread = table.select(
        (c.given(types[c.heading]) & c.expression(types[c.heading]).is_null()).sum().alias(c.name) for c in castings
    ).collect(engine="streaming")
    return [
        replace(c, checks={}, dtype=pl.String(), format=None, unit=None)
        if unread[c.name].item()
        else replace(c, checks={name: value for name, value in c.checks.items() if name == "lei"})
        for c in columns
    ]


def _with_nan(columns: list[Guess], table: pl.LazyFrame, types: Mapping[str, pl.DataType]) -> tuple[list[Guess], bool]:
    """Missing values as the engine counts them where NaN means one: also the text, in columns of text."""
    floats = [c for c in columns if types[c.heading].is_float()]
    if not any(_count(table, pl.col(c.heading).is_nan()) for c in floats):
        return columns, False
    return [replace(c, nulls=c.nulls + _count(table, _nan(c.heading, types[c.heading]))) for c in columns], True


def _nan(heading: str, dtype: pl.DataType) -> pl.Expr:
    if dtype.is_float():
        return pl.col(heading).is_nan()
    return pl.col(heading) == "NaN" if dtype == pl.String else pl.lit(False)


def _count(table: pl.LazyFrame, condition: pl.Expr) -> int:
    return int(table.select(condition.fill_null(False).sum()).collect().item())


def _identity(
    columns: list[Guess], table: pl.LazyFrame, types: Mapping[str, pl.DataType], style: Style, rows: int
) -> tuple[keys.Key, int]:
    """The key, and how many records equal another in every column (not counted in a large table)."""
    castings = [column.casting(style) for column in columns]
    typed = table.select(casting.expression(types[casting.heading]) for casting in castings)
    if rows > ALL_ROWS:
        return keys.key_of_many(typed, columns, rows), 0
    whole = typed.collect()
    distinct = whole.n_unique() if whole.width else rows
    return keys.key_of(whole.unique() if distinct < rows else whole, columns), rows - distinct
