"""What the listener costs Airflow: starting with its plugin and without, and the end of a task."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from include.settings import REPOSITORY

from . import table

ENDPOINT = {"AIRFLOW__LINEAGE__OPENMETADATA_API_ENDPOINT": "http://127.0.0.1:9/api"}
ROUNDS = 4
START_BOUND_S, END_BOUND_S = 0.3, 0.2
START = """
import json, runpy, time
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.listeners.listener import get_listener_manager
found = [type(one).__name__ for one in get_listener_manager().pm.get_plugins()]
started = time.process_time()
runpy.run_path("dags/datasets.py")
now = time.process_time()
print(json.dumps({"start": started, "parse": now, "listeners": found}))
"""
END = """
import json, sys, time
from pathlib import Path
from types import SimpleNamespace
from airflow.listeners.listener import get_listener_manager
from include.orchestration.dag import dataset_dag

dag = dataset_dag(Path("include/datasets/wri_power_plants"))
hook = get_listener_manager().hook
took = []
for number in range(20):
    task = dag.get_task("match")
    run = SimpleNamespace(logical_date=None, run_after="2026-01-01T00:00:00+00:00", run_type="manual")
    ti = SimpleNamespace(task=task, dag_id=dag.dag_id, task_id="match", map_index=-1, run_id=f"r{number}", try_number=1,
        start_date=None, end_date=None, state="success", dag_run=run)
    started = time.perf_counter()
    hook.on_task_instance_success(previous_state=None, task_instance=ti)
    took.append(time.perf_counter() - started)
print(json.dumps({"median": sorted(took)[len(took) // 2], "worst": max(took)}))
"""


def run() -> list[dict[str, object]]:
    """Writes the table: with the plugin and without taking turns."""
    with tempfile.TemporaryDirectory() as place:
        with_it, without = _plugins(Path(place), own=True), _plugins(Path(place), own=False)
        store = {"COMMONS_STORE": f"file://{place}/store", **ENDPOINT}
        starts = [_python(START, where, store) for _ in range(ROUNDS) for where in (with_it, without)]
        assert [found["listeners"] for found in starts[:2]] == [["Listener"], []]
        ends = [_python(END, where, store) for where in (with_it, without)]
        away = _python(
            END, with_it, store | {"COMMONS_STORE": "s3://nowhere", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
        )
    there, not_there = starts[::2], starts[1::2]
    rows = [
        _row(
            "a scheduler's imports and plugins, CPU", _least(there, "start"), _least(not_there, "start"), START_BOUND_S
        ),
        _row("and all DAGs parsed, CPU", _least(there, "parse"), _least(not_there, "parse"), START_BOUND_S),
        _row("a task's end", ends[0]["median"], ends[1]["median"], END_BOUND_S),
        _row("a task's end, the worst of 20", ends[0]["worst"], ends[1]["worst"], END_BOUND_S),
        _row("a task's end with the store away, the worst of 20", away["worst"], ends[1]["worst"], END_BOUND_S),
    ]
    table.write("The listener for OpenMetadata, seconds", rows, "It hands events over to a process of its own.")
    return rows


def _plugins(place: Path, own: bool) -> Path:
    """A folder of the repository's plugins, with that of the listener or without."""
    folder = place / ("with" if own else "without")
    folder.mkdir()
    for file in (REPOSITORY / "plugins").glob("*.py"):
        if own or file.name != "openmetadata_lineage.py":
            (folder / file.name).write_text(file.read_text())
    return folder


def _python(program: str, plugins: Path, more: dict[str, str]) -> dict[str, Any]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("COMMONS_", "AIRFLOW"))}
    kept |= {"AIRFLOW__CORE__LOAD_EXAMPLES": "False", "AIRFLOW__CORE__PLUGINS_FOLDER": str(plugins), "PYTHONPATH": "."}
    kept |= {"AIRFLOW_HOME": str(plugins.parent / "home")}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=REPOSITORY, env=kept | more, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _least(found: list[dict[str, Any]], what: str) -> float:
    """Of several rounds, the one that other processes disturbed least."""
    return min(float(one[what]) for one in found)


def _row(what: str, there: float, without: float, bound: float) -> dict[str, object]:
    met = "" if there - without <= bound else " (missed)"
    more = f"{there - without:+.3f}{met}"
    return {"what": what, "with": f"{there:.3f}", "without": f"{without:.3f}", "more": more, "bound": f"{bound:+.1f}"}


if __name__ == "__main__":
    run()
