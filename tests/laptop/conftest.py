"""A real Airflow with the pod runner: SQLite, local processes, loopback, real verbs, offline."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from include.laptop import Laptop, down, up
from include.laptop.airflow import NAMES
from include.laptop.processes import running
from include.settings import REPOSITORY
from tests.clone import make_clone
from tests.orchestration.conftest import BROKEN, CONTRACT, REFERENCE, write

# Airflow reads this file of its home: what makes an operator lose the reply of a pod that has done its work.
POLICY = """
from pathlib import Path

FLAG = Path({flag!r})


def lose_the_reply(context, result=None):
    if FLAG.exists():
        FLAG.unlink()
        raise RuntimeError("the reply was lost")


def task_policy(task):
    if task.task_id == "publish":
        task._post_execute_hook = lose_the_reply
"""


@dataclass(frozen=True)
class House:
    """A running Airflow and where its versions go."""

    laptop: Laptop
    place: Path
    flag: Path

    def commits(self) -> list[str]:
        """Commits that published elf_codes, latest first."""
        command = ["git", "log", "--format=%H", "--grep=^Dataset: elf_codes$", "start..main"]
        done = subprocess.run(command, cwd=self.place / "origin.git", capture_output=True, text=True, check=True)
        return done.stdout.split()

    def receipts(self) -> list[str]:
        """VERB/ATTEMPT of every receipt of elf_codes."""
        found = (self.place / "store/dev").glob("*/elf_codes/*/*/*/receipt*.json")
        return sorted(f"{path.parts[-3]}/{path.parts[-2]}" for path in found)

    def tasks(self, run: str, dataset: str = "elf_codes") -> dict[str, dict[str, object]]:
        """The task instances of a run by name."""
        found = self.laptop.api.call("GET", f"dags/{dataset}/dagRuns/{run}/taskInstances")["task_instances"]
        return {task["task_id"]: task for task in found}

    def asset_events(self) -> list[dict[str, object]]:
        """What was announced of elf_codes."""
        events = self.laptop.api.call("GET", "assets/events", {"limit": "100"})["asset_events"]
        return [event for event in events if event["name"] == "elf_codes"]


@contextmanager
def airflow(place: Path, shared: Path, more: Mapping[str, str] | None = None) -> Iterator[House]:
    """Airflow with elf_codes and a broken contract, publishing to a bare repository; all of it below `place`.

    `more` are variables of its environment.
    """
    subprocess.run(
        ["git", "clone", "-q", "--bare", str(make_clone(place, pins=False)), str(place / "origin.git")], check=True
    )
    for command in (["branch", "-f", "start", "HEAD"], ["branch", "-f", "main", "HEAD"]):
        subprocess.run(["git", *command], cwd=place / "origin.git", check=False, capture_output=True)
    elf = shutil.copytree(REPOSITORY / "include/datasets/elf_codes", place / "datasets/elf_codes") / "contract.yaml"
    elf.write_text(elf.read_text().replace('schedule: "@monthly"\n', ""))  # nothing is to start by itself
    write(place / "datasets", "broken", BROKEN)
    write(place / "datasets", "referring", CONTRACT + REFERENCE.replace("TO", "elf_codes"))
    home, flag = place / "airflow", place / "lose-the-reply"
    (home / "config").mkdir(parents=True)
    (home / "config/airflow_local_settings.py").write_text(POLICY.format(flag=str(flag)))
    settings = {
        "COMMONS_DATASETS": str(place / "datasets"),
        "COMMONS_STORE": f"file://{place}/store",
        "COMMONS_REMOTE": f"file://{place}/remote",
        "COMMONS_PUBLISH": f"file://{place}/origin.git",
        "COMMONS_REF": "main",
        "COMMONS_MIRROR": str(shared),
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "True",
        **(more or {}),
    }
    try:
        yield House(up(home, ["elf_codes", "broken", "referring"], settings, seconds=300), place, flag)
    finally:
        started = [process for name in NAMES if (process := running(home, name))]
        family = started + [child for process in started for child in process.children(recursive=True)]
        down(home)
        assert not [process for process in family if process.is_running() and process.status() != "zombie"]
        assert not (home / "kubeconfig").exists()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Iterator[House]:
    """An Airflow for the tests of one module."""
    with airflow(tmp_path_factory.mktemp("laptop"), shared) as house:
        yield house
