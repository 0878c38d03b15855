"""Real histories, published version by version by the project's own verbs in a clone, with the waivers that they take.

Each version is what an author's pull request would hold: contract.yaml, schema.py, sometimes extract.py, and data.dvc.
"""

import importlib
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
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


@dataclass
class Histories:
    """A clone in which histories are published when they are asked for, each once."""

    root: Path
    mirror: Path
    published: dict[str, dict[str, str]] = field(default_factory=dict)
    process: Any = None

    def publish(self, name: str) -> Mapping[str, str]:
        """The commit of each version of a history, by its label, the oldest first."""
        if name not in self.published:
            self.published[name] = {step.version: self.make(name, step) for step in steps(name)}
        return self.published[name]

    def make(self, name: str, step: Step) -> str:
        """Publish one version and commit it with the author's files; its commit."""
        codes = self.run(name, step, allowed=step.why is not None)
        assert codes == [0] * len(VERBS), f"{name} {step.version}: {codes}\n{self.problems(name, step)}"
        return self.commit(name, step)

    def run(self, name: str, step: Step, *, allowed: bool) -> list[int]:
        """Exit codes of the verbs, until one fails, with the author's files as `step` has them."""
        folder = self.root / "include" / "datasets" / name
        folder.mkdir(exist_ok=True)
        pinned = worktree.pins(self.root).entries.get(name)
        said = ""
        if allowed and pinned:
            said = f'breaking:\n  - after: "{pinned.meta.mark[:12]}"\n    why: {step.why}\n    by: An author\n'
        (folder / "contract.yaml").write_text(step.contract + said, encoding="utf-8")
        (folder / "schema.py").write_text(step.schema, encoding="utf-8")
        (folder / "extract.py").unlink(missing_ok=True)
        if step.extract is not None:
            (folder / "extract.py").write_text(step.extract, encoding="utf-8")
        codes: list[int] = []
        for verb in VERBS:
            codes.append(self.verb(name, verb, run_id(step, allowed=allowed)))
            if codes[-1]:
                break
        return codes

    def receipt(self, name: str, step: Step, verb: str, *, allowed: bool = True) -> Receipt | None:
        """What a verb said of a version."""
        store = Store(f"file://{self.root}/.commons/store/dev")
        return found(store, name, run_id(step, allowed=allowed and step.why is not None), verb)

    def problems(self, name: str, step: Step, *, allowed: bool = True) -> str:
        """Why a run stopped."""
        made = [self.receipt(name, step, verb, allowed=allowed) for verb in VERBS]
        return "\n".join(problem for receipt in made if receipt for problem in receipt.problems)

    def commit(self, name: str, step: Step) -> str:
        """The author's commit: the dataset's folder and data.dvc."""
        self.git("add", f"include/datasets/{name}", "data.dvc")
        self.git("commit", "--quiet", "--message", f"{name}: {step.version}")
        return self.git("rev-parse", "HEAD")

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
    made.git("rm", "--quiet", "--ignore-unmatch", "data.dvc")
    made.git("commit", "--quiet", "--all", "--message", "Point the remotes to a folder; pin nothing yet")
    return made


def steps(name: str) -> list[Step]:
    """The versions of a history, the oldest first."""
    known: list[Step] = importlib.import_module(f"tests.past.{name}").STEPS
    return known


def run_id(step: Step, *, allowed: bool) -> str:
    return f"manual__{step.version}{'-allowed' if allowed else ''}"


def repository_file(name: str, file: str) -> str:
    """What the authors' room holds of a dataset today: the last version of its history."""
    return (REPOSITORY / "include" / "datasets" / name / file).read_text(encoding="utf-8")
