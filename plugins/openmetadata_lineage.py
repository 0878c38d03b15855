"""Tells the spool how each task ended, in place of OpenMetadata's lineage backend, which Airflow 3 ignores.

It goes by the same keys of `[lineage]`, hands the event over to a process of its own, and never fails or holds up a
task. Without `openmetadata_api_endpoint` it does nothing.
"""

import datetime as dt
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from airflow.configuration import conf
from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

from include.contracts.layout import CATALOGUE
from include.settings import REPOSITORY, settings

log = logging.getLogger(__name__)


class Listener:
    """What Airflow calls: from the process of the task; from the scheduler, or for a person, where that is gone."""

    @hookimpl
    def on_task_instance_success(self, task_instance: Any) -> None:
        told(lambda: _of_task(task_instance, "success"))

    @hookimpl
    def on_task_instance_failed(self, task_instance: Any) -> None:
        """Also of a task that is tried again: its state is up_for_retry then."""
        told(lambda: _of_task(task_instance, "failed"))

    @hookimpl
    def on_task_instance_skipped(self, task_instance: Any) -> None:
        told(lambda: _of_task(task_instance, "skipped"))

    @hookimpl
    def on_dag_run_running(self, dag_run: Any) -> None:
        """Also of a run that was over, and of which tasks were cleared."""
        told(lambda: _of_run(dag_run, "running"))

    @hookimpl
    def on_dag_run_success(self, dag_run: Any) -> None:
        told(lambda: _of_run(dag_run, "success"))

    @hookimpl
    def on_dag_run_failed(self, dag_run: Any) -> None:
        """Some of its tasks may never have begun, so of these there is no event."""
        told(lambda: _of_run(dag_run, "failed"))


def told(events: Callable[[], Iterator[dict[str, Any]]]) -> None:
    """Hands `events` over; whatever goes wrong is one line in the log."""
    try:
        if conf.get("lineage", "openmetadata_api_endpoint", fallback=""):
            # To tell of the DAG that delivers would give it work for ever.
            _hand_over([event for event in events() if event["name"] != CATALOGUE])
    except Exception as error:
        log.warning("OpenMetadata is not told of this: %s: %s", type(error).__name__, error)


def _hand_over(events: list[dict[str, Any]]) -> None:
    """Starts the process that writes to the store, however long that takes; nothing waits for it."""
    if not events:
        return
    with tempfile.TemporaryFile() as lines, _failures() as failures:
        lines.write("".join(f"{json.dumps(event, default=_text)}\n" for event in events).encode())
        lines.seek(0)
        subprocess.Popen(
            [sys.executable, "-m", "include.adapters.spool"],
            cwd=REPOSITORY, stdin=lines, stdout=failures, stderr=failures, start_new_session=True,
        )  # fmt: skip


def _text(value: Any) -> str:
    return str(value.isoformat() if hasattr(value, "isoformat") else value)


def _failures() -> Any:
    """Where that process says what it could not do: a file beside Airflow's other logs, if that can be written."""
    folder = Path(conf.get("logging", "base_log_folder", fallback="/nowhere"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return (folder / "spool.log").open("ab")
    except OSError:
        return Path(os.devnull).open("wb")


def _of_task(ti: Any, state: str) -> Iterator[dict[str, Any]]:
    task = getattr(ti, "task", None)
    dag = getattr(task, "dag", None)
    again = _plain(getattr(ti, "state", None)) == "up_for_retry"
    event = _event("task", ti.dag_id) | {"run": _run(ti, _run_of(ti))}
    event["dag"] |= _dag(dag) if dag else {}
    event["task"] = {
        "id": ti.task_id,
        "index": -1 if ti.map_index is None else ti.map_index,
        "try": ti.try_number,
        "state": "up_for_retry" if again else state,
        "start": ti.start_date,
        "end": ti.end_date or event["at"],
        "log": getattr(ti, "log_url", None),
    }
    yield event
    if ti.task_id == "announce" and state == "success":
        yield _event("dataset", ti.dag_id) | {"run": event["run"], "dag": event["dag"]}


def _of_run(run: Any, state: str) -> Iterator[dict[str, Any]]:
    yield _event("run", run.dag_id) | {"run": _run(run, run) | {"state": state, "end": run.end_date}}


def _event(kind: str, dag_id: str) -> dict[str, Any]:
    developer = settings().developer
    name = dag_id.removeprefix(f"{developer}-") if developer else dag_id
    at = dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")
    return {"format": 1, "kind": kind, "name": name, "at": at, "dag": {"id": dag_id}}


def _run_of(ti: Any) -> Any:
    """The run as the server told the task's process of it; as the database has it, elsewhere."""
    given = getattr(ti, "_ti_context_from_server", None)
    return given.dag_run if given else getattr(ti, "dag_run", None)


def _run(named: Any, run: Any) -> dict[str, Any]:
    """`due` is its logical date; of a run that has none, as an Asset or a person starts it, when it was to run."""
    due = getattr(run, "logical_date", None) or getattr(run, "run_after", None)
    return {"id": named.run_id, "type": _plain(getattr(run, "run_type", None)), "due": due}


def _plain(state: Any) -> str:
    """Airflow has the same names as text and as several enumerations."""
    return str(getattr(state, "value", state) or "")


def _dag(dag: Any) -> dict[str, Any]:
    tasks = [
        {
            "id": task.task_id,
            "type": task.task_type,
            "downstream": sorted(task.downstream_task_ids),
            "inlets": _entities(task.inlets),
            "outlets": _entities(task.outlets),
        }
        for task in dag.tasks
    ]
    file = ""
    with suppress(Exception):
        file = str(dag.relative_fileloc or "")
    address = conf.get("api", "base_url", fallback="")
    return {"description": dag.description, "file": file, "address": address, "tasks": tasks}


def _entities(xlets: Any) -> list[dict[str, str]]:
    """Those in OpenMetadata's form; Assets of Airflow may stand beside them."""
    return [dict(item) for item in xlets or () if isinstance(item, dict) and {"entity", "fqn", "key"} <= item.keys()]


class OpenMetadataLineage(AirflowPlugin):
    """What Airflow loads."""

    name = "openmetadata_lineage"
    listeners = [Listener()]  # noqa: RUF012 - as Airflow declares it
