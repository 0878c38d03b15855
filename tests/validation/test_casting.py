"""Text and typed values to types, exactly or not at all."""

import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from include.tables.types import polars_type
from include.validation.casting import Casting, cast

UTC = dt.UTC


def read(kind: str, values: list[Any], **how: Any) -> list[Any]:
    column = Casting("x", "x", polars_type(kind), kind, **how)
    return cast(pl.Series("x", values), column).to_list()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12), ("+5", 5), ("-0", 0), ("007", 7), ("12.0", 12), ("1e3", 1000),
        ("9223372036854775807", 2**63 - 1), ("9223372036854775808", None), ("12.5", None), ("1,234", None),
        (" 5", None), ("0x10", None), ("1_000", None), ("twelve", None), ("", None), ("NaN", None),
    ],
)  # fmt: skip
def test_whole_numbers(text: str, number: int | None) -> None:
    assert read("int64", [text]) == [number]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.5", 1.5), ("-.5", -0.5), ("5.", 5.0), ("1e-3", 0.001), ("0.1", 0.1),
        ("1,5", None), ("inf", None), ("NaN", None), ("1e400", None), ("1.5 MW", None),
    ],
)  # fmt: skip
def test_numbers(text: str, number: float | None) -> None:
    assert read("float64", [text]) == [number]


def test_separators_of_the_contract_must_stand_where_they_belong() -> None:
    assert read("float64", ["1.234,5", "1234,5", "1.500", "1.5", "1,234.5"], decimal=",", thousands=".") == [
        1234.5, 1234.5, 1500.0, None, None,
    ]  # fmt: skip
    assert read("int64", ["1,234", "12,34", "1234"], thousands=",") == [1234, None, 1234]
    assert read("float64", ["1 234,5"], decimal=",", thousands=" ") == [1234.5]


def test_narrow_types_refuse_what_does_not_fit() -> None:
    assert read("int8", ["127", "128", "-128", "-129"]) == [127, None, -128, None]
    assert read("uint16", ["65535", "65536", "-1"]) == [65535, None, None]
    assert read("float32", ["1e39", "1.5"]) == [None, 1.5]


def test_decimals_are_never_rounded() -> None:
    assert read("decimal(10,2)", ["1.005", "1.5", "1.500", "123456789.12", "1e2"]) == [
        None, Decimal("1.50"), Decimal("1.50"), None, None,
    ]  # fmt: skip


def test_true_and_false_in_any_case() -> None:
    assert read("boolean", ["true", "F", "YES", "n", "1", "0"]) == [True, False, True, False, True, False]
    assert read("boolean", ["2", "on", ""]) == [None, None, None]


def test_dates_are_iso_or_in_the_format_given() -> None:
    assert read("date", ["2020-02-29", "2020-01-01T00:00:00", "2020-01-01 00:00:00"]) == [
        dt.date(2020, 2, 29), dt.date(2020, 1, 1), dt.date(2020, 1, 1),
    ]  # fmt: skip
    assert read("date", ["2021-02-29", "01/02/2020", "2020-01-01 12:00:00", "20200101"]) == [None] * 4
    assert read("date", ["01/02/2020", "2020-01-01"], format="%d/%m/%Y") == [dt.date(2020, 2, 1), None]


def test_points_in_time_need_their_zone_and_naive_ones_must_have_none() -> None:
    texts = ["2020-01-01T12:00:00Z", "2020-01-01 12:00:00+02:00", "2020-01-01T12:00:00"]
    assert read("timestamp", texts) == [
        dt.datetime(2020, 1, 1, 12, tzinfo=UTC), dt.datetime(2020, 1, 1, 10, tzinfo=UTC), None,
    ]  # fmt: skip
    assert read("timestamp_naive", texts) == [None, None, dt.datetime(2020, 1, 1, 12)]
    assert read("time", ["12:30", "12:30:01", "25:00"]) == [dt.time(12, 30), dt.time(12, 30, 1), None]


def test_years_that_most_readers_do_not_know_are_no_dates() -> None:
    days = ["0000-01-01", "0001-01-01", "9999-12-31", "+10000-01-01"]
    assert read("date", days) == [None, dt.date(1, 1, 1), dt.date(9999, 12, 31), None]
    assert read("timestamp_naive", [f"{day}T23:59:59.999999" for day in days]) == [
        None, dt.datetime(1, 1, 1, 23, 59, 59, 999999), dt.datetime.max, None,
    ]  # fmt: skip
    assert read("timestamp", ["0001-01-01T00:00:00+01:00", "0001-01-01T00:00:00Z"]) == [
        None, dt.datetime(1, 1, 1, tzinfo=UTC),
    ]  # fmt: skip
    stored = pl.DataFrame({"x": pl.Series([-(2**62), 0]).cast(pl.Datetime("us", "UTC"))})
    column = Casting("x", "x", pl.Datetime("us", "UTC"), "timestamp")
    assert stored.select(column.expression(stored.schema["x"])).to_series().to_physical().to_list() == [None, 0]


def test_strings_stay_as_they_are() -> None:
    """Fault 19 and 20: formulas, NA, null, blanks and NUL are values."""
    texts = ["NA", "null", "None", " ", "\t", "=HYPERLINK(1)", "a\x00b", "\ufeffx", "Ärger"]
    assert read("string", texts) == texts


def test_only_listed_texts_are_missing_even_where_they_would_be_values() -> None:
    assert read("string", ["NA", "", "n/a"], missing=("", "NA")) == [None, None, "n/a"]
    assert read("int64", ["-999", "5"], missing=("", "-999")) == [None, 5]
    column = Casting("x", "x", pl.Int64(), "int64", missing=("", "-999"))
    frame = pl.DataFrame({"x": ["-999", "", "y", None]})
    assert frame.select(column.given(pl.String())).to_series().to_list() == [False, False, True, False]


def test_typed_values_are_converted_only_without_loss() -> None:
    assert read("int8", [1, 300, -129]) == [1, None, None]
    assert read("int64", [1.0, 1.5, float("nan")]) == [1, None, None]
    assert read("float64", [1, 2**53 + 1]) == [1.0, None]
    assert read("float64", [1.5, float("inf"), float("nan")]) == [1.5, None, None]
    assert read("boolean", [0, 1, 2]) == [False, True, None]
    assert read("string", [7, 8]) == ["7", "8"]
    assert read("string", [[1], [2]]) == [None, None]
    assert read("date", [dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 1, 5)]) == [dt.date(2020, 1, 1), None]
    assert read("timestamp", [dt.datetime(2020, 1, 1)]) == [None]
