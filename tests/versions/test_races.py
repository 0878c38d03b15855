"""Publishers beside each other, stopped and killed between any two steps: the real code, Git and remote."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import pytest
from hypothesis import HealthCheck, Phase, settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from include.errors import ConflictError
from include.versions import presence
from include.versions.pins import Entry, parse
from tests.versions.house import House, facts, git, house, version

PROJECT = Path(__file__).parents[2]
HOOK = """#!/bin/sh
if [ -e {flag} ]; then rm {flag}; kill -9 $PPID; fi
"""


class Stepper:
    """A program whose children publish step by step."""

    def __init__(self) -> None:
        self.place = Path(tempfile.mkdtemp(prefix="races-"))
        command = [sys.executable, "-m", "tests.versions.stepper"]
        self.process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.place / "socket"))
        self.listener.listen()
        self.template = house(self.place / "template/house")
        for name, flag in (("update", "drop"), ("post-receive", "lose")):
            hook = self.template.origin / "hooks" / name
            hook.parent.mkdir(exist_ok=True)
            hook.write_text(HOOK.format(flag=flag))
            hook.chmod(0o755)
        self.versions = {run: version(self.place / run, {"a": float(ord(run))}) for run in "ab"}

    def start(self, deployment: House, run: str, told: dict[str, Any]) -> "Running":
        # Each spells the address in its own way, so that they do not take turns as publishers of one machine do.
        address = f"{deployment.origin}{'/.' * (ord(run) - 96)}"
        job = {"root": str(deployment.root), "folder": str(self.versions[run]), "told": told, "address": address}
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(job | {"socket": str(self.place / "socket")}) + "\n")
        self.process.stdin.flush()
        pid = int(self.process.stdout.readline())
        connection, _ = self.listener.accept()
        return Running(pid, connection, connection.makefile("r"))

    def close(self) -> None:
        self.process.communicate()
        self.listener.close()
        shutil.rmtree(self.place)


@dataclass
class Running:
    """A publisher that waits to be told to go on."""

    pid: int
    connection: socket.socket
    lines: TextIO
    next: str = ""

    def __post_init__(self) -> None:
        self.next = self.lines.readline().strip()

    @property
    def ended(self) -> dict[str, Any] | None:
        return dict(json.loads(self.next.removeprefix("end "))) if self.next.startswith("end ") else None

    def go(self) -> None:
        """One step."""
        self.connection.sendall(b".")
        self.next = self.lines.readline().strip()

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        assert self.lines.readline() == ""
        self.connection.close()


stepper: Stepper


@pytest.fixture(scope="module", autouse=True)
def _stepper() -> Any:
    global stepper
    stepper = Stepper()
    yield
    stepper.close()


class Publishers(RuleBasedStateMachine):
    """Two runs, of one dataset or of two; steps, deaths and answers that are lost come in any order."""

    looked_at = ""

    @initialize(together=strategies.booleans())
    def begin(self, together: bool) -> None:
        self.place = Path(tempfile.mkdtemp(prefix="race-", dir=stepper.place))
        shutil.copytree(stepper.template.root, self.place / "house", symlinks=True)
        self.deployment = House(self.place / "house")
        self.told = {run: {"rows": 1, "run": f"run_{run}", "name": "shares" if together else f"d{run}"} for run in "ab"}
        self.running = {run: stepper.start(self.deployment, run, self.told[run]) for run in "ab"}
        self.killed, self.looked_at = 0, ""

    def one_of(self, data: Any) -> str | None:
        """A run that has not ended."""
        left = [run for run, one in self.running.items() if one.ended is None]
        return data.draw(strategies.sampled_from(left)) if left else None

    @rule(data=strategies.data(), steps=strategies.integers(1, 6))
    def some_steps(self, data: Any, steps: int) -> None:
        run = self.one_of(data)
        for _ in range(steps if run else 0):
            if run and self.running[run].ended is None:
                self.running[run].go()

    @precondition(lambda self: self.killed < 3)
    @rule(data=strategies.data())
    def killed_and_started_again(self, data: Any) -> None:
        if run := self.one_of(data):
            self.running[run].kill()
            self.killed += 1
            self.running[run] = stepper.start(self.deployment, run, self.told[run])

    @rule(flag=strategies.sampled_from(["drop", "lose"]))
    def the_next_push_goes_unanswered(self, flag: str) -> None:
        (self.deployment.origin / flag).touch()

    def pinned(self) -> dict[str, Entry]:
        there = git("ls-tree", "--name-only", "main", at=self.deployment.origin).split()
        text = git("show", "main:data.dvc", at=self.deployment.origin) if "data.dvc" in there else ""
        return parse(text).entries

    def published(self) -> list[str]:
        """The runs of all commits that publish, oldest first."""
        return [run for run in self.deployment.log("%(trailers:key=Dag-Run,valueonly)")[::-1] if run]

    @invariant()
    def nothing_announced_is_missing_and_history_is_a_line(self) -> None:
        tip = git("rev-parse", "main", at=self.deployment.origin) if hasattr(self, "running") else ""
        if tip == self.looked_at:
            return
        self.looked_at = tip
        lacking = presence.missing(self.pinned().values(), self.deployment.remote, self.place / "cache")
        assert lacking == []
        assert len(self.published()) == len(set(self.published())), "a run published twice"
        assert git("rev-list", "--min-parents=2", "--count", "main", at=self.deployment.origin) == "0"

    def teardown(self) -> None:
        if not hasattr(self, "running"):
            return
        for one in self.running.values():
            while one.ended is None:
                one.go()
        self.looked_at = ""
        self.nothing_announced_is_missing_and_history_is_a_line()
        together = len({told["name"] for told in self.told.values()}) == 1
        outcomes = {f"run_{run}": (one.ended or {})["outcome"] for run, one in self.running.items()}
        assert sorted(outcomes.values()) == ["ConflictError" if together else "published", "published"]
        assert {run for run, outcome in outcomes.items() if outcome == "published"} == set(self.published())
        assert len(self.pinned()) == (1 if together else 2)
        for one in self.running.values():
            one.connection.close()
        shutil.rmtree(self.place)


Publishers.TestCase.settings = settings(
    max_examples=10,
    stateful_step_count=16,
    deadline=None,
    database=None,
    phases=(Phase.generate,),  # to shrink would take as long as a run does, many times
    suppress_health_check=list(HealthCheck),
)
test_publishers_stopped_and_killed_between_any_two_steps = pytest.mark.timeout(600)(Publishers.TestCase)


def test_two_runs_of_one_dataset_a_hundred_times(tmp_path: Path) -> None:
    """Fault 5: each time exactly one of the two is published, on top of the one before; no update is lost."""
    deployment, rounds = house(tmp_path / "house"), 100
    base: str | None = None
    order: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        for number in range(rounds):
            runs = {f"run_{who}_{number}": version(tmp_path / f"{who}{number}", {who: float(number)}) for who in "ab"}

            def publish(run: str, folder: Path, base: str | None = base) -> str:
                suffix = "/." * (1 + ("_b_" in run))
                try:
                    told = facts(1, run=run, base=base)
                    return deployment.publish(folder, told, address=f"{deployment.origin}{suffix}").outcome
                except ConflictError:
                    return "conflict"

            outcomes = dict(zip(runs, pool.map(publish, runs, runs.values()), strict=True))
            assert sorted(outcomes.values()) == ["conflict", "published"]
            order += [run for run, outcome in outcomes.items() if outcome == "published"]
            base = parse(git("show", "main:data.dvc", at=deployment.origin)).entries["shares"].md5
    said = [run for run in deployment.log("%(trailers:key=Dag-Run,valueonly)") if run]
    assert said == order[::-1]
    assert len(said) == rounds
    assert git("rev-list", "--min-parents=2", "--count", "main", at=deployment.origin) == "0"
    assert len({run[4] for run in order}) == 2, "one of them always won: the test showed little"
