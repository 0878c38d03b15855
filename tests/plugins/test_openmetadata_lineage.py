"""The listener: what it tells of each end of a task, and that it never fails or holds up one."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from include.adapters import spool
from include.adapters.store import Store
from include.settings import REPOSITORY

PROGRAM = """
import datetime as dt, json, sys, time
from pathlib import Path
from types import SimpleNamespace
from airflow.listeners.listener import get_listener_manager
from airflow.utils.state import TaskInstanceState
from include.orchestration.dag import dataset_dag

dag = dataset_dag(Path(sys.argv[1]))
hook = get_listener_manager().hook
now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
run = dict(dag_id=dag.dag_id, run_id="r1", logical_date=None, run_after=now, run_type="asset_triggered", end_date=now)
run = SimpleNamespace(**run)

def ended(name, which, state, task=None, **more):
    ti = dict(task=task or dag.get_task(name), dag_id=dag.dag_id, task_id=name, map_index=-1, run_id="r1", try_number=1,
        start_date=now, end_date=now, state=state, log_url="http://airflow/log", dag_run=run)
    started = time.monotonic()
    getattr(hook, f"on_task_instance_{which}")(previous_state=None, task_instance=SimpleNamespace(**ti | more),
        **({"error": "canary-4711"} if which == "failed" else {}))
    return time.monotonic() - started

hook.on_dag_run_running(dag_run=run, msg="")
took = [
    ended("extract", "success", TaskInstanceState.SUCCESS),
    ended("validate", "failed", TaskInstanceState.UP_FOR_RETRY),
    ended("validate", "failed", TaskInstanceState.FAILED, try_number=2),
    ended("compare", "success", TaskInstanceState.SUCCESS, map_index=2) if "compare" in dag.task_ids else 0,
    ended("publish", "skipped", TaskInstanceState.SKIPPED),
    ended("announce", "success", TaskInstanceState.SUCCESS),
    ended("extract", "failed", TaskInstanceState.FAILED, task=object()),
]
hook.on_dag_run_failed(dag_run=run, msg="")
hook.on_task_instance_success(previous_state=None, task_instance=SimpleNamespace())
print(json.dumps(took))
"""
ENDPOINT = {
    "AIRFLOW__LINEAGE__OPENMETADATA_API_ENDPOINT": "http://127.0.0.1:9/api",
    "AIRFLOW__LINEAGE__JWT_TOKEN": "canary-token",
}


def told(place: Path, dataset: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A process of Airflow in which tasks of a dataset's DAG end."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("COMMONS_", "AIRFLOW"))}
    given = {
        "AIRFLOW_HOME": str(place / "airflow"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__API__BASE_URL": "http://airflow.example.org",
        "COMMONS_STORE": f"file://{place}/store",
        "PYTHONPATH": str(REPOSITORY),
    }
    command = [sys.executable, "-c", PROGRAM, str(REPOSITORY / "include/datasets" / dataset)]
    return subprocess.run(
        command, cwd=REPOSITORY, env=kept | given | variables, capture_output=True, text=True, check=True
    )


def events(place: Path, name: str, count: int) -> list[dict[str, Any]]:
    """The events of a DAG, as soon as there are `count`: other processes write them."""
    store, end = Store(f"file://{place}/store/dev"), time.monotonic() + 60
    while len(items := spool.waiting(store, name)) < count and time.monotonic() < end:
        time.sleep(0.05)
    return [spool.read(store, item) or {} for item in items]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("listener")
    (place / "said").write_text(told(place, "wri_power_plants", **ENDPOINT).stdout)
    return place


def test_each_end_is_an_event_with_its_facts(place: Path) -> None:
    found = events(place, "wri_power_plants", 9)
    assert [event["kind"] for event in found] == [
        "run",
        "task",
        "task",
        "task",
        "task",
        "task",
        "dataset",
        "task",
        "run",
    ]
    tasks = [event["task"] for event in found if event["kind"] == "task"]
    assert [(task["id"], task["state"], task["try"]) for task in tasks] == [
        ("extract", "success", 1),
        ("validate", "up_for_retry", 1),
        ("validate", "failed", 2),
        ("publish", "skipped", 1),
        ("announce", "success", 1),
        ("extract", "failed", 1),
    ]
    assert {event["format"] for event in found} == {1}
    assert {event["run"]["due"] for event in found} == {"2026-01-01T00:00:00+00:00"}, "it has no logical date"
    assert [event["run"].get("state") for event in found if event["kind"] == "run"] == ["running", "failed"]


def test_an_event_tells_the_whole_dag_with_what_its_tasks_make(place: Path) -> None:
    dag = events(place, "wri_power_plants", 9)[1]["dag"]
    assert (dag["id"], dag["address"]) == ("wri_power_plants", "http://airflow.example.org")
    tasks = {task["id"]: task for task in dag["tasks"]}
    assert tasks["validate"]["downstream"] == ["match"]
    assert len(tasks["extract"]["inlets"]) == 11
    assert [outlet["fqn"] for outlet in tasks["match"]["outlets"]] == [
        "data_commons.commons_dev.data.wri_power_plants__matches"
    ]
    assert tasks["announce"]["outlets"] == [], "an Asset is Airflow's own"


def test_what_was_raised_and_who_we_are_is_in_no_event(place: Path) -> None:
    """Fault 27: an exception may hold a value of the data, and the configuration holds a token."""
    text = json.dumps(events(place, "wri_power_plants", 9))
    assert "wri_power_plants" in text
    assert "canary" not in text


def test_without_an_address_nothing_is_told(tmp_path: Path) -> None:
    told(tmp_path, "elf_codes")
    assert not (tmp_path / "store").exists()
    assert not (tmp_path / "airflow/logs/spool.log").exists()


def test_a_store_that_does_not_answer_holds_up_no_task(tmp_path: Path) -> None:
    """Fault 8: the listener hands over and is done, whatever the store does, and so is the task."""
    (tmp_path / "store").write_text("a file where the folder should be")
    done = told(tmp_path, "elf_codes", **ENDPOINT)
    assert len(json.loads(done.stdout.splitlines()[-1])) == 7
    assert "OpenMetadata is not told of this: AttributeError" in done.stdout + done.stderr, "one line for each fault"
    assert "Traceback" not in done.stdout + done.stderr
    (tmp_path / "store").unlink()
    assert len(events(tmp_path, "elf_codes", 9)) == 9, "they come as soon as the store is back"
