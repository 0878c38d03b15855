"""A small deployment for whole runs: a room of one generated dataset, a bare origin, store and remotes."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from include.adapters.store import Store
from include.settings import REPOSITORY
from include.versions.pins import Entry, parse
from tests.versions.house import git

VERBS = ("extract", "validate", "publish")
CONTRACT = """\
title: Wells
description: Generated.
owner: wells@example.org
licence: CC0-1.0
source: {url: "file:wells.csv"}
key: [well_id]
access: public
expect: {rows: [2, 1000], rows_change_pct: 50, quarantine_pct: 40}
"""
SCHEMA = """\
import pandera.polars as pa


class Schema(pa.DataFrameModel):
    well_id: str = pa.Field(str_matches=r"^W\\d+$", description="Identifier")
    depth_m: float = pa.Field(ge=0, description="Depth")
    country_code: str = pa.Field(nullable=True, description="Country")
"""
ADDRESS = "https://example.org/wells.csv"
ROWS = "well_id,depth_m,country_code\n" + "".join(f"W{n},{n * 1.5},{'NA' if n % 2 else ''}\n" for n in range(1, 21))


class Forks:
    """A process that runs verbs in children of its own, each of which can be killed."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.tasks.verbs"]
        self.process = subprocess.Popen(
            command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def __call__(self, variables: dict[str, str], arguments: list[str], kill_at: int = 0) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        job = {"variables": variables, "arguments": arguments, "kill_at": kill_at}
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        return dict(json.loads(self.process.stdout.readline()))


def own_cache(root: Path) -> dict[str, str]:
    """The variable by which a process keeps its DVC cache below `root`: this clone's may hold the bytes of a test."""
    folder = root / "dvc"
    folder.mkdir(exist_ok=True)
    (folder / "config").write_text(f"[cache]\n    dir = {root}/cache\n", encoding="utf-8")
    return {"DVC_GLOBAL_CONFIG_DIR": str(folder)}


@dataclass
class Wells:
    """The dataset `wells` in a deployment below `root`; `write` changes its source."""

    root: Path
    forks: Forks
    more: dict[str, str] = field(default_factory=dict)
    name: str = "wells"
    space: str = "dev"

    @property
    def folder(self) -> Path:
        return self.root / "room" / "wells"

    @property
    def store(self) -> Store:
        return Store(f"{self.address}/{self.space}")

    @property
    def address(self) -> str:
        return f"file://{self.root}/store"

    @property
    def origin(self) -> Path:
        return self.root / "origin.git"

    def write(self, rows: str = ROWS, contract: str = CONTRACT, schema: str = SCHEMA) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, text in (("contract.yaml", contract), ("schema.py", schema), ("wells.csv", rows)):
            (self.folder / name).write_text(text, encoding="utf-8")

    def serve(self, rows: str) -> None:
        """Answers ADDRESS with `rows`, in place of the network."""
        place, content = self.root / "mirror", rows.encode()
        place.mkdir(exist_ok=True)
        (place / "wells.csv").write_bytes(content)
        item = {"address": ADDRESS, "file": "wells.csv", "bytes": len(content)}
        (place / "mirror.yaml").write_text(json.dumps([item | {"sha256": hashlib.sha256(content).hexdigest()}]))
        self.more["COMMONS_MIRROR"] = str(place)

    def verb(self, verb: str, run: str = "r1", kill_at: int = 0, attempt: int = 0) -> dict[str, Any]:
        """Exit code and events of one verb; empty where it was killed."""
        variables = {
            "COMMONS_STORE": self.address,
            "COMMONS_REMOTE": str(self.root / "remotes"),
            "COMMONS_PUBLISH": str(self.origin),
            "COMMONS_REF": "main",
            "COMMONS_DATASETS": str(self.root / "room"),
            "COMMONS_MIRROR": "",
            **own_cache(self.root),
        }
        return self.forks(variables | self.more, [verb, self.name, "--run", run, "--attempt", str(attempt)], kill_at)

    def run(self, run: str = "r1") -> list[int]:
        """Exit codes of the verbs, until one fails."""
        codes: list[int] = []
        for verb in VERBS:
            codes.append(int(self.verb(verb, run)["code"]))
            if codes[-1]:
                break
        return codes

    def pinned(self) -> Entry | None:
        """What the tip of the publication ref pins."""
        there = git("ls-tree", "--name-only", "main", at=self.origin).split()
        text = git("show", "main:data.dvc", at=self.origin) if "data.dvc" in there else ""
        return parse(text).entries.get("wells")

    def versions(self) -> int:
        """How many commits published the dataset."""
        return len(git("log", "--format=%H", "--grep=^Dataset: wells", "main", at=self.origin).split())


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    one = Forks()
    yield one
    one.process.communicate()


def deployment(root: Path, forks: Forks) -> Wells:
    """A deployment with an empty first commit and the dataset's files written."""
    wells = Wells(root, forks)
    root.mkdir(parents=True)
    git("init", "-q", "--bare", "-b", "main", str(wells.origin), at=root)
    git("clone", "-q", str(wells.origin), str(root / "seed"), at=root)
    git("commit", "-q", "--allow-empty", "-m", "Begin", at=root / "seed")
    git("push", "-q", "origin", "HEAD:main", at=root / "seed")
    wells.write()
    return wells


@pytest.fixture
def wells(tmp_path: Path, forks: Forks) -> Wells:
    return deployment(tmp_path / "wells", forks)
