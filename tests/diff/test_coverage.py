"""Values that only one side has are told: countries lost, years that came."""

import polars as pl

from include.diff.model import Part, TableDiff
from tests.diff.tables import difference

COUNTRIES = [f"C{n:02d}" for n in range(40)]


def table(countries: list[str] = COUNTRIES, years: range = range(2000, 2024)) -> pl.DataFrame:
    rows = [(country, year, f"region {country[:2]}", year * 1.5) for country in countries for year in years]
    return pl.DataFrame(rows, schema=["country", "year", "region", "x"], orient="row")


def told(diff: TableDiff) -> dict[str, tuple[bool, int, int, int, int]]:
    return {c.column: (c.key, c.lost_values, c.lost_rows, c.gained_values, c.gained_rows) for c in diff.coverage}


def test_lost_countries_and_years_that_came() -> None:
    diff = difference(table(), table(COUNTRIES[2:], range(2000, 2026)), ("country", "year"))
    assert told(diff) == {"country": (True, 2, 48, 0, 0), "year": (True, 0, 0, 2, 76)}
    country, year = diff.coverage
    assert country.lost == (Part(value="C00", rows=24), Part(value="C01", rows=24))
    assert year.gained == (Part(value="2024", rows=38), Part(value="2025", rows=38))
    assert (diff.counts.removed, diff.counts.added) == (48, 76)


def test_categories_beside_the_key_are_told_after_it() -> None:
    before = table().with_columns(id=pl.int_range(pl.len()))
    after = before.filter(pl.col("country") >= "C10")
    diff = difference(before, after, ("id",))
    assert told(diff) == {"country": (False, 10, 240, 0, 0), "region": (False, 1, 240, 0, 0)}


def test_a_rare_category_that_goes_is_no_news_beside_the_key() -> None:
    before = pl.DataFrame({"id": range(100), "kind": ["a"] * 97 + ["b"] * 3})
    diff = difference(before, before.head(97), ("id",))
    assert diff.coverage == ()


def test_a_single_value_of_the_key_is_news() -> None:
    before = table()
    gone = (pl.col("country") == "C07") & (pl.col("year") > 2000)
    diff = difference(before.filter(~gone), before.filter(pl.col("country") != "C07"), ("country", "year"))
    assert told(diff) == {"country": (True, 1, 1, 0, 0)}


def test_what_moved_is_not_lost() -> None:
    before = table().with_columns(x=pl.int_range(pl.len()) * 1.7)
    after = before.filter(pl.col("country") != "C01").with_columns(pl.col("country").replace({"C05": "New"}))
    diff = difference(before, after, ("country", "year"))
    assert (diff.counts.moved, diff.counts.removed) == (24, 24)
    assert told(diff)["country"] == (True, 1, 24, 0, 0)


def test_only_the_largest_are_listed() -> None:
    rows = [(f"C{n:03d}", year) for n in range(120) for year in range(n % 5 + 1)]
    before = pl.DataFrame(rows, schema=["country", "year"], orient="row").with_columns(x=1)
    diff = difference(before, before.filter(pl.col("country") >= "C100"), ("country", "year"))
    country = diff.coverage[0]
    assert (country.lost_values, country.lost_rows, len(country.lost)) == (100, 300, 50)
    assert country.lost[0] == Part(value="C004", rows=5)


def test_missing_is_no_value_that_is_lost() -> None:
    before = table().with_columns(country=pl.when(pl.col("country") == "C00").then(None).otherwise("country"))
    diff = difference(before, before.drop_nulls(), ("country", "year"))
    assert told(diff) == {}
