"""Roll-up by ownership shares: exact totals, every fault named, on rows by hand, at random, and on EPA's real file."""

import random
from decimal import Context, Decimal, localcontext
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from python_calamine import CalamineWorkbook

from include.errors import DataError
from include.matching.ownership import Rest, RollUp, allocate, roll_up

BOTH: tuple[Rest, ...] = ("unallocated", "scale")
WIDE = Context(prec=400)
Holding = tuple[int | None, str | None, float | None]


def total(values: list[Any]) -> Decimal:
    """The exact sum of numbers as they print."""
    with localcontext(WIDE):
        return sum((Decimal(str(value)) for value in values), Decimal())


def of(holdings: list[Holding], quantities: dict[int, Any], **options: Any) -> RollUp:
    shares = pl.DataFrame(
        holdings, {"facility_id": pl.Int64, "parent_name": pl.String, "ownership_pct": pl.Float64}, orient="row"
    )
    known = pl.DataFrame({"facility_id": list(quantities), "emissions_tco2e": list(quantities.values())})
    known = known.cast({"facility_id": pl.Int64} | ({} if quantities else {"emissions_tco2e": pl.Float64}))
    return roll_up(shares, known, quantity="emissions_tco2e", keys=["facility_id"], **options)


def parts(found: RollUp) -> list[tuple[Any, ...]]:
    """Facility, owner, quantity as text without trailing zeros, and reason."""
    rows = found.holdings.select("facility_id", "parent_name", "emissions_tco2e", "reason").rows()
    return [(facility, owner, f"{amount.normalize():f}", why) for facility, owner, amount, why in rows]


def counts(found: RollUp) -> dict[str, int]:
    return dict(found.counts().rows())


def test_three_thirds_of_ten_add_up_to_ten() -> None:
    found = of([(1, "B", 33.33), (1, "A", 33.33), (1, "C", 33.34)], {1: 10.0}, decimals=2)
    assert parts(found) == [(1, "A", "3.33", None), (1, "B", "3.33", None), (1, "C", "3.34", None)]
    assert counts(found) == {}


def test_the_largest_remainder_gets_the_last_unit_and_equals_go_by_share_then_name() -> None:
    assert allocate(Decimal(10), [Decimal(1)] * 3, 0) == [4, 3, 3]
    assert allocate(Decimal(-10), [Decimal(1)] * 3, 0) == [-4, -3, -3]
    # 5 of 10, by 1 and 3: remainders of a half each; the larger weight gets the unit
    assert allocate(Decimal(10), [Decimal(1), Decimal(3)], 0) == [2, 8]
    assert allocate(Decimal(7), [Decimal("0.2"), Decimal("0.5"), Decimal("0.3")], 0) == [1, 4, 2]


def test_a_part_has_the_digits_of_its_quantity_and_at_least_those_asked_for() -> None:
    found = of([(n, owner, 50.0) for n in (1, 2, 3) for owner in "AB"], {1: 5.0, 2: 0.125, 3: 1e-9}, decimals=0)
    assert parts(found) == [
        *[(1, "A", "3", None), (1, "B", "2", None)],
        *[(2, "A", "0.063", None), (2, "B", "0.062", None)],
        *[(3, "A", "0.000000001", None), (3, "B", "0", None)],
    ]
    finer = of([(1, "A", 50.0), (1, "B", 50.0)], {1: 5.0}, decimals=1)
    assert [amount for _, _, amount, _ in parts(finer)] == ["2.5", "2.5"]


def test_another_facility_with_more_digits_changes_no_part() -> None:
    holdings: list[Holding] = [(n, owner, 100 / 3) for n in (1, 2) for owner in "ABC"]
    alone = of(holdings[:3], {1: 100.0})
    beside = of(holdings, {1: 100.0, 2: 0.1234567890123})
    assert parts(alone) == parts(beside)[: len(parts(alone))]


def test_shares_below_100_leave_a_rest_or_are_scaled() -> None:
    holdings: list[Holding] = [(1, "A", 60.0), (1, "B", 30.0)]
    left, scaled = (of(holdings, {1: 90.0}, rest=rest) for rest in BOTH)
    assert parts(left) == [(1, "A", "54", None), (1, "B", "27", None), (1, None, "9", "shares_below_100")]
    assert parts(scaled) == [(1, "A", "60", None), (1, "B", "30", None)]
    assert counts(left) == counts(scaled) == {"shares_below_100": 1}
    assert left.companies.rows()[-1] == (None, Decimal(9), 1)


@pytest.mark.parametrize("rest", BOTH)
def test_shares_above_100_are_scaled_under_both_rules(rest: Rest) -> None:
    found = of([(1, "A", 100.0), (1, "B", 25.0)], {1: 10.0}, rest=rest)
    assert parts(found) == [(1, "A", "8", None), (1, "B", "2", None)]
    assert found.findings.rows() == [(1, None, "125", "shares_above_100")]


@pytest.mark.parametrize("rest", BOTH)
def test_every_fault_is_counted_and_no_quantity_is_lost(rest: Rest) -> None:
    holdings: list[Holding] = [
        *[(1, "A", 100.0), (1, "B", -5.0)],
        *[(2, "A", 40.0), (2, "A", 20.0), (2, "B", None)],
        *[(3, "A", 130.0), (4, "A", float("nan")), (5, "A", 100.0), (6, "A", 100.0)],
        *[(8, None, 40.0), (8, "  ", 20.0), (8, "C", 40.0), (9, "Z", 0.0), (None, "N", 100.0)],
    ]
    quantities = {1: 1.5, 2: 10.0, 3: 7.25, 4: 3.0, 5: None, 7: 2.125, 8: 100.0, 9: 1.0, None: 0.5}
    found = of(holdings, quantities, rest=rest)
    assert counts(found) == {
        "facility_missing": 2,  # a holding, and a quantity
        "no_owners": 1,
        "no_quantity": 1,
        "no_share": 3,
        "owner_missing": 2,
        "quantity_missing": 1,
        "repeated_holding": 1,
        "share_missing": 2,
        "share_negative": 1,
        "share_over_100": 1,
        "shares_below_100": 1,
    }
    expected = total([value for value in quantities.values() if value is not None])
    assert total(found.holdings["emissions_tco2e"].to_list()) == expected
    assert total(found.companies["emissions_tco2e"].to_list()) == expected
    unallocated = {(facility, why): amount for facility, owner, amount, why in parts(found) if owner is None}
    below = {(2, "shares_below_100"): "4"} if rest == "unallocated" else {}
    assert unallocated == below | {
        (3, "no_share"): "7.25",
        (4, "no_share"): "3",
        (7, "no_owners"): "2.125",
        (8, "owner_missing"): "60",
        (9, "no_share"): "1",
        (None, "facility_missing"): "0.5",
    }


def test_the_words_na_and_null_are_owners() -> None:
    found = of([(1, "NA", 50.0), (1, "null", 50.0)], {1: 4.0})
    assert parts(found) == [(1, "NA", "2", None), (1, "null", "2", None)]


def test_whole_numbers_and_decimals_are_quantities_too() -> None:
    for values in ([7], [Decimal("7.000")]):
        shares = pl.DataFrame({"plant": ["p"] * 2, "owner": ["A", "B"], "pct": [50, 50]})
        known = pl.DataFrame({"plant": ["p"], "capacity_mw": values})
        found = roll_up(shares, known, quantity="capacity_mw", keys=["plant"], owner="owner", share="pct")
        assert found.companies.rows() == [("A", Decimal("3.5"), 1), ("B", Decimal("3.5"), 1)]


def test_no_rows_give_no_rows() -> None:
    found = of([], {})
    assert (found.holdings.height, found.companies.height, found.findings.height) == (0, 0, 0)
    assert found.companies.columns == ["parent_name", "emissions_tco2e", "facilities"]


def test_any_order_of_the_rows_gives_the_same_tables() -> None:
    chance = random.Random(5)
    holdings: list[Holding] = [
        (chance.randrange(40), f"P{chance.randrange(9)}", chance.choice([None, -1.0, 0.0, 12.5, 33.3, 100 / 3, 50.0]))
        for _ in range(200)
    ]
    quantities = {n: round(chance.uniform(-10, 1000), chance.randrange(6)) for n in range(45)}
    first = of(holdings, quantities)
    chance.shuffle(holdings)
    second = of(holdings, dict(sorted(quantities.items(), reverse=True)))
    assert first.holdings.height > 100
    assert first.findings.height > 20
    for one, other in zip(first, second, strict=True):
        assert_frame_equal(one, other)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.integers(0, 5), st.floats(-1e12, 1e12).map(lambda value: round(value, 8)), min_size=1),
    st.lists(st.tuples(st.integers(0, 6), st.sampled_from(["A", "B", "C", None]), st.floats(-10, 110) | st.none())),
    st.sampled_from(BOTH),
    st.integers(0, 9),
)
def test_totals_are_kept_whatever_comes(
    quantities: dict[int, float], holdings: list[Holding], rest: Rest, decimals: int
) -> None:
    found = of(holdings, quantities, rest=rest, decimals=decimals)
    for facility, quantity in quantities.items():
        held = found.holdings.filter(pl.col("facility_id") == facility)["emissions_tco2e"].to_list()
        assert total(held) == total([quantity])
        assert all(part == 0 or (part < 0) == (quantity < 0) for part in held)
    assert total(found.companies["emissions_tco2e"].to_list()) == total(list(quantities.values()))


def test_wrong_tables_are_refused_with_all_problems() -> None:
    shares = pl.DataFrame({"facility_id": ["1"], "parent_name": ["A"], "ownership_pct": ["100"]})
    quantities = pl.DataFrame({"facility_id": [1], "mw": [1.0]})
    with pytest.raises(DataError) as caught:
        roll_up(shares, quantities, quantity="gwh", keys=["facility_id"], rest="drop")  # type: ignore[arg-type]
    assert caught.value.problems == (
        "rest: expected unallocated or scale, found 'drop'.",
        "shares: ownership_pct is String, expected a number. Cast it in the schema.",
        "quantities: no column 'gwh'; there are facility_id, mw.",
        "facility_id: String in shares, Int64 in quantities. Give both one type.",
    )


def test_a_column_that_the_result_needs_is_refused() -> None:
    shares = pl.DataFrame({"facility_id": [1], "reason": ["A"], "ownership_pct": [100.0]})
    quantities = pl.DataFrame({"facility_id": [1], "mw": [1.0]})
    with pytest.raises(DataError, match=r"^reason: the result has a column of that name too\. Rename it\.$"):
        roll_up(shares, quantities, quantity="mw", keys=["facility_id"], owner="reason")


def test_two_quantities_of_one_facility_and_infinity_are_refused() -> None:
    shares = pl.DataFrame({"facility_id": [1], "parent_name": ["A"], "ownership_pct": [100.0]})
    quantities = pl.DataFrame({"facility_id": [1, 1, 2], "mw": [1.0, 2.0, float("inf")]})
    with pytest.raises(DataError) as caught:
        roll_up(shares, quantities, quantity="mw", keys=["facility_id"])
    assert [problem[:44] for problem in caught.value.problems] == [
        "quantities: 1 facilities stand there twice, ",
        "quantities: mw is infinite in 1 rows, such a",
    ]


def test_numbers_too_long_for_a_decimal_are_refused() -> None:
    with pytest.raises(DataError, match="a sum of 41 digits in all, expected 38 at most"):
        of([], {1: 1e30, 2: 1e-10})


@pytest.fixture(scope="module")
def epa(shared: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Holdings and direct emissions of 2020, as EPA published them."""
    folder = shared / "epa_ghgrp_parents"
    held = sheet(folder / "ghgp_data_parent_company_10_2021.xlsx", "DE_parentcompanies").select(
        facility_id=pl.col("GHGRP FACILITY ID").cast(pl.Int64),
        reporting_year=pl.col("REPORTING YEAR").cast(pl.Int64),
        parent_name="PARENT COMPANY NAME",
        ownership_pct="PARENT CO. PERCENT OWNERSHIP",
        emissions="FAC_EMISSIONS",
        adjusted="FAC_EMISSIONS_ADJUSTED",
    )
    emitted = sheet(folder / "ghgp_data_2020.xlsx", "Direct Emitters").select(
        facility_id=pl.col("Facility Id").cast(pl.Int64),
        reporting_year=pl.lit(2020, pl.Int64),
        emissions_tco2e="Total reported direct emissions",
    )
    return held, emitted


def sheet(path: Path, name: str) -> pl.DataFrame:
    heads, *rows = CalamineWorkbook.from_path(path).get_sheet_by_name(name).to_python()
    columns = zip(*rows, strict=True)
    return pl.DataFrame(
        {
            str(head) or "index": [None if value == "" else value for value in column]
            for head, column in zip(heads, columns, strict=True)
            if head in NEEDED
        }
    )


NEEDED = {
    *("GHGRP FACILITY ID", "REPORTING YEAR", "PARENT COMPANY NAME", "PARENT CO. PERCENT OWNERSHIP"),
    *("FAC_EMISSIONS", "FAC_EMISSIONS_ADJUSTED", "Facility Id", "Total reported direct emissions"),
}


@pytest.mark.parametrize(
    ("rest", "unallocated"), [("unallocated", ("37970583.901077", 88)), ("scale", ("37869292.183", 79))]
)
def test_epa_totals_are_kept_for_every_facility_and_in_sum(
    epa: tuple[pl.DataFrame, pl.DataFrame], rest: Rest, unallocated: tuple[str, int]
) -> None:
    held, emitted = epa
    found = roll_up(held, emitted, quantity="emissions_tco2e", rest=rest)
    by_facility = dict(found.holdings.group_by("facility_id").agg(pl.col("emissions_tco2e").sum()).rows())
    published = {facility: Decimal(repr(value)) for facility, _, value in emitted.rows()}
    assert len(published) == 6_515
    assert by_facility == published
    assert total(found.companies["emissions_tco2e"].to_list()) == Decimal("2400335017.1144826954635")
    assert total(list(published.values())) == Decimal("2400335017.1144826954635")
    assert found.companies.rows()[-1] == (2020, None, Decimal(unallocated[0]), unallocated[1])
    assert counts(found) == {
        "no_quantity": 1_641,
        "no_share": 81,
        "repeated_holding": 23,
        "share_missing": 81,
        "shares_above_100": 14,
        "shares_below_100": 13,
    }


def test_epa_facilities_whose_shares_are_not_100(epa: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    held, emitted = epa
    assert held.height == 9_144
    found = roll_up(held, emitted, quantity="emissions_tco2e").findings
    sums = found.filter(pl.col("reason").is_in(["no_share", "shares_below_100", "shares_above_100"]))
    assert sums.height == sums["facility_id"].n_unique() == 108
    assert sum(abs(Decimal(value) - 100) > Decimal("0.5") for value in sums["value"]) == 82
    repeated = found.filter(pl.col("reason") == "repeated_holding")
    assert repeated.select("facility_id", "parent_name").n_unique() == 22


def test_epa_weighted_the_same_way_itself(epa: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    """Where shares add to 100, the parts are those of EPA's own column, which it rounded to floats."""
    held, _ = epa
    emissions = held.group_by("facility_id", "reporting_year").agg(pl.col("emissions").first())
    found = roll_up(held, emissions, quantity="emissions")
    odd = found.findings.filter(pl.col("reason").str.contains("^no_|shares_")).select("facility_id")
    theirs = held.group_by("facility_id", "parent_name").agg(pl.col("adjusted").sum())
    both = found.holdings.join(theirs, on=["facility_id", "parent_name"]).join(odd, on="facility_id", how="anti")
    assert both.height > 8_000
    assert both.filter((pl.col("emissions").cast(pl.Float64) - pl.col("adjusted")).abs() > 0.001).height == 0
