"""Contracts as the Open Data Contract Standard: valid by its schema, true to contract and version, without values."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from include.catalogue import lineage, odcs
from include.catalogue.model import Described
from include.contracts.names import Names
from tests.catalogue import made, schemas

NAMES = Names("prod")


@pytest.fixture(scope="module")
def check(shared: Path) -> schemas.Check:
    return schemas.odcs(shared)


def said(one: Described) -> dict[str, Any]:
    """The document as a reader of the file gets it."""
    return dict(yaml.safe_load(odcs.to_yaml(one, lineage.graph([one]), NAMES)))


def custom(of: dict[str, Any]) -> dict[str, Any]:
    return {item["property"]: item["value"] for item in of["customProperties"]}


@pytest.mark.parametrize(
    "one", [made.plants(), made.golden(), made.planned(), made.hostile(), made.planned(more=made.MATCH)]
)
def test_it_is_valid_by_the_published_schema(one: Described, check: schemas.Check) -> None:
    document = said(one)
    assert check(document) == []
    assert document["apiVersion"] == "v3.1.0"
    assert check(document | {"schema": [{"properties": [{"name": 1}]}]}), "the schema refuses nothing"


def test_it_says_what_contract_schema_and_version_say() -> None:
    document = said(made.plants())
    assert (document["id"], document["status"]) == ("commons://prod/plants", "active")
    assert document["version"] == made.CONTENT
    assert document["description"]["purpose"] == "Plants and their owners."
    assert document["team"]["members"] == [{"username": "plants@example.org", "role": "owner"}]
    assert {"url": "https://spdx.org/licenses/CC-BY-4.0", "type": "licence"} in document["authoritativeDefinitions"]
    assert {"url": made.ADDRESS, "type": "source"} in document["authoritativeDefinitions"]
    (server,) = document["servers"]
    assert (server["server"], server["path"], server["environment"]) == ("restricted", "data/plants", "prod")
    assert document["domain"] == "Energy"
    sla, kept = document["slaProperties"]
    assert kept == {"property": "retention", "value": "P10Y"}
    assert (sla["property"], sla["value"], sla["unit"], sla["schedule"]) == ("frequency", 1, "m", "@monthly")
    facts = custom(document)
    assert facts["tier"] == 2
    assert (facts["licence"], facts["access"], facts["commit"]) == ("CC-BY-4.0", "public", "1" * 40)
    assert facts["code"] == f"swh:1:rev:{'2' * 40}"
    assert facts["inputs"][0]["dataset"] == "countries"


def test_columns_have_type_unit_class_key_and_origin() -> None:
    tables = {table["name"]: table for table in said(made.plants())["schema"]}
    assert list(tables) == ["plants", "plants__matches", "plants__rollup"]
    assert tables["plants"]["physicalName"] == "commons_prod.data.plants"
    links = {column["name"]: column for column in tables["plants__matches"]["properties"]}
    assert links["score"]["logicalType"] == "number"
    assert links["name"]["classification"] == "restricted", "that of the column with the names"
    assert links["name"]["transformSourceObjects"] == ["plants: owner"]
    owned = {column["name"]: column["classification"] for column in tables["plants__rollup"]["properties"]}
    assert (owned["company"], owned["capacity_mw"]) == ("restricted", "public")
    columns = {column["name"]: column for column in tables["plants"]["properties"]}
    assert list(columns) == [column.name for column in made.SCHEMA.columns]
    plant, capacity, owner = columns["plant"], columns["capacity_mw"], columns["owner"]
    assert (plant["primaryKey"], plant["primaryKeyPosition"], plant["required"]) == (True, 1, True)
    assert (plant["description"], plant["transformSourceObjects"]) == ("Its name.", ["plants: raw: Plant name"])
    assert (capacity["physicalType"], capacity["logicalType"]) == ("decimal(18,3)", "number")
    assert custom(capacity) == {"unit": "MW", "term": "Energy.Installed capacity"}
    assert (owner["classification"], columns["share_pct"]["classification"]) == ("restricted", "internal")
    logical = {name: (column["logicalType"], column.get("logicalTypeOptions")) for name, column in columns.items()}
    assert logical["units"] == ("integer", {"format": "u16"})
    assert logical["share_pct"] == ("number", {"format": "f64"})
    assert logical["seen"] == ("timestamp", {"timezone": True})
    assert logical["local"] == ("timestamp", {"timezone": False})
    assert [logical[name][0] for name in ("built", "opens", "active")] == ["date", "time", "boolean"]


def test_rules_stand_once_each_with_the_standards_metric_where_it_has_one() -> None:
    (table, *_) = said(made.plants())["schema"]
    rules = {rule["name"]: rule for rule in table["quality"]}
    assert len(rules) == len(table["quality"])
    assert (rules["rows"]["metric"], rules["rows"]["mustBeBetween"]) == ("rowCount", [1, 1000])
    assert (rules["nulls_pct.owner"]["metric"], rules["nulls_pct.owner"]["mustBeLessOrEqualTo"]) == ("nullValues", 50)
    assert rules["key"]["arguments"] == {"properties": ["plant"]}
    assert (rules["unique.owner+plant"]["severity"], rules["unique.owner+plant"]["mustBe"]) == ("warning", 0)
    assert custom(rules["owner.isin"]) == {"verdict": "warning", "failures": 3}
    assert custom(rules["rejected_pct"]) == {"verdict": "waived", "failures": 1}
    assert table["relationships"] == [{"type": "foreignKey", "from": "plants.country", "to": "countries.code"}]


def test_several_columns_that_refer_together(check: schemas.Check) -> None:
    references = "[{columns: [country, plant], dataset: countries, to: [code, name]}]"
    one = made.plants(contract=made.contract(references=references))
    document = said(one)
    assert check(document) == []
    (relation,) = document["schema"][0]["relationships"]
    assert (relation["from"], relation["to"]) == (
        ["plants.country", "plants.plant"], ["countries.code", "countries.name"],
    )  # fmt: skip


def test_no_value_of_a_guarded_column_is_told() -> None:
    text = odcs.to_yaml(made.plants(), lineage.graph([made.plants()]), NAMES)
    assert made.CANARY not in text
    assert "33.125" not in text
    columns = {column["name"]: column for column in said(made.plants())["schema"][0]["properties"]}
    assert columns["country"]["quality"][0]["arguments"] == {"validValues": ["DE", "FR"]}
    guarded = made.plants(contract=made.contract(access="internal"))
    assert "validValues" not in odcs.to_yaml(guarded, lineage.graph([guarded]), NAMES), "a guarded dataset's neither"


def test_before_the_first_version_and_after_a_withdrawal() -> None:
    planned = said(made.planned())
    assert (planned["status"], planned["version"]) == ("draft", "none")
    assert "servers" not in planned
    assert "properties" not in planned["schema"][0]
    gone = {"by": "plants@example.org", "at": "2026-02-02T00:00:00Z", "why": "It names a person."}
    assert said(made.plants(record=made.record(withdrawn=gone)))["status"] == "retired"


def test_hostile_texts_come_back_as_they_were() -> None:
    one = made.hostile()
    document = said(one)
    table = document["schema"][0]
    assert table["businessName"] == one.contract.title
    assert table["description"] == one.contract.description
    assert one.schema
    assert [column["description"] for column in table["properties"]] == [c.description for c in one.schema.columns]
    assert table["properties"][1]["quality"][0]["arguments"]["validValues"] == list(one.schema.columns[1].values or ())
    assert document["slaProperties"] == [
        {"property": "frequency", "value": "0 6 * * 1", "scheduler": "cron", "schedule": "0 6 * * 1"}
    ]
