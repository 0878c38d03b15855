"""WRI's power plants, four releases: a renamed key, countries that are lost, columns that come."""

import re

from tests.histories import Step, repository_file

COMMITS = {
    "v1.0.0": "6a80cb63c900ea358b0afe247801b013d3efd811",
    "v1.1.0": "84440758cd1ba243eb8568254197bacc82a130ab",
    "v1.2.3": "232a666653e14d803ab02717efc01cdd437e7601",
    "v1.3.0": "7a91cfbb2a4e272597acbc00506d61fc1ec73b3d",
}
CAME = {
    "v1.2.3": (
        *("primary_fuel", "other_fuel1", "other_fuel2", "other_fuel3", "wepp_id"),
        *("generation_gwh_2017", "generation_data_source"),
    ),
    "v1.3.0": ("generation_gwh_2018", "generation_gwh_2019"),
}
"""The columns that a release brought."""
# Without the links of its owners, which are another dataset's matter: their register would have to be published first.
_CONTRACT = repository_file("wri_power_plants", "contract.yaml").partition("match:\n")[0]
_SCHEMA = repository_file("wri_power_plants", "schema.py")
_FIELD = re.compile(r"^    (\w+): \w+ = pa\.Field\((?:.*\)\n|.*\n(?:        .*\n)+    \)\n)", re.MULTILINE)
# In v1.1.0 the file of Brazil has the layout of v1.0.0 still: a note above the header, other names, no country code.
# So all files are read as lines of text, and extract.py reads these.
_EXTRACT = '''"""Brazil's file has a note above its header, and the names of the release before."""

import csv

import polars as pl

OLD = {"pw_idnr": "gppd_idnr", "country": "country_long"}


def extract(frames):
    tables = [_table(frame.collect()) for frame in frames.values()]
    return pl.concat(tables, how="diagonal"), {"rejected": {"the header of Brazil's file": 1}}


def _table(lines):
    (heading,) = set(lines.columns) - {"_record"}
    noted = heading.startswith("NOTE")
    lines, heading = (lines.slice(1), lines[heading][0]) if noted else (lines, heading)
    names = next(csv.reader([heading]))
    rows = list(csv.reader(lines.drop("_record").to_series()))
    columns = {name: [row[at] or None for row in rows] for at, name in enumerate(names)}
    table = pl.DataFrame({"_record": lines["_record"], **columns}, schema_overrides=dict.fromkeys(names, pl.String))
    return table.rename(OLD).with_columns(country=pl.lit("BRA")) if noted else table
'''


def _contract(release: str) -> str:
    """Today's, with the files of a release; WRI's own comes first: it alone names the country of some."""
    text = _CONTRACT.replace(COMMITS["v1.3.0"], COMMITS[release])
    site = "https://raw.githubusercontent.com/wri/global-power-plant-database"
    for name in {"v1.0.0": ("GBR", "WRI"), "v1.1.0": ("GBR",)}.get(release, ()):
        file = f"    - {site}/{COMMITS[release]}/source_databases_csv/database_{name}.csv\n"
        text = text.replace("  url:\n", f"  url:\n{file}")
    if "wepp_id" in _gone(release):
        text = text.replace("wepp_id: 100, ", "")
    if release == "v1.1.0":
        text = text.replace("key: [", '  format: csv\n  delimiter: "¬"\n  quote: ""\nkey: [')
    if release == "v1.0.0":
        text = text.replace("key: [gppd_idnr]", "  preamble: 1\nkey: [pw_idnr]")
        text = text.replace("rows: [19000, 40000]", "rows: [19000, 40000]\n  quarantine_pct: 2")
    return text


def _gone(release: str) -> tuple[str, ...]:
    """Columns that came later."""
    later = list(COMMITS)[list(COMMITS).index(release) + 1 :]
    return tuple(name for other in later for name in CAME.get(other, ()))


def _schema(release: str) -> str:
    gone = _gone(release)
    text = _FIELD.sub(lambda found: "" if found[1] in gone else found[0], _SCHEMA)
    assert len(_FIELD.findall(text)) == 31 - len(gone)
    if release == "v1.1.0":
        text = _was(_was(text, "gppd_idnr", "pw_idnr"), "country_long", "country")
    if release in ("v1.0.0", "v1.1.0"):  # one plant stands west of -180
        text = text.replace("ge=-180, le=180, ", "ge=-180, le=180, raise_warning=True, ")
    if release == "v1.0.0":
        country = next(found for found in _FIELD.finditer(text) if found[1] == "country")
        text = text.replace(country[0], "").replace("country_long", "country").replace("gppd_idnr", "pw_idnr")
        text = text.replace("    source: str = pa.Field(", "    source: str = pa.Field(nullable=True, ")
    return text


def _was(text: str, name: str, before: str) -> str:
    assert text.count(f"    {name}: str = pa.Field(") == 1
    return text.replace(f"    {name}: str = pa.Field(", f'    {name}: str = pa.Field(metadata={{"was": "{before}"}}, ')


STEPS = [
    Step("v1.0.0", _contract("v1.0.0"), _schema("v1.0.0")),
    Step(
        "v1.1.0",
        _contract("v1.1.0"),
        _schema("v1.1.0"),
        _EXTRACT,
        why="The publisher renamed the key, and gives the country as a code beside its name",
    ),
    Step("v1.2.3", _contract("v1.2.3"), _schema("v1.2.3")),
    Step("v1.3.0", _CONTRACT, _SCHEMA),
]
