"""The DAG that looks after all versions: its pods are like all others, and it depends on no contract."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG

from include.contracts import loader
from include.contracts.layout import VERIFICATION
from include.errors import ContractError
from include.orchestration import dag as dags
from include.orchestration.upkeep import SAMPLE, verification_dag
from include.pods.admission import violations
from include.settings import REPOSITORY, settings
from tests.orchestration.conftest import pod_of
from tests.orchestration.test_dag import chain


@pytest.fixture(params=["dev", "prod"])
def dag(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[DAG]:
    for key, value in {
        "COMMONS_CODE": "c:t", "COMMONS_STORE": "s3://bucket/all", "COMMONS_ENVIRONMENT": request.param,
        "COMMONS_STORE_SECRET": "run-store", "COMMONS_PUBLISH_SECRET": "publisher",
    }.items():  # fmt: skip
        monkeypatch.setenv(key, value)
    settings.cache_clear()
    yield verification_dag()
    settings.cache_clear()


def test_it_syncs_then_verifies_in_restricted_pods_that_may_read_everything(dag: DAG) -> None:
    assert (dag.dag_id, chain(dag)) == ("verification", ["sync", "verify"])
    for task in dag.tasks:
        spec = pod_of(task)["spec"]
        assert violations(spec) == []
        assert [source["secretRef"]["name"] for source in spec["containers"][0]["envFrom"]] == ["publisher"]
        assert {variable["name"] for variable in spec["containers"][0]["env"]} >= {"COMMONS_PUBLISH", "COMMONS_REF"}


def test_a_person_can_ask_for_all_of_it(dag: DAG) -> None:
    given: dict[str, Any] = {"params": {"sample": 100}}
    args = pod_of(dag.get_task("verify"), **given)["spec"]["containers"][0]["args"]
    assert args[:2] == ["verify", "verification"]
    assert args[-2:] == ["--sample", "100"]


def test_it_runs_daily_where_others_depend_on_it_and_covers_all_in_a_week(dag: DAG) -> None:
    assert (dag.schedule is None) == (settings().environment == "dev")
    assert SAMPLE * 7 >= 100


def test_no_dataset_takes_its_name(room: Any) -> None:
    folder = room(VERIFICATION)
    with pytest.raises(ContractError, match="'verification' is the name of the DAG that verifies all datasets"):
        loader.load(folder)
    broken = dags.dataset_dag(folder)
    assert broken.tags == {"contract-error"}
    assert broken.dag_id != VERIFICATION


def test_its_file_is_light_to_parse() -> None:
    heavy = ("polars", "pandera", "duckdb", "dvc", "pyarrow", "s3fs", "include.tasks")
    program = f"import sys, runpy; runpy.run_path(sys.argv[1]); print([m for m in {heavy} if m in sys.modules])"
    command = [sys.executable, "-c", program, str(REPOSITORY / "dags/verification.py")]
    variables = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, cwd=Path("/"), env=variables, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_airflow_finds_its_file() -> None:
    """Airflow passes over files that do not speak of it."""
    from airflow.utils.file import list_py_file_paths

    found = {Path(path).name for path in list_py_file_paths(REPOSITORY, safe_mode=True)}
    assert {"datasets.py", "verification.py"} <= found
