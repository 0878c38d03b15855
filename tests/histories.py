"""Real histories, published version by version by the project's own verbs in a clone, with the waivers that they take.

Each version is what an author's pull request would hold: contract.yaml, schema.py, sometimes extract.py, and data.dvc.
"""

import importlib
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from include.adapters.remote import point_remotes
from include.adapters.store import Store
from include.contracts.layout import VERBS
from include.settings import REPOSITORY
from include.tasks.receipts import Receipt, found
from include.versions import worktree
from tests.clone import environment, make_clone

NAMES = ("owid_co2", "wri_power_plants", "elf_codes", "sbti_companies")


@dataclass(frozen=True)
class Step:
    """One version: what its author wrote, and why a change that breaks readers is meant, where there is one."""

    version: str
    contract: str
    schema: str
    extract: str | None = None
    why: str | None = None
    unadapted: "Step | None" = None
    """The files before the author saw what came: the run stops."""


@dataclass
class Histories:
    """A clone in which histories are published when they are asked for, each once."""

    root: Path
    mirror: Path
    published: dict[str, dict[str, str]] = field(default_factory=dict)
    stopped: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """By dataset and version, what the runs said that stopped before the author had done what it takes."""
    process: Any = None

    def publish(self, name: str) -> Mapping[str, str]:
        """The commit of each version of a history, by its label, the oldest first."""
        if name not in self.published:
            self.published[name] = {step.version: self.make(name, step) for step in steps(name)}
        return self.published[name]

    def make(self, name: str, step: Step) -> str:
        """Publish one version as an author does, who reads why a run stops; its commit."""
        if step.unadapted:
            self.stops(name, step.unadapted, "as before", at="validate")
        if step.why:
            self.stops(name, step, "not allowed", at="publish")
        assert self.run(name, step, "done") == "", "\n".join(self.problems(name, step, "done"))
        self.git("add", f"include/datasets/{name}", "data.dvc")
        self.git("commit", "--quiet", "--message", f"{name}: {step.version}")
        return self.git("rev-parse", "HEAD")

    def stops(self, name: str, step: Step, label: str, at: str) -> None:
        """Run a version that has to stop, keep what it says, and see that data.dvc stays as it was."""
        before = (self.root / "data.dvc").read_bytes()
        assert self.run(name, replace(step, why=None), label) == at
        self.stopped[name, step.version] = [
            *self.stopped.get((name, step.version), []),
            *self.problems(name, step, label),
        ]
        assert (self.root / "data.dvc").read_bytes() == before

    def run(self, name: str, step: Step, label: str) -> str:
        """Run the verbs on what the author wrote; the one that failed, empty where none did."""
        self.write(name, step)
        for verb in VERBS:
            if self.verb(name, verb, f"manual__{step.version} {label}"):
                return verb
        return ""

    def write(self, name: str, step: Step) -> None:
        """The author's files; the contract allows what breaks readers where the step says why."""
        folder = self.root / "include" / "datasets" / name
        folder.mkdir(exist_ok=True)
        pinned, allowed = worktree.pins(self.root).entries.get(name), ""
        if step.why and pinned:
            allowed = f'breaking:\n  - after: "{pinned.meta.mark[:12]}"\n    why: {step.why}\n    by: An author\n'
        (folder / "contract.yaml").write_text(step.contract + allowed, encoding="utf-8")
        (folder / "schema.py").write_text(step.schema, encoding="utf-8")
        (folder / "extract.py").unlink(missing_ok=True)
        if step.extract is not None:
            (folder / "extract.py").write_text(step.extract, encoding="utf-8")

    def receipt(self, name: str, version: str, verb: str, label: str = "done") -> Receipt | None:
        """What a verb said of a version."""
        return found(Store(f"file://{self.root}/.commons/store/dev"), name, f"manual__{version} {label}", verb)

    def problems(self, name: str, step: Step, label: str) -> list[str]:
        """Why a run stopped."""
        made = [self.receipt(name, step.version, verb, label) for verb in VERBS]
        return [problem for receipt in made if receipt for problem in receipt.problems]

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, env=environment(), check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def verb(self, name: str, verb: str, run: str) -> int:
        """Exit code of one verb, in a fork of a process of the clone that has only imported."""
        if self.process is None:
            known = os.environ | {"PYTHONPATH": str(self.root)}
            command = [str(self.root / ".venv-task/bin/python"), "-m", "tests.tasks.verbs"]
            with (self.root / ".commons-verbs.log").open("w") as log:
                self.process = subprocess.Popen(
                    command, cwd=self.root, env=known, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                    text=True,
                )  # fmt: skip
        job = {"variables": {"COMMONS_MIRROR": str(self.mirror)}, "arguments": [verb, name, "--run", run], "kill_at": 0}
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        return int(json.loads(self.process.stdout.readline()).get("code", -1))

    def close(self) -> None:
        if self.process is not None:
            self.process.communicate()


def histories(place: Path, mirror: Path) -> Histories:
    """An empty set of histories in a clone of this repository below `place`; `mirror` answers addresses."""
    root = make_clone(place)
    point_remotes(root, place / "remotes")
    made = Histories(root, mirror)
    made.git("checkout", "--quiet", "--orphan", "begin")  # what this repository publishes itself is no part of it
    made.git("rm", "--quiet", "--force", "--ignore-unmatch", "data.dvc")
    made.git("commit", "--quiet", "--all", "--message", "Begin")
    made.git("branch", "--quiet", "--move", "--force", "main")
    return made


def steps(name: str) -> list[Step]:
    """The versions of a history, the oldest first."""
    known: list[Step] = importlib.import_module(f"tests.past.{name}").STEPS
    return known


def repository_file(name: str, file: str) -> str:
    """What the authors' room holds of a dataset today: the last version of its history."""
    return (REPOSITORY / "include" / "datasets" / name / file).read_text(encoding="utf-8")
