"""What the events of one run say together: each task's last try, and how the run went."""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

Record = dict[str, Any]
"""`{"run": {…}, "tasks": {"compare[0]": {…}}}`: the parts of events that FORMAT.md names, each with its `at`."""
STATES = {"success": "Successful", "failed": "Failed", "skipped": "Skipped"}
PENDING = "Pending"


def merged(record: Mapping[str, Any] | None, event: Mapping[str, Any]) -> Record:
    """The record of a run after `event`; an event that came before what is known changes nothing."""
    known = record or {}
    run, tasks = dict(known.get("run", {})), dict(known.get("tasks", {}))
    run = {key: value for key, value in event["run"].items() if value} | run
    if event["kind"] == "run" and event["at"] >= run.get("at", ""):
        run |= event["run"] | {"at": event["at"], "due": run.get("due")}
    if event["kind"] == "task":
        task = event["task"] | {"at": event["at"]}
        key = f"{task['id']}[{task['index']}]"
        if task["at"] >= tasks.get(key, {}).get("at", ""):
            tasks[key] = task
    return {"run": run, "tasks": tasks}


def status(record: Mapping[str, Any], task_ids: Collection[str]) -> dict[str, Any] | None:
    """The run as OpenMetadata's PipelineStatus has it, of the tasks that its pipeline has: times in milliseconds.

    A task that is to be tried again is pending; of a mapped one, what is worst of its instances counts. A run without
    logical date (an Asset or a person started it) has the time at which it was to run; None where no event told any.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for task in record["tasks"].values():
        found.setdefault(task["id"], []).append(task)
    tasks = [_task(found[name]) for name in task_ids if name in found]
    run = record["run"]
    if not run.get("due"):
        return None
    told = {"timestamp": milliseconds(run["due"]), "executionId": run["id"], "taskStatus": tasks}
    told["executionStatus"] = _state(run, [task["executionStatus"] for task in tasks], len(task_ids))
    if run.get("end"):
        told["endTime"] = milliseconds(run["end"])
    return told


def _state(run: Mapping[str, Any], tasks: list[str], expected: int) -> str:
    """As the scheduler said; where it said nothing, by the tasks."""
    if run.get("state"):
        return STATES.get(run["state"], PENDING)
    if len(tasks) < expected or PENDING in tasks:
        return PENDING
    return "Failed" if "Failed" in tasks else "Successful"


def _task(instances: list[dict[str, Any]]) -> dict[str, Any]:
    states = {STATES.get(task["state"], PENDING) for task in instances}
    worst = next(state for state in ("Failed", PENDING, "Successful", "Skipped") if state in states)
    starts = [milliseconds(task["start"]) for task in instances if task["start"]]
    ends = [milliseconds(task["end"]) for task in instances if task["end"]]
    told = {"name": instances[0]["id"], "executionStatus": worst}
    told |= {"startTime": min(starts)} if starts else {}
    told |= {"endTime": max(ends)} if ends else {}
    log = next((task["log"] for task in instances if STATES.get(task["state"], PENDING) == worst and task["log"]), None)
    return told | ({"logLink": log} if log else {})


def milliseconds(moment: str) -> int:
    """Since 1970, of a time in ISO 8601."""
    return round(dt.datetime.fromisoformat(moment).timestamp() * 1000)
