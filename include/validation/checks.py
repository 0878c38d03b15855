"""Pandera over a table: every failing row with every rule it fails.

Checks that look at one row at a time run on batches, as eager frames: on a LazyFrame Pandera skips value checks without
a word. An author's own checks may look across rows, so each runs once over the whole table.
"""

from collections.abc import Collection
from copy import copy
from dataclasses import dataclass
from typing import Any

import pandera.polars as pa
import polars as pl
from pandera.api.checks import Check
from pandera.errors import SchemaError, SchemaErrorReason, SchemaErrors

from ..errors import ContractError
from .casting import Casting
from .rules import Rule, of_column, of_table, row_wise
from .schema import where

TOGETHER = 16
FAILURE: dict[str, pl.DataType] = {"row": pl.Int64(), "rule": pl.UInt16(), "other": pl.Int64()}
"""A failure: position of the row in the extracted file, position of the rule, and the row it repeats, if so."""


@dataclass(frozen=True)
class Checks:
    """The schema that batches run through, and where their checks are in `rules`, the rules on rows in report order."""

    schema: pa.DataFrameSchema
    batch: list[pa.DataFrameSchema]
    rules: list[Rule]
    places: dict[str, int]
    by_check: dict[tuple[str, int], int]
    wide: list[int]


def prepare(schema: pa.DataFrameSchema, castings: list[Casting], waived: Collection[str], more: list[Rule]) -> Checks:
    """The rules of `schema` in column order, followed by those across columns and `more`."""
    rules: list[Rule] = []
    by_check: dict[tuple[str, int], int] = {}
    columns: dict[str, pa.Column] = {}
    for casting in castings:
        name, field = casting.name, schema.columns[casting.name]
        rules.append(Rule(f"{name}.type", "error", casting.says, name))
        rules.append(Rule(f"{name}.nullable", "error", " is missing", name))
        batched = [check for check in field.checks if row_wise(check)]
        by_check |= {(name, number): len(rules) + number for number in range(len(batched))}
        rules += [of_column(name, check, waived) for check in (*batched, *(c for c in field.checks if not row_wise(c)))]
        if batched:  # missing values are counted without Pandera, which would report those that can't be read too
            columns[name] = pa.Column(casting.dtype, [_counted(check) for check in batched], nullable=True)
    rules += [of_table(schema, check, waived) for check in schema.checks]
    wide = [n for n, rule in enumerate(rules) if rule.check is not None and n not in by_check.values()]
    rules += more
    places = {rule.id: number for number, rule in reversed(list(enumerate(rules)))}
    return Checks(schema, _few(columns), rules, places, by_check, wide)


def _few(columns: dict[str, pa.Column]) -> list[pa.DataFrameSchema]:
    """Schemas of at most TOGETHER columns each: for every check, Pandera plans over all columns of its frame."""
    names = list(columns)
    parts = (names[first : first + TOGETHER] for first in range(0, len(names), TOGETHER))
    return [pa.DataFrameSchema({name: columns[name] for name in part}) for part in parts]


def batch_failures(checks: Checks, typed: pl.DataFrame) -> pl.DataFrame:
    """FAILURE rows of one batch, with positions in the batch."""
    found: list[SchemaError] = []
    for schema in checks.batch:
        try:
            schema.validate(typed.select(list(schema.columns)), lazy=True)
        except SchemaErrors as errors:
            found += errors.schema_errors
    return failures(*(_failure(checks, error) for error in found))


def wide_failures(checks: Checks, table: pl.LazyFrame, merged: pl.Series) -> pl.DataFrame:
    """FAILURE rows of the checks that may look across rows, over all rows of `table` but the `merged` ones."""
    if not checks.wide:
        return failures()
    rows = table.select(pl.row_index().cast(pl.Int64).alias("row")).collect().to_series()
    if len(merged):
        stay = ~rows.is_in(merged.implode())
        rows, table = rows.filter(stay), table.filter(stay)
    return failures(*(of_rule(number, _failing(checks, checks.rules[number], table, rows)) for number in checks.wide))


def of_rule(rule: int, rows: pl.Series, other: pl.Series | None = None) -> pl.DataFrame:
    """FAILURE rows of one rule."""
    return pl.select(row=rows, rule=pl.lit(rule, pl.UInt16), other=pl.lit(None, pl.Int64) if other is None else other)


def failures(*found: pl.DataFrame) -> pl.DataFrame:
    """All of `found`, by row and rule."""
    return pl.concat([pl.DataFrame(schema=FAILURE), *(frame.cast(pl.Schema(FAILURE)) for frame in found)]).sort(
        "row", "rule"
    )


def _counted(check: Check) -> Check:
    """The check as one that reports its rows: Pandera turns a warning into text and drops the rows."""
    reporting = copy(check)
    reporting.raise_warning = False
    return reporting


def _failure(checks: Checks, error: SchemaError) -> pl.DataFrame:
    name = str(error.schema.name)
    if error.reason_code is not SchemaErrorReason.DATAFRAME_CHECK or error.check_index is None:
        raise ContractError(
            f"{where(checks.schema, name)}: a check of column '{name}' can't run: {error}. "
            "Does the check suit the column's type?"
        ) from error
    return of_rule(checks.by_check[name, error.check_index], (~_column(error.check_output)).arg_true())


def _column(output: Any) -> pl.Series:
    return pl.DataFrame(output).to_series(0)


def _failing(checks: Checks, rule: Rule, table: pl.LazyFrame, rows: pl.Series) -> pl.Series:
    check, at = rule.check, where(checks.schema, rule.column)
    assert check is not None
    try:
        passed = check(table, rule.column).check_output.collect().to_series(0)
    except Exception as error:  # an author's check may raise anything
        raise ContractError(
            f"{at}: check '{rule.id}' can't run: {type(error).__name__}: {error}. Correct it."
        ) from error
    if len(passed) != len(rows):
        raise ContractError(
            f"{at}: check '{rule.id}' gave {len(passed)} answers, expected one for each of {len(rows)} rows. "
            "Return one true-or-false column made from data.lazyframe."
        )
    return rows.filter(~passed)
