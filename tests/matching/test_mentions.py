"""The distinct names of a table: nothing lost, nothing changed, sums that no order changes."""

import itertools
import math
import random
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from include.errors import DataError
from include.matching.countries import alpha2
from include.matching.mentions import NEGATIVE, NO_COUNTRY, NO_NAME, NO_WEIGHT, mentions, shard

ROWS = pl.DataFrame(
    {
        "name": ["Acme", "Acme", "Acme ", "Acme", None, "  ", "", "NA", "null"],
        "country": ["USA", "USA", "USA", "US", "US", None, "DE", "Atlantis", None],
        "weight": [0.1, 0.2, 1.0, None, 5.0, 6.0, 7.0, float("nan"), -3.0],
        "lei": [None, None, None, "X", None, None, None, None, None],
    }
)


def test_a_mention_is_a_name_with_country_and_identifiers_as_published() -> None:
    found = mentions(ROWS)
    assert found.frame.columns == ["mention", "name", "given_country", "country", "given_lei", "records", "weight"]
    assert found.frame.rows() == [
        (0, "Acme", "US", "US", "X", 1, None),
        (1, "Acme", "USA", "US", None, 2, 0.30000000000000004),
        (2, "Acme ", "USA", "US", None, 1, 1.0),
        (3, "NA", "Atlantis", None, None, 1, None),
        (4, "null", None, None, None, 1, -3.0),
    ]
    assert found.frame.schema["mention"] == pl.UInt32


def test_rows_that_are_in_no_mention_are_counted() -> None:
    found = mentions(ROWS)
    assert found.counts == {NO_NAME: 3, NO_COUNTRY: 1, NO_WEIGHT: 1, NEGATIVE: 1}
    assert found.examples == {NO_COUNTRY: ["Atlantis"]}
    assert found.frame["records"].sum() + found.counts[NO_NAME] == ROWS.height


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=40), st.randoms())
def test_no_order_changes_a_sum(weights: list[float], shuffled: random.Random) -> None:
    def summed(some: list[float]) -> float:
        frame = pl.DataFrame({"name": ["A"] * len(some), "country": ["US"] * len(some), "weight": some})
        return float(mentions(frame).frame["weight"][0])

    other = weights.copy()
    shuffled.shuffle(other)
    assert summed(weights) == summed(other) == math.fsum(weights)


@pytest.mark.parametrize("weights", [[1, 2], [Decimal("0.1"), Decimal("0.2")], [1e308, 1e308], [True, False]])
def test_weights_of_any_number_type(weights: list[object]) -> None:
    found = mentions(pl.DataFrame({"name": ["A", "A"], "country": ["US", "US"], "weight": weights}))
    wanted = None if weights[0] == 1e308 else float(sum(weights))  # type: ignore[arg-type, call-overload]
    assert found.frame["weight"].to_list() == [wanted if wanted is None else pytest.approx(wanted)]


def test_columns_that_are_absent_or_numbers_are_refused_all_at_once() -> None:
    with pytest.raises(DataError) as error:
        mentions(pl.DataFrame({"name": [1], "lei": [2]}))
    assert [problem.split(";")[0].split(". ")[0] for problem in error.value.problems] == [
        "mentions: no column 'country'",
        "mentions: column 'name' is Int64, expected text",
        "mentions: column 'lei' is Int64, expected text",
    ]


def test_shards_are_the_whole_in_its_order() -> None:
    frame = mentions(pl.DataFrame({"name": [f"n{n:03}" for n in range(101)], "country": ["US"] * 101})).frame
    for of in range(1, 8):
        parts = [shard(frame, number, of) for number in range(of)]
        assert pl.concat(parts).equals(frame)
        assert max(part.height for part in parts) - min(part.height for part in parts) <= 1
    assert [shard(frame.head(2), number, 7).height for number in range(7)].count(0) == 5


@pytest.mark.parametrize(
    ("published", "code"),
    [
        *itertools.product(
            ("US", "us", " US ", "USA", "United States", "UNITED STATES OF AMERICA", "U.S.A.", "U.S."), ("US",)
        ),
        *itertools.product(("Deutschland", "España", "Schweiz", "Italia", "Great Britain", "Paraguai"), (None,)),
        *itertools.product(("GBR", "GB", "UK", "Taiwan", "XKX", "Russia"), (None,)),
        *itertools.product(("EU", "ZZ", "840", "", "Germany West", "\x00"), ("-",)),
    ],
)
def test_countries_are_codes_or_names_of_the_standard(published: str, code: str | None) -> None:
    known = {"GBR": "GB", "GB": "GB", "UK": "GB", "Taiwan": "TW", "XKX": "XK", "Russia": "RU"}
    known |= {"Deutschland": "DE", "España": "ES", "Schweiz": "CH", "Italia": "IT", "Great Britain": "GB"}
    known |= {"Paraguai": "PY"}
    wanted = None if code == "-" else code or known[published]
    assert alpha2(pl.Series([published, None], dtype=pl.String)).to_list() == [wanted, None]


@pytest.mark.parametrize(
    ("published", "code"),
    [
        ("United Kingdom (UK)", "GB"),
        ("Hong Kong, China", "HK"),
        ("Iran (Islamic Republic of)", "IR"),
        ("Korea, Republic of", "KR"),
        ("Germany, France", None),
        ("Atlantis (UK)", None),
        ("Georgia, USA", None),
        ("China, Hong Kong", None),
    ],
)
def test_a_country_that_is_written_twice(published: str, code: str | None) -> None:
    assert alpha2(pl.Series([published])).to_list() == [code]


def test_every_country_of_the_climate_targets_is_known(shared: Path) -> None:
    file = shared / "sbti_companies/companies-taking-action_2023-01-18_8eb0c06.xlsx"
    heading, *rows = CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()
    place = heading.index("Location")
    published = pl.Series([str(row[place]) for row in rows if row[place]])
    assert published.len() > 4_000
    assert published.filter(alpha2(published).is_null()).to_list() == []


def test_every_country_code_of_the_power_plants_is_known(shared: Path) -> None:
    """WRI writes alpha-3; but its KOS for Kosovo is no code of the standard."""
    file = shared / "wri_gppd/global_pp_short_v1.1.0.csv.gz"
    published = pl.read_csv(file, infer_schema=False, separator=";", quote_char=None)["code"]
    assert published.n_unique() > 160
    assert published.filter(alpha2(published).is_null()).unique().to_list() == ["KOS"]
