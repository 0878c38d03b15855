"""Names: columns from headings, places from environment and developer; never two things under one name."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.contracts.names import Names, is_snake, snake, snake_all
from include.errors import EnvironmentFault, SourceError


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("Entity.LegalName", "entity_legal_name"),
        ("ELF Code", "elf_code"),
        ("Country Code (ISO 3166-1)", "country_code_iso_3166_1"),
        ("Ash Impoundment?", "ash_impoundment"),
        ("GHGRP FACILITY ID", "ghgrp_facility_id"),
        ("capacityMW", "capacity_mw"),
        ("GHG QUANTITY (METRIC TONS CO2e)", "ghg_quantity_metric_tons_co2e"),
        ("LEIName", "lei_name"),
        ("Share %", "share_pct"),
        ("Owner\u2019s name", "owners_name"),
        ("kWh", "kwh"),
        ("Größe", "grosse"),
        ("Ørsted", "orsted"),
        ("国", "u56fd"),
        ("2019", "column_2019"),
        ("", "column"),
        ("???", "column"),
    ],
)
def test_a_heading_becomes_a_name(heading: str, name: str) -> None:
    assert snake(heading) == name


@given(st.text())
def test_any_text_has_a_name_that_is_its_own_name(heading: str) -> None:
    assert is_snake(snake(heading))
    assert snake(snake(heading)) == snake(heading)


@given(st.sets(st.text(alphabet="aAbB %_.ж1" + "x" * 3, max_size=80)))
def test_no_two_headings_share_a_name(headings: set[str]) -> None:
    names = snake_all(sorted(headings))
    assert names.keys() == headings
    assert len(set(names.values())) == len(headings)
    assert all(map(is_snake, names.values()))


def test_names_do_not_depend_on_the_order_of_columns() -> None:
    one, two = snake_all(["Name", "NAME", "name", "Other"]), snake_all(["Other", "name", "NAME", "Name"])
    assert one == two
    assert one["name"] == "name"
    assert one["Other"] == "other"
    assert one["Name"].startswith("name_")


def test_long_headings_that_begin_alike_stay_two() -> None:
    first, second = snake_all(["x" * 80 + "1", "x" * 80 + "2"]).values()
    assert first != second
    assert len(first) <= 63


def test_a_heading_that_comes_twice_is_named() -> None:
    with pytest.raises(SourceError, match="'Name' come more than once"):
        snake_all(["Name", "Id", "Name"])


SPACES = [
    (e, d) for e in ("dev", "test", "prod") for d in ("", "jane", "elf_codes", "data", "runs", "dev_jane", "prod")
]
DATASETS = ("elf_codes", "jane", "jane_elf_codes", "data", "runs", "heads", "dev", "prod", "dev_jane")


@pytest.mark.parametrize("kind", ["table", "topic", "asset"])
def test_no_two_datasets_meet_in_any_space(kind: str) -> None:
    places = [getattr(Names(e, d), kind)(n) for (e, d), n in product(SPACES, DATASETS)]
    assert len(places) == len(SPACES) * len(DATASETS) > 100
    assert len(set(places)) == len(places)


def test_spaces_of_the_store_do_not_lie_in_each_other() -> None:
    prefixes = [Names(e, d).store("s3://bucket/all/").removeprefix("s3://bucket/all/") for e, d in SPACES]
    assert len(set(prefixes)) == len(SPACES) == 21
    assert not any("/" in p for p in prefixes)


def test_dags_of_one_airflow_have_different_ids() -> None:
    ids = [Names("dev", d).dag_id(n) for d, n in product({d for _, d in SPACES}, DATASETS)]
    assert len(set(ids)) == len(ids) > 50
    assert Names("prod").dag_id("elf_codes") == "elf_codes"


def test_the_dvc_path_is_the_same_everywhere() -> None:
    assert {Names(e, d).path("elf_codes") for e, d in SPACES} == {"data/elf_codes"}


def test_a_developers_table_is_in_a_schema_of_its_own() -> None:
    assert Names("prod").table("elf_codes") == ("commons_prod", "data", "elf_codes")
    assert Names("dev", "jane").table("elf_codes") == ("commons_dev", "dev_jane", "elf_codes")


@pytest.mark.parametrize(("environment", "developer"), [("production", ""), ("", ""), ("dev", "Jane"), ("dev", "a-b")])
def test_other_environments_and_developers_are_refused(environment: str, developer: str) -> None:
    with pytest.raises(EnvironmentFault, match=r"COMMONS_(ENVIRONMENT|DEVELOPER): expected"):
        Names(environment, developer)
