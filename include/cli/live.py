"""DAG runs as they go: a live table of datasets and the states of their tasks."""

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import get_args

from rich.live import Live
from rich.table import Table

from ..adapters.remote import remote
from ..contracts import layout
from ..laptop import Laptop, up
from ..settings import REPOSITORY, settings
from .console import out

COLOURS = {"success": "green", "failed": "red", "running": "yellow", "skipped": "cyan", "up_for_retry": "magenta"}


@dataclass
class DagRun:
    """One run as it is now; seconds by task once that has ended."""

    dataset: str
    run: str = ""
    """Its id; empty where it never began, since what it reads failed."""
    state: str = "waiting"
    tasks: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def airflow(wanted: Iterable[str] = (), port: int = 0) -> Laptop:
    """Airflow and the pod runner of this repository, started if need be, knowing the DAGs `wanted`."""
    with out.status("Airflow") as status:
        return up(
            wanted=wanted,
            environment=_environment(),
            progress=lambda what: status.update(f"Airflow: {what}"),
            port=port,
        )


def follow(laptop: Laptop, reads: Mapping[str, Collection[str]], waves: list[list[str]]) -> list[DagRun]:
    """Runs the DAGs of each wave beside each other, wave by wave, and shows their tasks until all have ended.

    A dataset is not run where one that it `reads` failed.
    """
    runs = {name: DagRun(name) for wave in waves for name in wave}
    told = list(runs.values())
    with Live(_table(told), console=out, refresh_per_second=4) as live, ThreadPoolExecutor(len(runs)) as pool:

        def watch(run: DagRun) -> None:
            if any(runs[name].state != "success" for name in reads[run.dataset] if name in runs):
                run.state = "upstream_failed"
                return
            run.run = laptop.api.trigger(run.dataset)

            def changed(tasks: dict[str, str]) -> None:
                run.state, run.tasks = "running", tasks
                live.update(_table(told))

            run.state = laptop.api.follow(run.dataset, run.run, changed)
            run.seconds = laptop.api.seconds(run.dataset, run.run)
            live.update(_table(told))

        for wave in waves:
            list(pool.map(watch, [runs[name] for name in wave]))
    return told


def _environment() -> dict[str, str]:
    """Pods run a copy of the code, so what lies in this working tree is named by its full address."""
    known = {"COMMONS_STORE": settings().store}
    if not settings().publish:
        known["COMMONS_PUBLISH"] = f"worktree:{REPOSITORY}"
        # A local remote's address in .dvc/config is relative; any other is the same wherever it is read.
        if settings().remote or remote("internal", REPOSITORY).is_local:
            known["COMMONS_REMOTE"] = settings().remote or f"file://{REPOSITORY}/.commons/remote"
    return known


def _table(runs: list[DagRun]) -> Table:
    tasks = _tasks(runs)
    table = Table("dataset", *tasks, "run", box=None)
    for run in runs:
        table.add_row(run.dataset, *(_cell(run, task) for task in tasks), _coloured(run.state))
    return table


def _tasks(runs: list[DagRun]) -> list[str]:
    """The tasks that the runs have, in their order."""
    known = {task for run in runs for task in run.tasks} | set(layout.VERBS) | {"announce"}
    return [task for task in (*get_args(layout.Verb), "announce") if task in known]


def _cell(run: DagRun, task: str) -> str:
    took = f" {run.seconds[task]:.0f} s" if task in run.seconds else ""
    return _coloured(run.tasks.get(task, "") or "-") + took


def _coloured(state: str) -> str:
    colour = COLOURS.get(state)
    return f"[{colour}]{state}[/{colour}]" if colour else state
