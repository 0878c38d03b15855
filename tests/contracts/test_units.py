"""Units: a wrong one is named with its neighbour, and one that reads as something else is refused."""

import pytest

from include.contracts.units import SUFFIXES, known, of_column
from include.errors import ContractError


def test_every_suffix_stands_for_a_known_unit() -> None:
    assert len(SUFFIXES) > 40
    assert [u for u in SUFFIXES.values() if not known(u)] == []


@pytest.mark.parametrize(
    "unit",
    [
        "tCO2e",
        "MtCO2e",
        "gCO2/kWh",
        "kgCO2/USD",
        "MW",
        "GWh",
        "TWh",
        "percent",
        "pct",
        "%",
        "USD",
        "EUR",
        "people",
        "persons",
        "international_dollar",
        "years",
        "degree",
        "tCO2/person",
        "W/m^2",
        "1",
        "kilotonne/year",
    ],
)
def test_units_of_climate_and_finance_are_known(unit: str) -> None:
    assert known(unit)


@pytest.mark.parametrize(
    "unit", ["Mw", "mwh", "kt", "kt/year", "tons", "", " ", "foo", "5 MW", "__import__('os')", "MW;DROP"]
)
def test_other_texts_are_not(unit: str) -> None:
    assert not known(unit)


@pytest.mark.parametrize(
    ("column", "unit"),
    [
        ("capacity_mw", "MW"),
        ("emissions_tco2e", "tCO2e"),
        ("share_pct", "percent"),
        ("price_usd_per_mwh", "USD/MWh"),
        ("line_kv", "kV"),
        ("commissioning_year", None),
        ("gross_min", None),
        ("co2_per_capita", None),
        ("mw", None),
    ],
)
def test_a_name_says_its_unit(column: str, unit: str | None) -> None:
    assert of_column(column, None) == unit


def test_metadata_win_over_the_name() -> None:
    assert of_column("capacity_mw", {"unit": "GW"}) == "GW"
    assert of_column("co2", {"unit": "MtCO2", "was": "carbon"}) == "MtCO2"


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        ("Mw", "expected a known unit, found 'Mw' (did you mean 'MW'?)."),
        ("tCO2ee", "found 'tCO2ee' (did you mean 'tCO2e'?)."),
        ("kt/year", "found 'kt/year' (kt is pint's knot; write kilotonne)."),
        (7, "expected a known unit, found 7"),
    ],
)
def test_a_wrong_unit_is_told_with_its_neighbour(unit: object, words: str) -> None:
    with pytest.raises(ContractError) as error:
        of_column("capacity", {"unit": unit})
    assert "column capacity: " in str(error.value)
    assert words in str(error.value)


def test_carbon_dioxide_and_its_equivalents_are_not_exchanged() -> None:
    from pint import DimensionalityError

    from include.contracts.units import _registry

    registry = _registry()
    assert registry("1 MtCO2e").to("tCO2e").magnitude == pytest.approx(1e6)
    assert registry("50 percent").to("").magnitude == pytest.approx(0.5)
    for one, other in [("tCO2e", "tCO2"), ("tCO2", "tonne"), ("USD", "EUR")]:
        with pytest.raises(DimensionalityError):
            registry(f"1 {one}").to(other)
