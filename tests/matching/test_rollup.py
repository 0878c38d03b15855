"""The roll-up of a table with its links: exact totals, names and entities told apart, on rows by hand and on EPA's."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from python_calamine import CalamineWorkbook

from include.contracts.matching import Match, Ownership
from include.errors import ContractError, DataError
from include.matching.rollup import rollup

OWNERSHIP = Ownership(facility="plant", by=("year",), share="pct", quantity="mw")
MATCH = Match(register="lei_entities", entity="owner", country="land", ownership=OWNERSHIP)
ROWS = {"plant": pl.Int64, "year": pl.Int64, "owner": pl.String, "land": pl.String, "pct": pl.Float64, "mw": pl.Float64}
TOTALS = ("given", "allocated", "linked", "unallocated")


def table(*rows: tuple[Any, ...]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), ROWS, orient="row")


def matches(*links: tuple[Any, ...], **given: list[str | None]) -> pl.DataFrame:
    """Name, country as published, entity, its name, its ultimate parent."""
    names = ("name", "given_country", "entity_id", "candidate_name", "ultimate_parent")
    found = pl.DataFrame(list(links), dict.fromkeys(names, pl.String), orient="row")
    return found.with_columns(pl.Series(name, values, pl.String) for name, values in given.items())


def told(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    """The rows, with the quantity as text."""
    rows = frame.select("year", "company", "linked", "name", "ultimate_parent", "mw", "facilities").rows()
    return [(*row[:-2], f"{row[-2].normalize():f}", row[-1]) for row in rows]


def test_two_spellings_of_a_linked_owner_are_one_company_and_a_name_without_link_stays_a_name() -> None:
    rows = table(
        (1, 2020, "ACME CORP", "US", 50.0, 10.0),
        (1, 2020, "Bolt Ltd", "GB", 50.0, 10.0),
        (2, 2020, "Acme Corporation", None, 100.0, 0.3),
        (3, 2021, "Acme Corporation", None, 40.0, 7.5),
    )
    links = matches(
        ("ACME CORP", "US", "LEI1", "Acme Corporation", "LEI9"),
        ("Acme Corporation", None, "LEI1", "Acme Corporation", "LEI9"),
        ("Bolt Ltd", "GB", None, "Bolt Limited", None),
    )
    frame, totals = rollup(rows, links, MATCH)
    assert told(frame) == [
        (2020, "Bolt Ltd", False, "Bolt Ltd", None, "5", 1),
        (2020, "LEI1", True, "Acme Corporation", "LEI9", "5.3", 2),
        (2021, "LEI1", True, "Acme Corporation", "LEI9", "3", 1),
        (2021, None, None, None, None, "4.5", 1),
    ]
    assert totals == {
        "quantity": "mw",
        "rest": "unallocated",
        "facilities": 3,
        "companies": 2,
        "given": "17.8",
        "allocated": "13.3",
        "linked": "8.3",
        "unallocated": "4.5",
        "unallocated_by": {"shares_below_100": "4.5"},
        "findings": {"shares_below_100": 1},
    }


def test_the_same_name_in_another_country_is_another_mention() -> None:
    rows = table((1, 2020, "Acme", "US", 100.0, 1.0), (2, 2020, "Acme", "GB", 100.0, 2.0))
    frame, _ = rollup(rows, matches(("Acme", "US", "LEI1", "Acme Inc", None), ("Acme", "GB", None, None, None)), MATCH)
    assert [row[1:3] for row in told(frame)] == [("Acme", False), ("LEI1", True)]


def test_identifiers_as_published_tell_mentions_apart_too() -> None:
    rows = table((1, 2020, "Acme", "US", 100.0, 1.0), (2, 2020, "Acme", "US", 100.0, 2.0))
    rows = rows.with_columns(cik=pl.Series([None, 7], dtype=pl.Int64))
    links = matches(
        ("Acme", "US", None, None, None), ("Acme", "US", "LEI1", "Acme Inc", None), given_cik=[None, "7"]
    )  # fmt: skip
    frame, _ = rollup(rows, links, MATCH.model_copy(update={"identifiers": {"cik": "cik"}}))
    assert [(row[1], row[-2]) for row in told(frame)] == [("Acme", "1"), ("LEI1", "2")]


def test_one_country_for_all_rows() -> None:
    links = matches(("Acme", "US", "LEI1", "Acme Inc", None))
    for country, company in (("US", "LEI1"), (None, "Acme")):
        frame, _ = rollup(
            table((1, 2020, "Acme", "GB", 100.0, 1.0)), links, MATCH.model_copy(update={"country": country})
        )
        assert [row[1] for row in told(frame)] == [company]


def test_a_name_that_reads_like_an_identifier_is_not_taken_for_one() -> None:
    rows = table((1, 2020, "LEI1", "US", 100.0, 1.0), (2, 2020, "Acme", "US", 100.0, 2.0))
    links = matches(("LEI1", "US", None, None, None), ("Acme", "US", "LEI1", "Acme Inc", None))
    frame, totals = rollup(rows, links, MATCH)
    assert [row[1:4] for row in told(frame)] == [("LEI1", False, "LEI1"), ("LEI1", True, "Acme Inc")]
    assert totals["companies"] == 2


def test_no_quantity_is_lost_where_owner_facility_or_share_miss() -> None:
    rows = table(
        (1, 2020, None, "US", 60.0, 10.0),
        (1, 2020, "  ", "US", 10.0, 10.0),
        (1, 2020, "Acme", "US", 30.0, None),
        (None, 2020, "Acme", "US", 100.0, 0.25),
        (None, 2020, "Acme", "US", 100.0, 0.5),
        (3, 2020, "Acme", "US", None, 1.125),
        (4, 2020, "Acme", "US", 100.0, None),
    )
    for rest in ("unallocated", "scale"):
        settings = MATCH.model_copy(update={"ownership": OWNERSHIP.model_copy(update={"rest": rest})})
        frame, totals = rollup(rows, matches(("Acme", "US", "LEI1", "Acme Inc", None)), settings)
        assert [totals[part] for part in TOTALS] == ["11.875", "3", "3", "8.875"]
        assert totals["unallocated_by"] == {"facility_missing": "0.75", "no_share": "1.125", "owner_missing": "7"}
        assert totals["findings"]["quantity_missing"] == 1
        assert frame["mw"].sum() == Decimal("11.875")


def test_the_order_of_rows_changes_nothing() -> None:
    rows = table(*((n % 40, 2020 + n % 2, f"P{n % 9}", "US", 12.5, float(n % 40)) for n in range(200)))
    links = matches(*((f"P{n}", "US", f"L{n // 2}" if n % 3 else None, f"Co {n // 2}", None) for n in range(9)))
    first, totals = rollup(rows, links, MATCH)
    again, others = rollup(rows.reverse(), links.sample(fraction=1, shuffle=True, seed=3), MATCH)
    assert first.height > 10
    assert_frame_equal(first, again)
    assert totals == others


def test_a_facility_with_two_quantities_and_a_taken_name_are_refused_together() -> None:
    rows = table((1, 2020, "A", "US", 50.0, 1.0), (1, 2020, "B", "US", 50.0, 2.0)).rename({"year": "company"})
    settings = MATCH.model_copy(update={"ownership": OWNERSHIP.model_copy(update={"by": ("company",)})})
    with pytest.raises(DataError) as caught:
        rollup(rows, matches(), settings)
    assert caught.value.problems == (
        "ownership: rollup.parquet has a column company too. Rename it in the table.",
        "ownership: mw differs within 1 of plant, company, such as 1 2020; expected the same in all of its rows. "
        "Correct them in extract.py, or name another column.",
    )


def test_without_ownership_there_is_nothing_to_roll_up() -> None:
    with pytest.raises(ContractError, match="expected ownership, found none"):
        rollup(table(), matches(), MATCH.model_copy(update={"ownership": None}))


@pytest.fixture(scope="module")
def epa(shared: Path) -> pl.DataFrame:
    """EPA's holdings of 2020, as the dataset epa_parents publishes them."""
    book = CalamineWorkbook.from_path(shared / "epa_ghgrp_parents" / "ghgp_data_parent_company_10_2021.xlsx")
    heads, *rows = book.get_sheet_by_name("DE_parentcompanies").to_python()
    names = {
        "GHGRP FACILITY ID": ("facility_id", pl.Int64),
        "REPORTING YEAR": ("reporting_year", pl.Int64),
        "PARENT COMPANY NAME": ("parent_name", pl.String),
        "PARENT CO. PERCENT OWNERSHIP": ("ownership_pct", pl.Float64),
        "FAC_EMISSIONS": ("emissions_tco2e", pl.Float64),
    }
    columns = {
        names[str(head)][0]: pl.Series([None if value == "" else value for value in column]).cast(names[str(head)][1])
        for head, column in zip(heads, zip(*rows, strict=True), strict=True)
        if head in names
    }
    return pl.DataFrame(columns)


@pytest.mark.parametrize(
    ("rest", "unallocated", "by"),
    [
        ("unallocated", "38032277.983831", {"no_share": "37930859.023", "shares_below_100": "101418.960831"}),
        ("scale", "37930859.023", {"no_share": "37930859.023"}),
    ],
)
def test_epa_s_facilities_add_up_to_the_last_digit(
    epa: pl.DataFrame, rest: str, unallocated: str, by: dict[str, str]
) -> None:
    ownership = Ownership.model_validate(
        {"facility": "facility_id", "by": ("reporting_year",), "share": "ownership_pct", "quantity": "emissions_tco2e",
         "rest": rest}
    )  # fmt: skip
    settings = Match(register="lei_entities", entity="parent_name", country="US", ownership=ownership)
    names = epa["parent_name"].unique().sort()
    links = matches(
        *((name, "US", f"L{n // 2:04d}" if n % 3 else None, f"Co {n}", None) for n, name in enumerate(names))
    )
    assert names.len() == 3_319
    frame, totals = rollup(epa, links, settings)
    facilities = epa.group_by("facility_id").agg(pl.col("emissions_tco2e").first())
    published = sum((Decimal(repr(value)) for value in facilities["emissions_tco2e"].drop_nulls()), Decimal())
    assert (facilities.height, facilities["emissions_tco2e"].null_count()) == (8_156, 526)
    assert Decimal(totals["given"]) == published == Decimal("2601995333.1920619210765")
    assert frame["emissions_tco2e"].sum() == published
    assert Decimal(totals["allocated"]) + Decimal(totals["unallocated"]) == published
    assert (totals["unallocated"], totals["unallocated_by"]) == (unallocated, by)
    assert frame.filter(pl.col("company").is_null())["emissions_tco2e"].to_list() == [Decimal(unallocated)]
    assert (totals["facilities"], totals["companies"]) == (8_156, frame.height - 1)
    assert 0 < Decimal(totals["linked"]) < Decimal(totals["allocated"])
