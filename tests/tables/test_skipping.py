"""Conditions for skipping row groups: what is known of a query's condition, and that the rest is left open."""

import datetime as dt
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from include.tables.skipping import condition

SCHEMA = pa.schema(
    [
        ("a", pa.int32()),
        ("b", pa.large_string()),
        ("f", pa.float64()),
        ("d", pa.date32()),
        ("t", pa.timestamp("us", "UTC")),
        ("m", pa.decimal128(10, 2)),
    ]
)
A, B, F, D, T, M = (pl.col(name) for name in SCHEMA.names)
DAY, MOMENT = dt.date(2020, 1, 1), dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("predicate", "known"),
    [
        (A == 5, pc.field("a") == pa.scalar(5, pa.int32())),
        (pl.lit(5) < A, pc.field("a") > pa.scalar(5, pa.int32())),
        (pl.lit(5) >= A, pc.field("a") <= pa.scalar(5, pa.int32())),
        (B >= "é", pc.field("b") >= pa.scalar("é", pa.large_string())),
        (D < DAY, pc.field("d") < pa.scalar(DAY)),
        (T > MOMENT, pc.field("t") > pa.scalar(MOMENT, pa.timestamp("us", "UTC"))),
        (Decimal("1.5") >= M, pc.field("m") <= pa.scalar(Decimal("1.50"), pa.decimal128(10, 2))),
        (
            A.is_between(3, 7),
            (pc.field("a") >= pa.scalar(3, pa.int32())) & (pc.field("a") <= pa.scalar(7, pa.int32())),
        ),
        (B.is_in(["x", "y"]), pc.field("b").isin(pa.array(["x", "y"], pa.large_string()))),
        ((A == 5) & (F > 1.0), pc.field("a") == pa.scalar(5, pa.int32())),
        (
            (A == 5) | (B == "x"),
            (pc.field("a") == pa.scalar(5, pa.int32())) | (pc.field("b") == pa.scalar("x", pa.large_string())),
        ),
    ],
)
def test_what_is_known(predicate: pl.Expr, known: pc.Expression) -> None:
    found = condition(predicate, SCHEMA)
    assert found is not None
    assert found.equals(known)


@pytest.mark.parametrize(
    "predicate",
    [
        dt.datetime(2020, 1, 1, 12) < D, pl.lit(5.5) > A, pl.lit(5) < B, pl.lit("5") == A,
        F > 1.0, float("nan") == F, (A == 5) | (F > 1.0), ~(A == 5), A != 5, A.is_null(), A.eq_missing(5), A + 1 > 5,
        A.cast(pl.Float64) > 5.5, pl.lit(5.5) == A, A == 2**40, pl.lit(None) == A, A.is_in([1, None]), F.is_in([1.0]),
        pl.col("a") == A, B.str.contains("x"), A.is_between(3, 7, closed="none"), pl.lit(value=True),
    ],
)  # fmt: skip
def test_what_is_left_open(predicate: pl.Expr) -> None:
    assert condition(predicate, SCHEMA) is None
