"""`commons catalogue sync`, `diff` and `open`, typed in a clone with a real version, against an OpenMetadata."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from include.catalogue.lineage import graph
from include.catalogue.naming import place
from include.contracts.names import Names
from include.settings import REPOSITORY
from include.versions import worktree
from include.versions.origins import origins
from tests.clone import environment
from tests.histories import Histories, histories, steps
from tests.openmetadata.server import TOKEN, OpenMetadata, serving

TABLE = "data_commons.commons_dev.data.elf_codes"


@pytest.fixture(scope="module")
def server() -> Iterator[OpenMetadata]:
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Iterator[Histories]:
    """A real dataset with a version; all others as planned."""
    made = histories(tmp_path_factory.mktemp("catalogue"), shared)
    made.make("elf_codes", replace(steps("elf_codes")[-1], why=None))
    yield made
    made.close()


def commons(clone: Histories, *words: str, code: int = 0, **lineage: str) -> subprocess.CompletedProcess[str]:
    """What the command does, typed in the clone; it ends with `code`, in words."""
    command = [str(REPOSITORY / ".venv/bin/python"), "-P", "-m", "include.cli", "catalogue", *words]
    given = {f"AIRFLOW__LINEAGE__{key.upper()}": value for key, value in lineage.items()}
    known = environment() | {"PYTHONPATH": str(clone.root)} | given
    done = subprocess.run(command, cwd=clone.root, env=known, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert TOKEN not in done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def said(clone: Histories, server: OpenMetadata) -> dict[str, Any]:
    """What a whole sync says."""
    where = {"openmetadata_api_endpoint": server.endpoint, "jwt_token": TOKEN}
    told: dict[str, Any] = json.loads(commons(clone, "sync", "--json", **where).stdout)
    return told


def test_a_real_version_is_told_with_its_rows_and_rules(said: dict[str, Any], server: OpenMetadata) -> None:
    assert said["problems"] == []
    assert TABLE in said["created"]
    table = server.entity("tables", TABLE)
    (profile,) = server.state.profiles[table["id"]].values()
    assert profile["tableProfile"]["rowCount"] == 3818
    sample = server.state.samples[table["id"]]
    assert (len(sample["rows"]), sample["columns"]) == (10, [column["name"] for column in table["columns"]])
    assert len(server.state.results) > 5
    assert all(column["description"] for column in table["columns"])


def test_lineage_of_real_datasets_is_the_same_there(
    said: dict[str, Any], server: OpenMetadata, clone: Histories
) -> None:
    known = graph(origins(clone.root, clone.root / "include/datasets", worktree.pins(clone.root)).datasets.values())
    names = Names("dev")
    pairs = {(place(edge.upstream, names).fqn, place(edge.downstream, names).fqn) for edge in known.edges}
    fqns = {one["id"]: fqn for route in ("tables", "containers") for fqn, one in _all(server, route).items()}
    there = {(fqns[above], fqns[below]) for above, below in server.state.edges}
    assert there == {pair for pair in pairs if {*pair} <= {*fqns.values()}}
    assert len(there) > 20
    sources = {edge.upstream for edge in known.edges if edge.upstream.kind == "source"}
    assert {place(node, names).fqn for node in sources} <= {*fqns.values()}


def _all(server: OpenMetadata, route: str) -> dict[str, dict[str, Any]]:
    return {fqn: server.state.entities[route][one] for fqn, one in server.state.names[route].items()}


def test_diff_says_what_people_wrote_and_ends_with_one(
    said: dict[str, Any], server: OpenMetadata, clone: Histories
) -> None:
    server.by_hand("tables", TABLE, {"op": "add", "path": "/description", "value": "Better words."})
    where = {"openmetadata_api_endpoint": server.endpoint, "jwt_token": TOKEN}
    (found,) = json.loads(commons(clone, "diff", "elf_codes", "--json", code=1, **where).stdout)
    assert (found["dataset"], found["what"], found["state"]) == ("elf_codes", "description", "by hand")
    assert found["openmetadata"] == "Better words."


def test_open_says_the_address_of_the_page(clone: Histories) -> None:
    done = commons(clone, "open", "elf_codes", openmetadata_api_endpoint="https://catalogue.example.org/api")
    assert done.stdout.strip() == f"https://catalogue.example.org/table/{TABLE}"


@pytest.mark.parametrize("words", [("sync",), ("diff",), ("open", "elf_codes")])
def test_without_an_address_it_says_what_to_set(clone: Histories, words: tuple[str, ...]) -> None:
    done = commons(clone, *words, code=2)
    assert "Set AIRFLOW__LINEAGE__OPENMETADATA_API_ENDPOINT" in " ".join(done.stderr.split())


def test_a_name_that_is_none_is_told(clone: Histories) -> None:
    done = commons(clone, "open", "elf_code", code=2, openmetadata_api_endpoint="https://catalogue.example.org/api")
    assert "elf_code" in done.stderr
