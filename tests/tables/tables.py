"""Tables of every type of the format, for the tests of this room."""

import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl

from include.contracts.columns import Column, TableSchema
from include.tables.types import polars_type

KINDS = (
    *(f"{sign}int{bits}" for bits in (8, 16, 32, 64) for sign in ("", "u")),
    *("boolean", "float32", "float64", "string", "date", "timestamp", "timestamp_naive", "time", "decimal(10,2)"),
)
EXAMPLES: dict[str, list[Any]] = {
    "boolean": [True, False, None],
    "float32": [1.5, -0.0, None, float("nan"), float("-inf")],
    "float64": [0.1, -0.0, None, float("nan"), float("inf")],
    "string": ["Zürich", "", None, "a\nb", "日本"],
    "date": [dt.date(2023, 9, 28), dt.date(1899, 12, 31), None],
    "timestamp": [dt.datetime(2024, 2, 29, 23, 59, 59, 999_999, dt.UTC), dt.datetime(1960, 1, 1, tzinfo=dt.UTC), None],
    "timestamp_naive": [dt.datetime(2024, 2, 29, 1, 2, 3, 4), dt.datetime(1960, 1, 1), None],
    "time": [dt.time(1, 2, 3, 456), dt.time(0), None],
    "decimal(10,2)": [Decimal("12345678.90"), Decimal("-0.01"), None],
}


def schema_of(kinds: dict[str, str], key: tuple[str, ...] = ()) -> TableSchema:
    """A schema whose columns have these types, nullable unless in the key, with field ids from 1."""
    columns = (
        Column(name=name, id=number, type=kind, nullable=name not in key)
        for number, (name, kind) in enumerate(kinds.items(), start=1)
    )
    return TableSchema(columns=tuple(columns), key=key)


def every_type(rows: int) -> tuple[TableSchema, dict[str, list[Any]]]:
    """A table with a column of every type and `rows` rows."""
    kinds = {kind.partition("(")[0] + "_column": kind for kind in KINDS}
    examples = {kind: EXAMPLES.get(kind, [1, 0, 100, None]) for kind in KINDS}
    values = {name: [examples[kind][i % len(examples[kind])] for i in range(rows)] for name, kind in kinds.items()}
    return schema_of(kinds), values


def frame_of(schema: TableSchema, values: dict[str, list[Any]]) -> pl.DataFrame:
    """The values as a Polars frame of the schema's types."""
    return pl.DataFrame(
        [pl.Series(c.name, values[c.name], dtype=polars_type(c.type), strict=True) for c in schema.columns]
    )
