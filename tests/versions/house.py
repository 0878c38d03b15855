"""A small deployment for tests: a bare origin, remotes in a folder, and version folders to publish."""

import hashlib
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from include.adapters.remote import Remote, remote
from include.contracts.columns import Column, TableSchema
from include.tables import parquet
from include.versions.facts import Facts
from include.versions.publication import Published, git_target, publish

SCHEMA = TableSchema(
    columns=(
        Column(name="code", id=1, type="string", nullable=False),
        Column(name="share", id=2, type="float64", nullable=True, unit="percent"),
    ),
    key=("code",),
)
ENVIRONMENT = {
    **{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
    **{
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "A"), ("EMAIL", "a@example.org"))
    },
    "GIT_CONFIG_GLOBAL": "/dev/null",
}


def git(*arguments: str, at: Path, **variables: str) -> str:
    """What `git arguments` prints in the folder `at`; `variables` are more of its environment."""
    known = ENVIRONMENT | variables
    done = subprocess.run(["git", *arguments], cwd=at, env=known, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def version(
    folder: Path,
    rows: dict[str, float | None],
    kept: int = 0,
    schema: TableSchema = SCHEMA,
    frame: pl.LazyFrame | None = None,
) -> Path:
    """A whole version: `rows` by code (or a `frame` of a schema of its own), `kept` quarantined rows, and raw bytes."""
    values = {"code": sorted(rows), "share": [rows[code] for code in sorted(rows)]}
    plain = pl.LazyFrame(values, schema={"code": pl.String, "share": pl.Float64})
    parquet.sink(plain if frame is None else frame, schema, folder / "table")
    kept_rows = {"record": range(1, kept + 1), "reasons": [["bad"]] * kept, "code": ["?"] * kept}
    types = {"record": pl.Int64, "reasons": pl.List(pl.String), "code": pl.String}
    parquet.write(pl.DataFrame(kept_rows, schema=types), folder / "quarantine.parquet")
    raw = json.dumps([sorted(rows.items()), kept]).encode()
    sha256 = hashlib.sha256(raw).hexdigest()
    source = {"address": "https://example.org/rows.json", "name": "rows.json", "sha256": sha256, "bytes": len(raw)}
    (folder / "raw").mkdir()
    (folder / "raw" / sha256).write_bytes(raw)
    (folder / "raw" / "sources.json").write_text(json.dumps([source]))
    (folder / "schema.json").write_text(schema.to_json())
    (folder / "contract.yaml").write_text("title: Shares\n")
    (folder / "quality.json").write_text("{}\n")
    return folder


def counts(published: int, quarantined: int = 0) -> dict[str, int]:
    """Counts that add up."""
    records = {"records": published + quarantined, "added": 0, "rejected": 0, "merged": 0}
    return records | {"published": published, "quarantined": quarantined}


def facts(rows: int, kept: int = 0, **others: Any) -> Facts:
    """Facts of a run, of dataset `shares` unless told otherwise."""
    known = {"name": "shares", "access": "public", "source_version": "1", "code": "c" * 40, "environment": "e" * 64}
    return Facts(counts=counts(rows, kept), **{**known, "run": "manual__1", **others})


@dataclass(frozen=True)
class House:
    """Where everything lies: origin.git, the DVC remotes, scratch."""

    root: Path

    @property
    def origin(self) -> Path:
        return self.root / "origin.git"

    def remote(self, name: str) -> Remote:
        return remote(name, None, str(self.root / "remotes"))

    def publish(
        self, folder: Path, told: Facts, schema: TableSchema = SCHEMA, proposal: bool = False, address: str = ""
    ) -> Published:
        target = git_target(
            address or str(self.origin), "main", "Data Commons", "commons@example.org", proposal=proposal
        )
        return publish(folder, schema, told, target, self.remote)

    def log(self, form: str = "%s", ref: str = "main") -> list[str]:
        return git("log", f"--format={form}", ref, at=self.origin).splitlines()

    def clone(self, name: str = "clone") -> Path:
        git("clone", "-q", str(self.origin), name, at=self.root)
        return self.root / name


def house(root: Path) -> House:
    """A new deployment: origin.git with one commit, which configures DVC's remotes below `root/remotes`."""
    seed = root / "seed"
    seed.mkdir(parents=True)
    git("init", "-q", "-b", "main", at=seed)
    (seed / ".dvc").mkdir()
    sections = [f"['remote \"{n}\"']\n    url = {root}/remotes/{n}\n" for n in ("public", "internal", "restricted")]
    (seed / ".dvc" / "config").write_text("[core]\n    remote = public\n    analytics = false\n" + "".join(sections))
    (seed / ".dvc" / ".gitignore").write_text("/config.local\n/tmp\n/cache\n")
    (seed / ".gitignore").write_text("/data/\n/.commons/\n")
    (seed / "README.md").write_text("A repository.\n")
    git("add", ".", at=seed)
    git("commit", "-q", "-m", "Begin", at=seed)
    git("clone", "-q", "--bare", str(seed), str(root / "origin.git"), at=root)
    git("config", "uploadpack.allowFilter", "true", at=root / "origin.git")
    return House(root)
