"""Which heading becomes which column, and what changed where one is new or gone."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

import pandera.polars as pa
import polars as pl

from ..contracts.columns import TableSchema
from ..contracts.model import Source
from ..contracts.names import snake, snake_all
from ..errors import ContractError
from ..tables.types import polars_type
from .casting import Casting
from .records import OWN
from .schema import facts, where

_SAMPLE = 100_000
_SAME = 0.9


@dataclass(frozen=True)
class Matched:
    """Heading of each column that the raw data have, and what is in only one of the two."""

    headings: dict[str, str]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]


def match(schema: pa.DataFrameSchema, headings: Iterable[str], ignore: Iterable[str]) -> Matched:
    """Match columns to headings: metadata `source` exactly, else the heading whose snake case is the name."""
    found = [heading for heading in headings if heading != OWN]
    ignored = set(ignore)
    by_name = {name: heading for heading, name in snake_all(h for h in found if h not in ignored).items()}
    matched = {}
    for name, column in schema.columns.items():
        source = facts(column).get("source")
        heading = source if source in found else None if source else by_name.get(name)
        if heading is None and name in found:  # extract.py may already have renamed it
            heading = name
        if heading is not None:
            matched[name] = heading
    missing = tuple(name for name, column in schema.columns.items() if name not in matched and column.required)
    unexpected = tuple(h for h in found if h not in ignored and h not in matched.values())
    return Matched(matched, missing, unexpected)


def check_types(matched: Matched, schema: pa.DataFrameSchema, raw: pl.LazyFrame) -> None:
    """Raises ContractError for columns whose raw values are lists or structs: nothing says which part is meant."""
    types = raw.collect_schema()
    problems = [
        f"{where(schema, name)}: column '{name}' comes as {types[heading]} under heading '{heading}', expected single "
        "values. Flatten it in extract.py, or drop the column and list its heading under source.ignore."
        for name, heading in matched.headings.items()
        if _nested(types[heading])
    ]
    if problems:
        raise ContractError.of(problems)


def _nested(dtype: pl.DataType) -> bool:
    return dtype.is_nested() or dtype == pl.Object


def castings(table: TableSchema, schema: pa.DataFrameSchema, matched: Matched, source: Source) -> list[Casting]:
    """How each column of `table` is read from the raw data; an optional column that is absent has no heading."""
    return [
        Casting(
            name=column.name,
            heading=matched.headings.get(column.name, ""),
            dtype=polars_type(column.type),
            kind=column.type,
            format=facts(schema.columns[column.name]).get("format"),
            missing=source.missing,
            decimal=source.decimal,
            thousands=source.thousands,
        )
        for column in table.columns
    ]


def difference(matched: Matched, schema: pa.DataFrameSchema, raw: pl.LazyFrame, last: pl.LazyFrame | None) -> list[str]:
    """One sentence for each column that is gone and each heading that is new; renamed ones are proposed as such."""
    renamed = _renamed(matched, raw, last)
    said = []
    for name in matched.missing:
        heading = facts(schema.columns[name]).get("source") or name
        if name in renamed:
            new, why = renamed[name]
            said.append(
                f"headings: '{heading}' is gone; new heading '{new}' {why}: renamed? "
                f'If so, give column \'{name}\' metadata={{"source": "{new}"}} in schema.py.'
            )
        else:
            said.append(
                f"headings: '{heading}' is gone, column '{name}' can't be filled. "
                f"Ask the source, or drop the column from schema.py (readers lose it)."
            )
    taken = {new for new, _ in renamed.values()}
    for heading in matched.unexpected:
        if heading not in taken:
            said.append(
                f"headings: '{heading}' is new. Add a column for it to schema.py, or list it under source.ignore."
            )
    return said


def _renamed(matched: Matched, raw: pl.LazyFrame, last: pl.LazyFrame | None) -> dict[str, tuple[str, str]]:
    free = list(matched.unexpected)
    found: dict[str, tuple[str, str]] = {}
    for name in matched.missing:
        if heading := _same_values(name, free, raw, last):
            found[name] = (heading, "holds the same values")
        elif close := get_close_matches(name, [snake(heading) for heading in free], 1):
            found[name] = (next(h for h in free if snake(h) == close[0]), "has a similar name")
        if name in found:
            free.remove(found[name][0])
    return found


def _same_values(name: str, headings: Iterable[str], raw: pl.LazyFrame, last: pl.LazyFrame | None) -> str | None:
    if last is None or name not in last.collect_schema().names():
        return None
    old = _values(last, name)
    shares = {heading: _overlap(old, _values(raw, heading)) for heading in headings}
    best = max(shares, key=shares.__getitem__, default=None)
    return best if best is not None and shares[best] >= _SAME else None


def _values(frame: pl.LazyFrame, name: str) -> set[str]:
    if _nested(frame.collect_schema()[name]):
        return set()
    texts = (
        frame.select(pl.col(name).cast(pl.String, strict=False).str.strip_suffix(".0")).head(_SAMPLE).unique().collect()
    )
    return {text for text in texts.to_series() if text}


def _overlap(old: set[str], new: set[str]) -> float:
    return len(old & new) / len(old | new) if old and new else 0.0
