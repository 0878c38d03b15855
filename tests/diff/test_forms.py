"""Values of two types are equal where both say the same."""

import datetime as dt
import math
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from include.diff.forms import formed, meet
from include.tables.types import polars_type
from tests.diff.tables import apart

DAY = dt.date(2020, 2, 29)
MOMENT = dt.datetime(2020, 2, 29)

SAME: list[tuple[str, Any, str, Any]] = [
    ("int64", 5, "float64", 5.0),
    ("int64", 2**62 + 1, "decimal(38,2)", Decimal(2**62 + 1)),
    ("uint64", 2**64 - 1, "decimal(20,0)", Decimal(2**64 - 1)),
    ("int64", 10, "string", "10"),
    ("int64", 10, "string", "10.0"),
    ("float64", 0.1, "string", "0.1"),
    ("float64", 0.1, "string", "1e-1"),
    ("float64", 1e20, "string", "100000000000000000000"),
    ("float64", -0.0, "string", "0"),
    ("float32", 0.1, "float64", 0.1),
    ("float32", 0.1, "string", "0.1"),
    ("decimal(10,2)", Decimal("1.10"), "float64", 1.1),
    ("decimal(10,2)", Decimal("1.10"), "decimal(12,4)", Decimal("1.1000")),
    ("decimal(38,30)", Decimal("1.5"), "decimal(38,2)", Decimal("1.50")),
    ("decimal(10,2)", Decimal("100.00"), "string", "100"),
    ("boolean", True, "string", "True"),
    ("boolean", True, "int8", 1),
    ("date", DAY, "string", "2020-02-29"),
    ("date", DAY, "timestamp", MOMENT.replace(tzinfo=dt.UTC)),
    ("timestamp", MOMENT.replace(tzinfo=dt.UTC), "timestamp_naive", MOMENT),
    ("timestamp_naive", MOMENT, "string", "2020-02-29"),
    ("timestamp", MOMENT.replace(tzinfo=dt.UTC), "string", "2020-02-29T00:00:00Z"),
    ("time", dt.time(1, 2, 3), "string", "01:02:03"),
    ("float64", math.nan, "float32", math.nan),
]
OTHER: list[tuple[str, Any, str, Any]] = [
    ("int64", 7, "string", "007"),
    ("float64", 7.0, "string", "007"),
    ("int64", 7, "string", " 7"),
    ("int64", 7, "float64", 7.5),
    ("int64", None, "string", ""),
    ("int64", 2**62 + 1, "decimal(38,0)", Decimal(2**62)),
    ("float64", math.nan, "float32", None),
    ("decimal(10,2)", Decimal("1.10"), "decimal(12,4)", Decimal("1.1001")),
    ("boolean", True, "string", "yes"),
    ("boolean", False, "int8", 1),
    ("date", DAY, "string", "29.02.2020"),
    ("date", DAY, "timestamp_naive", MOMENT.replace(hour=1)),
    ("timestamp", MOMENT.replace(tzinfo=dt.UTC), "timestamp_naive", MOMENT.replace(second=1)),
    ("date", DAY, "int64", 18321),
]


def differ(before: str, old: Any, after: str, new: Any) -> bool:
    values = pl.DataFrame([pl.Series("b", [old], polars_type(before)), pl.Series("a", [new], polars_type(after))])
    forms = values.select(formed(pl.col("b"), before, after), formed(pl.col("a"), after, before))
    assert forms.dtypes == [polars_type(meet(before, after))] * 2
    return bool(forms.select(pl.col("b").ne_missing(pl.col("a"))).item())


@pytest.mark.parametrize(("before", "old", "after", "new"), SAME)
def test_what_says_the_same_is_equal(before: str, old: Any, after: str, new: Any) -> None:
    assert not differ(before, old, after, new)
    assert not differ(after, new, before, old)
    assert meet(before, after) == meet(after, before)


@pytest.mark.parametrize(("before", "old", "after", "new"), OTHER)
def test_what_says_something_else_differs(before: str, old: Any, after: str, new: Any) -> None:
    assert differ(before, old, after, new)
    assert differ(after, new, before, old)


def test_every_two_types_meet() -> None:
    kinds = ["boolean", "int8", "uint64", "float32", "string", "date", "timestamp", "timestamp_naive", "time"]
    for one in [*kinds, "decimal(38,10)"]:
        for other in [*kinds, "decimal(5,5)"]:
            assert differ(one, None, other, None) is False


def test_a_retyped_key_still_matches_its_rows() -> None:
    """Text is in another order than numbers: 10 before 9."""
    before = pl.DataFrame({"id": range(30), "x": [f"v{n}" for n in range(30)]})
    after = before.with_columns(pl.col("id").cast(pl.String))
    diff = apart(before, after, ("id",))
    assert [(c.kind, c.before, c.after) for c in diff.schema_changes] == [("retyped", "int64", "string")]
    assert (diff.counts.unchanged, diff.counts.changed) == (30, 0)
