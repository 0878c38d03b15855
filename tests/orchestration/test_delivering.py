"""The DAG that delivers, and what the tasks of a dataset's DAG say that they read and make."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowFailException

from include.adapters import spool, turns
from include.adapters.store import own_store
from include.contracts import loader
from include.contracts.layout import CATALOGUE
from include.errors import ContractError
from include.orchestration import dag as dags
from include.orchestration import delivering
from include.orchestration.delivering import catalogue_dag
from include.settings import REPOSITORY, settings
from tests.adapters.test_spool import event
from tests.orchestration.conftest import CONTRACT, REFERENCE, write_matched


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets variables of the environment, and the settings that are made of them."""

    def given(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()

    yield given
    monkeypatch.undo()
    settings.cache_clear()


def test_it_runs_often_only_where_others_look_at_an_openmetadata(variables: Callable[..., None]) -> None:
    endpoint = {"AIRFLOW__LINEAGE__OPENMETADATA_API_ENDPOINT": "http://127.0.0.1:9/api"}
    assert catalogue_dag().schedule is None
    variables(**endpoint)
    assert catalogue_dag().schedule is None, "a development environment"
    variables(COMMONS_ENVIRONMENT="prod")
    dag = catalogue_dag()
    assert dag.schedule is not None
    assert (dag.dag_id, dag.task_ids, dag.max_active_runs, dag.catchup) == ("catalogue", ["deliver"], 1, False)


def test_no_dataset_takes_its_name(room: Callable[..., Path]) -> None:
    folder = room(CATALOGUE)
    with pytest.raises(ContractError, match="'catalogue' is the name of the DAG that tells the catalogue"):
        loader.load(folder)
    assert dags.dataset_dag(folder).dag_id != CATALOGUE


def test_its_file_is_light_to_parse_and_airflow_finds_it() -> None:
    from airflow.utils.file import list_py_file_paths

    heavy = ("polars", "duckdb", "dvc", "sqlglot", "metadata", "include.adapters.store")
    program = f"import sys, runpy; runpy.run_path(sys.argv[1]); print([m for m in {heavy} if m in sys.modules])"
    command = [sys.executable, "-c", program, str(REPOSITORY / "dags/catalogue.py")]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, cwd=Path("/"), env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "catalogue.py" in {Path(path).name for path in list_py_file_paths(REPOSITORY, safe_mode=True)}


def test_tasks_say_what_they_read_and_make_beside_assets(room: Callable[..., Path]) -> None:
    room("other")
    dag = dags.dataset_dag(room("wells", CONTRACT + REFERENCE.replace("TO", "other")))
    extract, validate, announce = (dag.get_task(name) for name in ("extract", "validate", "announce"))
    assert [(one["entity"], one["fqn"].rpartition(".")[0], one["key"]) for one in extract.outlets] == [
        ("container", "data_commons_archive", "extract")
    ]
    assert {one["fqn"].rpartition(".")[2] for one in validate.inlets} == {"dev-wells", "other"}
    assert [one["fqn"] for one in validate.outlets] == ["data_commons.commons_dev.data.wells"]
    assert [type(one) for one in announce.outlets] == [Asset]


def test_they_are_the_same_in_what_airflow_stores(room: Callable[..., Path], tmp_path: Path) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    dag = dags.dataset_dag(write_matched(tmp_path / "datasets"))
    stored = json.loads(json.dumps(DagSerialization.to_dict(dag)))
    found = {task.task_id: task for task in DagSerialization.from_dict(stored).tasks}
    assert found["match"].outlets == dag.get_task("match").outlets
    assert found["match"].outlets[0]["fqn"].endswith("owners__matches")
    assert not found["compare"].outlets


def test_its_task_shows_what_became_of_the_spool(tmp_path: Path, variables: Callable[..., None]) -> None:
    """As its result where all is well, as its failure where something waits: that is what an operator sees."""
    variables(COMMONS_STORE=f"file://{tmp_path}/store")
    store = own_store()
    spool.put(store, event(1))
    told = delivering._deliver()
    assert (told["configured"], told["waiting"], told["oldest"]) == (False, 1, "2026-03-29T01:00:00Z")
    variables(AIRFLOW__LINEAGE__OPENMETADATA_API_ENDPOINT="http://127.0.0.1:9/api")
    with turns.turn(store), pytest.raises(AirflowFailException, match="delivers the spool now"):
        delivering._deliver()
