"""What columns hold, before and after: bins with common labels, estimates that are near, drift that is seen."""

import datetime as dt
import math
import random

import polars as pl
import pytest

from include.diff import distinct, sides
from include.diff.distinct import Distinct
from include.diff.model import ColumnDiff, TableDiff
from include.tables.drift import psi
from tests.diff.tables import difference

CHANCE = random.Random(1)
ROWS = 2_000


def column(diff: TableDiff, name: str) -> ColumnDiff:
    return next(one for one in diff.columns if one.name == name)


def numbers(mean: float) -> list[float]:
    return [CHANCE.gauss(mean, 10) for _ in range(ROWS)]


BEFORE = pl.DataFrame(
    {
        "id": range(ROWS),
        "mw": numbers(50),
        "steady": numbers(0),
        "year": [1990 + CHANCE.randrange(30) for _ in range(ROWS)],
        "fuel": [CHANCE.choice(["coal", "coal", "gas", None]) for _ in range(ROWS)],
        "name": [f"plant {n}" for n in range(ROWS)],
        "day": [dt.date(2000, 1, 1) + dt.timedelta(days=CHANCE.randrange(7_000)) for _ in range(ROWS)],
        "seen": [
            dt.datetime(2020, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=CHANCE.randrange(1_000)) for _ in range(ROWS)
        ],
        "flag": [CHANCE.random() < 0.2 for _ in range(ROWS)],
    }
)
AFTER = BEFORE.with_columns(
    mw=pl.Series(numbers(65)), fuel=pl.col("fuel").replace({"gas": "wind"}), flag=~pl.col("flag")
)
DIFF = difference(BEFORE, AFTER, ("id",))


@pytest.mark.parametrize("name", BEFORE.columns[1:])
def test_both_sides_have_the_same_bins_and_every_row_is_in_one(name: str) -> None:
    found = column(DIFF, name)
    assert found.before is not None
    assert found.after is not None
    labels = [one.label for one in found.before.bins]
    assert labels == [one.label for one in found.after.bins]
    assert len(labels) in range(2, 15) or name == "name"
    for profile, rows in ((found.before, BEFORE), (found.after, AFTER)):
        assert sum(one.rows for one in profile.bins) == (ROWS - rows[name].null_count() if labels else 0)


@pytest.mark.parametrize("name", ["mw", "steady", "year", "fuel", "day", "flag"])
def test_drift_is_the_stability_index_of_the_whole_column(name: str) -> None:
    found = column(DIFF, name)
    expected = psi(BEFORE[name], AFTER[name])
    assert found.psi == pytest.approx(expected, abs=1e-6)
    assert found.drifted is (expected > 0.25)
    assert found.drifted is (name in ("mw", "fuel", "flag"))


def test_ranges_are_round_and_cut_where_hardly_anything_lies() -> None:
    rows = pl.DataFrame({"id": range(1_001), "x": [*map(float, range(1_000)), 1e12]})
    profile = column(difference(rows, rows, ("id",)), "x").after
    assert profile is not None
    assert [one.label for one in profile.bins] == [
        "≤ 0", *(f"{n} to {n + 100}" for n in range(0, 1_000, 100)), "> 1000",
    ]  # fmt: skip
    assert [one.rows for one in profile.bins] == [1, *[100] * 9, 99, 1]
    assert (profile.minimum, profile.maximum) == ("0", "1000000000000")


def test_years_and_days_are_cut_where_people_would() -> None:
    years, days, seconds = (column(DIFF, name).after for name in ("year", "day", "seen"))
    assert years is not None
    assert days is not None
    assert seconds is not None
    assert [one.label for one in years.bins] == [
        "≤ 1990", "1991 to 1995", "1996 to 2000", "2001 to 2005", "2006 to 2010", "2011 to 2015", "2016 to 2020",
    ]  # fmt: skip
    assert days.bins[0].label == "2000-01-01 to 2001-12-31"
    assert seconds.bins[1].label == "2020-01-01 to 2020-01-01 00:01:40"


def test_text_shows_its_most_frequent_values_and_the_rest() -> None:
    fuel, name = column(DIFF, "fuel"), column(DIFF, "name")
    assert fuel.before is not None
    assert fuel.after is not None
    assert name.before is not None
    coal, gas = ((BEFORE["fuel"] == value).sum() for value in ("coal", "gas"))
    assert [(one.label, one.rows) for one in fuel.before.bins] == [("coal", coal), ("gas", gas), ("wind", 0)]
    assert [(one.label, one.rows) for one in fuel.after.bins] == [("coal", coal), ("gas", 0), ("wind", gas)]
    assert name.before.bins == (), "each value comes once"
    many = pl.DataFrame({"id": range(300), "x": [f"v{n % 20:02d}" for n in range(300)]})
    shown = column(difference(many, many, ("id",)), "x").before
    assert shown is not None
    assert [(one.label, one.rows) for one in shown.bins] == [*((f"v{n:02d}", 15) for n in range(8)), ("others", 180)]


def test_values_that_are_no_numbers_stand_apart() -> None:
    rows = pl.DataFrame({"id": range(6), "x": [1.0, 2.0, math.nan, math.inf, -math.inf, None]})
    profile = column(difference(rows, rows, ("id",)), "x").after
    assert profile is not None
    assert profile.mean == 1.5
    assert (profile.minimum, profile.maximum) == ("-inf", "inf")
    assert ("NaN", 1) in [(one.label, one.rows) for one in profile.bins]
    assert sum(one.rows for one in profile.bins) == 5


def test_the_mean_of_what_floats_can_not_add_is_not_told() -> None:
    rows = pl.DataFrame({"id": [1, 2], "x": [1.7e308, 1.7e308]})
    profile = column(difference(rows, rows, ("id",)), "x").after
    assert profile is not None
    assert profile.mean is None


def test_long_text_is_cut() -> None:
    rows = pl.DataFrame({"id": [1], "x": ["long " * 100]})
    profile = column(difference(rows, rows, ("id",)), "x").after
    assert profile is not None
    assert profile.minimum is not None
    assert len(profile.minimum) == 80


def test_a_table_larger_than_the_sample_is_counted_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where to cut is taken from a sample; every figure is of all rows."""
    monkeypatch.setattr(sides, "_SAMPLE", 400)
    found = difference(BEFORE, AFTER, ("id",))
    for one, whole in zip(found.columns, DIFF.columns, strict=True):
        for profile, known in ((one.before, whole.before), (one.after, whole.after)):
            assert profile is not None
            assert known is not None
            assert profile.model_copy(update={"bins": ()}) == known.model_copy(update={"bins": ()})
            assert sum(b.rows for b in profile.bins) == sum(b.rows for b in known.bins)


@pytest.mark.parametrize("values", [10, 4_000, 5_000, 100_000])
def test_different_values_are_counted_or_estimated_within_a_few_percent(values: int) -> None:
    counter = Distinct(rows=10 * values + 250_001)
    for seed in range(3):
        some = pl.Series(range(values)).shuffle(seed=seed)
        for part in (some, some.head(values // 2)):
            counter.add(part.hash())
    count, estimated = counter.result()
    assert estimated is (values >= distinct.LEAST)
    assert count == pytest.approx(values, rel=0.06 if estimated else 0)


def test_estimates_are_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distinct, "SMALL", 1_000)
    monkeypatch.setattr(distinct, "LEAST", 500)
    found = {one.name: one.after for one in difference(BEFORE, AFTER, ("id",)).columns}
    estimated = {name for name, profile in found.items() if profile and profile.estimated}
    assert estimated == {"mw", "steady", "name", "day", "seen"}
    assert found["id"] is not None
    assert found["id"].distinct == ROWS, "a key is counted as rows are matched"
    assert found["name"] is not None
    assert found["name"].distinct == pytest.approx(ROWS, rel=0.2)
