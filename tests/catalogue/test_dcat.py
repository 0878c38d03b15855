"""Datasets as DCAT-AP 3.0.0: every mandatory shape holds, recommended ones that don't are known, nothing guarded."""

import json
from pathlib import Path
from typing import Any

import pytest
from rdflib import Graph, Literal, Namespace, URIRef

from include.catalogue import dcat, lineage
from include.catalogue.model import Described
from include.contracts.names import Names
from tests.catalogue import made, schemas

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph")  # of rdflib in itself
NAMES = Names("prod")
HERE = URIRef("commons://prod/plants")
DCAT, DCT = Namespace("http://www.w3.org/ns/dcat#"), Namespace("http://purl.org/dc/terms/")
PROV, SPDX = Namespace("http://www.w3.org/ns/prov#"), Namespace("http://spdx.org/rdf/terms#")
ADMS = Namespace("http://www.w3.org/ns/adms#")
CASES = {
    "all": made.plants(),
    "golden": made.golden(),
    "planned": made.planned(),
    "hostile": made.hostile(),
    "own licence": made.plants(contract=made.contract(licence="LicenseRef-Own")),
}


@pytest.fixture(scope="module")
def shapes(shared: Path) -> dict[str, schemas.Check]:
    return {kind: schemas.dcat(shared, kind) for kind in ("shapes", "range", "shapes_recommended")}


def read(document: dict[str, Any]) -> Graph:
    """The document as a reader of the file gets it."""
    return Graph().parse(data=dcat.to_json(document), format="json-ld")


def told(one: Described) -> Graph:
    return read(dcat.document(one, lineage.graph([one]), NAMES))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", ["shapes", "range"])
def test_every_mandatory_shape_holds(case: str, kind: str, shapes: dict[str, schemas.Check]) -> None:
    data = told(CASES[case])
    assert shapes[kind](data) == []


def test_the_shapes_refuse_what_is_wrong(shapes: dict[str, schemas.Check]) -> None:
    data = told(made.plants())
    data.remove((None, DCAT.accessURL, None))
    data.remove((HERE, DCT.title, None))
    assert shapes["shapes"](data) == ["dcat#accessURL", "title"]


def test_the_recommended_shapes_that_do_not_hold_are_those_of_facts_that_no_contract_states(
    shapes: dict[str, schemas.Check],
) -> None:
    missing = shapes["shapes_recommended"](told(made.plants()))
    assert missing == ["dcat#theme", "spatial", "temporal", "type"]
    without = shapes["shapes_recommended"](told(made.plants(contract=made.contract())))
    assert without == ["dcat#keyword", *missing]


def test_a_catalogue_holds_them_all(shapes: dict[str, schemas.Check]) -> None:
    others = [made.planned("countries"), made.plants()]
    data = read(dcat.catalogue(others, lineage.graph(others), NAMES, "Data Commons"))
    assert shapes["shapes"](data) == []
    assert {str(one) for one in data.objects(None, DCAT.dataset)} == {
        "commons://prod/countries", "commons://prod/plants",
    }  # fmt: skip
    assert str(data.value(URIRef("commons://prod"), DCT.modified)) == "2026-02-01T00:03:20+00:00"


def test_versions_sources_inputs_and_checksums_are_told() -> None:
    data = told(made.plants())
    assert data.value(HERE, DCAT.version) == Literal(made.CONTENT)
    assert data.value(HERE, DCAT.previousVersion) == URIRef(f"{HERE}#{'4b' * 32}")
    versions = set(data.objects(HERE, DCAT.hasVersion))
    assert versions == {URIRef(f"{HERE}#{content}") for content in (made.CONTENT, "4b" * 32)}
    assert data.value(URIRef(f"{HERE}#{'4b' * 32}"), ADMS.versionNotes) == Literal("Asked for.")
    source = URIRef(made.ADDRESS)
    assert set(data.objects(HERE, PROV.wasDerivedFrom)) == {
        source, URIRef(f"commons://prod/countries#{'6d' * 32}"), URIRef(f"commons://prod/companies#{'7e' * 32}"),
    }  # fmt: skip
    (checksum,) = data.objects(source, SPDX.checksum)
    assert str(data.value(checksum, SPDX.algorithm)) == f"{SPDX}checksumAlgorithm_sha256"
    assert data.value(checksum, SPDX.checksumValue).toPython().hex() == made.SHA256
    tables = set(data.objects(HERE, DCAT.distribution))
    assert {str(table).rpartition("-")[2] for table in tables} == {"table", "matches", "rollup"}
    assert {str(data.value(table, DCT.license)) for table in tables} == {"https://spdx.org/licenses/CC-BY-4.0"}
    run = data.value(HERE, PROV.wasGeneratedBy)
    assert str(data.value(run, PROV.used)) == f"swh:1:rev:{'2' * 40}"
    assert str(data.value(HERE, DCT.accrualPeriodicity)).endswith("frequency/MONTHLY")
    assert str(data.value(HERE, DCT.accessRights)).endswith("access-right/PUBLIC")


def test_a_withdrawn_version_has_no_files_and_says_why() -> None:
    gone = {"by": "plants@example.org", "at": "2026-02-02T00:00:00Z", "why": "It names a person."}
    data = told(made.plants(record=made.record(withdrawn=gone)))
    assert list(data.objects(HERE, DCAT.distribution)) == []
    assert "It names a person." in str(data.value(HERE, ADMS.versionNotes))


def test_no_value_of_a_guarded_column_is_told() -> None:
    one = made.plants()
    text = dcat.to_json(dcat.document(one, lineage.graph([one]), NAMES))
    assert "Power plants" in text
    assert made.CANARY not in text
    assert "33.125" not in text


def test_hostile_texts_come_back_as_they_were() -> None:
    one = made.hostile()
    document = json.loads(dcat.to_json(dcat.document(one, lineage.graph([one]), NAMES)))
    assert (document["dct:title"], document["dct:description"]) == (one.contract.title, one.contract.description)
    data = told(one)
    assert data.value(HERE, DCT.title) == Literal(one.contract.title)
    (source,) = (s for s in data.objects(HERE, PROV.wasDerivedFrom) if str(s).startswith("https:"))
    assert str(source) == "https://example.org/a%22b%3Cc%3E%7Bd%7D%7Ce%5Cf%5Eg%60h%20i?x=%3Cy%3E#z"
