"""Our World in Data's CO2 table in 2020: prose headings, machine names five hours later, corrections, new countries."""

import re

from include.contracts.names import snake
from tests.histories import Step, repository_file

COMMITS = {
    "a96cbd0": "a96cbd0fabe948df26d8206b5565ec1a2a277088",
    "9f743dc": "9f743dcb7a1092435b0c2a2483e7412346bfbbf0",
    "da0fcf7": "da0fcf795b9efb73166d75fd6f55f00c7296a650",
    "2a6c4a2": "2a6c4a26fafc29000d1ee0deebf083d60b563c78",
}
# The headings of a96cbd0 that became other names, in their order there.
HEADINGS = {
    "Annual CO2 emissions (Mt)": "co2",
    "Annual growth in CO2 emissions (%)": "co2_growth_prct",
    "Annual CO2 emisions growth (Mt)": "co2_growth_abs",
    "Annual consumption-based CO2 emissions (Mt)": "consumption_co2",
    "CO2 emissions embedded in trade (Mt)": "trade_co2",
    "Share of CO2 emissions embedded in trade": "trade_co2_share",
    "Per capita CO2 emissions (tonnes)": "co2_per_capita",
    "Per capita consumption-based CO2 emissions (tonnes)": "consumption_co2_per_capita",
    "Share of global CO2 emissions": "share_global_co2",
    "Cumulative CO2 emissions (Mt)": "cumulative_co2",
    "Share of global cumulative CO2 emissions": "share_global_cumulative_co2",
    "CO2 per GDP (kg per $PPP)": "co2_per_gdp",
    "Consumption-based CO2 per GDP (kg per $PPP)": "consumption_co2_per_gdp",
    "CO2 per unit energy (kgCO2 per kilowatt-hour)": "co2_per_unit_energy",
    "CO2 emissions from cement (Mt)": "cement_co2",
    "CO2 emissions from coal (Mt)": "coal_co2",
    "CO2 emissions from flaring (Mt)": "flaring_co2",
    "CO2 emissions from gas (Mt)": "gas_co2",
    "CO2 emissions from oil (Mt)": "oil_co2",
    "Coal (per capita)": "coal_co2_per_capita",
    "Oil (per capita)": "oil_co2_per_capita",
    "Gas (per capita)": "gas_co2_per_capita",
    "Cement (per capita)": "cement_co2_per_capita",
    "Flaring (per capita)": "flaring_co2_per_capita",
    "Total GHG emissions (MtCO2e)": "total_ghg",
    "GHG emissions per capita (tCO2e)": "ghg_per_capita",
    "CH4 emissions (MtCO2e)": "methane",
    "CH4 emissions per capita (tCO2e)": "methane_per_capita",
    "N2O emissions (MtCO2e)": "nitrous_oxide",
    "N2O emissions per capita (tCO2e)": "nitrous_oxide_per_capita",
    "Primary energy consumption (TWh)": "primary_energy_consumption",
    "Energy per capita (kWh)": "energy_per_capita",
    "Energy per GDP (kWh per $)": "energy_per_gdp",
    "Population": "population",
    "Total real GDP": "gdp",
}
FIRST = {heading: snake(heading) for heading in HEADINGS} | {"Population": "total_population"}
"""What the author of the first version called the column of a heading."""
RENAMED = {FIRST[heading]: name for heading, name in HEADINGS.items()}
"""The columns of the first version that the second calls otherwise, by their first name."""
_TODAY = {file: repository_file("owid_co2", file) for file in ("contract.yaml", "schema.py")}
_FIELD = re.compile(r'^    (\w+): (\w+) = pa\.Field\(nullable=True, metadata=\{"unit": "([^"]+)"\}\)$', re.MULTILINE)


def _contract(version: str) -> str:
    """Today's, with the data of another commit; the codebook is of the last one."""
    today = _TODAY["contract.yaml"]
    old = f"co2-data/{COMMITS['2a6c4a2']}/owid-co2-data.csv"
    assert old in today
    return today.replace(old, f"co2-data/{COMMITS[version]}/owid-co2-data.csv")


def _prose() -> str:
    """The first schema, drafted from the headings: columns are called after them and described by them."""
    units = {name: unit for name, _, unit in _FIELD.findall(_TODAY["schema.py"])}
    fields = [
        f'    {FIRST[heading]}: float = pa.Field(\n        nullable=True,\n        description="{heading}",\n'
        f'        metadata={{"source": "{heading}", "unit": "{units[name]}"}},\n    )\n'
        for heading, name in HEADINGS.items()
    ]
    return f'''"""One row for each country or region and year."""

import pandera.polars as pa


class Schema(pa.DataFrameModel):
    iso_code: str = pa.Field(nullable=True, str_matches=r"^([A-Z]{{3}}|OWID_[A-Z0-9]+)$", description="ISO 3166 code")
    country: str = pa.Field(description="Country or region")
    year: int = pa.Field(ge=1750, le=2100, description="Year")
{"".join(fields)}'''


def _renamed() -> str:
    """Today's schema, which says what each column was called before."""
    was = {name: old for old, name in RENAMED.items()}

    def with_was(found: re.Match[str]) -> str:
        name, kind, unit = found.groups()
        said = f'"unit": "{unit}"' + (f', "was": "{was[name]}"' if name in was else "")
        return f"    {name}: {kind} = pa.Field(nullable=True, metadata={{{said}}})"

    return _FIELD.sub(with_was, _TODAY["schema.py"])


STEPS = [
    Step("a96cbd0", re.sub(r"dictionary:\n(  .*\n)+", "", _contract("a96cbd0")), _prose()),
    Step("9f743dc", _contract("9f743dc"), _renamed(), why="The publisher gave machine names to 35 headings"),
    Step("da0fcf7", _contract("da0fcf7"), _TODAY["schema.py"]),
    Step("2a6c4a2", _contract("2a6c4a2"), _TODAY["schema.py"]),
]
