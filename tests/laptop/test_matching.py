"""A dataset that is matched in a real Airflow: what it reads runs before it, its names in mapped pods."""

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import psutil
import pytest

from include.laptop import Laptop
from tests.clone import environment, make_clone, run
from tests.tasks.matched import OWNERS, write_all

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(600)]
COMMAND = (".venv/bin/commons", "run", "owners", "companies", "forms", "--airflow")


@dataclass(frozen=True)
class Done:
    """A clone in which `owners` ran, one of its three shards killed at work."""

    clone: Path
    said: str
    killed: int

    @property
    def laptop(self) -> Laptop:
        home = self.clone / ".commons/airflow"
        return Laptop(home, *json.loads((home / "laptop.json").read_text()))

    def instances(self, dataset: str = "owners") -> list[dict[str, Any]]:
        """The task instances of the dataset's only run."""
        (begun,) = self.laptop.api.call("GET", f"dags/{dataset}/dagRuns")["dag_runs"]
        path = f"dags/{dataset}/dagRuns/{begun['dag_run_id']}/taskInstances"
        return list(self.laptop.api.call("GET", path)["task_instances"])


def kill(words: set[str], until: "subprocess.Popen[str]") -> int:
    """Kills the first process whose command has these `words`; its id, 0 where none came before `until` ended."""
    while until.poll() is None:
        for process in psutil.process_iter(["cmdline"]):
            if words <= set(process.info["cmdline"] or ()):
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGKILL)
                    return process.pid
        time.sleep(0.02)
    return 0


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    clone = make_clone(tmp_path_factory.mktemp("matching"), pins=False)
    shutil.rmtree(clone / "include/datasets")
    write_all(clone / "include/datasets", shards=3)
    for command in ("git add --all", "git commit --quiet --message datasets"):
        run(command, clone).check_returncode()
    running = subprocess.Popen(
        COMMAND, cwd=clone, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    killed = kill({"include.tasks", "compare", "owners", "--shard", "1/3"}, running)
    said, _ = running.communicate()
    yield Done(clone, said, killed)
    run(".venv/bin/commons down", clone)


def test_a_register_runs_before_what_is_matched_by_it(done: Done) -> None:
    assert "owners: a new version" in done.said, done.said
    ends = {name: max(one["end_date"] for one in done.instances(name)) for name in ("forms", "companies")}
    begins = min(one["start_date"] for one in done.instances())
    assert all(end < begins for end in ends.values())


def test_a_shard_that_is_killed_is_tried_again_and_changes_nothing(done: Done) -> None:
    """Fault 2: the pod of one of three shards dies; the others are not done again, and there is one version."""
    assert done.killed
    shards = {one["map_index"]: one for one in done.instances() if one["task_id"] == "compare"}
    assert {number: (one["state"], one["try_number"]) for number, one in shards.items()} == {
        0: ("success", 1), 1: ("success", 2), 2: ("success", 1),
    }  # fmt: skip
    run_id = shards[1]["dag_run_id"]
    assert "the pod was killed. It is tried again." in done.laptop.api.log("owners", run_id, "compare", 1, instance=1)
    store = done.clone / ".commons/store/dev"
    receipts = sorted(path.parts[-3:-1] for path in store.glob("runs/owners/*/compare-*/*/receipt-*.json"))
    assert receipts == [(f"compare-{number:04d}", "0000") for number in range(3)]
    (links,) = store.glob("runs/owners/*/match/0000/*/matches.parquet")
    assert pl.read_parquet(links).height == len({row["owner"] for row in OWNERS})


def test_each_mapped_task_links_to_its_own_log_and_match_to_its_report(done: Done) -> None:
    laptop, run_id = done.laptop, done.instances()[0]["dag_run_id"]
    laptop.api.call("GET", "dags")
    token = {"Authorization": f"Bearer {laptop.api.token}"}

    def page(task: str, link: str, instance: int = -1) -> str:
        path = f"dags/owners/dagRuns/{run_id}/taskInstances/{task}/links"
        found = laptop.api.call("GET", path, {"map_index": str(instance)})["extra_links"][link]
        return httpx.get(laptop.address + found, headers=token).raise_for_status().text

    logs = [page("compare", "Pod's own log", number) for number in range(3)]
    assert [f"compare-{number:04d}" in log for number, log in enumerate(logs)] == [True] * 3
    assert all("to compare" in log and "index of companies: built" not in log for log in logs)
    assert "companies" in page("match", "Report")


def test_the_table_of_tasks_shows_shards_as_one(done: Done) -> None:
    header = next(line for line in done.said.splitlines() if "dataset" in line and "announce" in line)
    assert header.split() == [
        "dataset",
        "sync",
        "extract",
        "validate",
        "compare",
        "match",
        "publish",
        "announce",
        "run",
    ]
