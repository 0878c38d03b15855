"""A clone whose author writes small datasets, runs them and commits their pins; sources come from a folder."""

import hashlib
import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from include.versions import worktree
from include.versions.pins import Entry
from tests.clone import environment, make_clone

CONTRACT = {
    "title": "Wells",
    "description": "Generated.",
    "owner": "a@example.org",
    "licence": "CC0-1.0",
    "key": ["id"],
}
SCHEMA = """\
import pandera.polars as pa


class Schema(pa.DataFrameModel):
    id: int = pa.Field(description="Number")
    depth_m: float = pa.Field(ge=0, description="Depth")
"""
ROWS = "id,depth_m\n" + "".join(f"{n},{n * 1.5}\n" for n in range(1, 21))


@dataclass
class Author:
    """Who works in the clone `root`."""

    root: Path
    mirror: Path
    answers: dict[str, bytes] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)

    def serve(self, address: str, content: str | bytes) -> None:
        """`address` answers `content` from now on."""
        self.answers[address] = content.encode() if isinstance(content, str) else content
        self.mirror.mkdir(exist_ok=True)
        items = []
        for number, (known, body) in enumerate(self.answers.items()):
            (self.mirror / str(number)).write_bytes(body)
            facts = {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
            items.append({"address": known, "file": str(number), **facts})
        (self.mirror / "mirror.yaml").write_text(yaml.safe_dump(items))

    def write(self, name: str, rows: str = ROWS, schema: str = SCHEMA, extract: str = "", **contract: Any) -> None:
        """A dataset of the authors' room whose source answers `rows`."""
        address = f"https://example.org/{name}.csv"
        self.serve(address, rows)
        folder = self.root / "include/datasets" / name
        folder.mkdir(exist_ok=True)
        facts = {**CONTRACT, "access": "public", "source": {"url": address}, **contract}
        (folder / "contract.yaml").write_text(yaml.safe_dump(facts, sort_keys=False))
        (folder / "schema.py").write_text(schema)
        if extract:
            (folder / "extract.py").write_text(extract)

    def commons(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        known = {"COMMONS_MIRROR": str(self.mirror), **self.variables, **variables}
        command = [str(self.root / ".venv/bin/python"), "-P", "-m", "include.cli", *arguments]
        return subprocess.run(
            command, cwd=self.root, env=environment() | {"PYTHONPATH": str(self.root)} | known,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def run(self, *names: str, **variables: str) -> None:
        """New versions, pinned in the working tree."""
        done = self.commons("run", *names, **variables)
        assert done.returncode == 0, done.stdout + done.stderr

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, env=environment(), capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, message: str = "Data") -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def entry(self, name: str) -> Entry:
        return worktree.pins(self.root).entries[name]

    def edit(self, name: str, **changes: Any) -> None:
        """data.dvc edited by hand: facts of the version, `md5` or `size` of the entry."""
        entry = self.entry(name)
        top = {key: changes.pop(key) for key in ("md5", "size") if key in changes}
        meta = entry.meta.model_copy(update=changes)
        worktree.write(self.root, worktree.pins(self.root).having(entry.model_copy(update={**top, "meta": meta})))

    def rebuild(self, *arguments: str, **variables: str) -> tuple[int, dict[str, dict[str, Any]]]:
        """Exit code, and what came of each dataset."""
        done = self.commons("rebuild", "--json", *arguments, **variables)
        assert done.stdout, done.stderr
        return done.returncode, {one["dataset"]: one for one in json.loads(done.stdout) if one["asked"]}

    def object(self, name: str, path: str) -> Path:
        """Where the remote keeps a file of the pinned version; `path` empty: its listing."""
        entry = self.entry(name)
        folder = self.root / ".commons/remote" / entry.remote / "files/md5"
        listing = folder / entry.md5[:2] / entry.md5[2:]
        if not path:
            return listing
        oid = next(item["md5"] for item in json.loads(listing.read_bytes()) if item["relpath"] == path)
        return folder / oid[:2] / oid[2:]


def begin(place: Path, mirror: Path | None = None) -> Author:
    """An author in a clone below `place` that pins nothing yet; `mirror` answers addresses."""
    return Author(make_clone(place, pins=False), mirror or place / "mirror")


def fresh(author: Author, place: Path) -> Author:
    """Another machine: a clone of what is committed, with no store, cache or remote of its own."""
    subprocess.run(["git", "clone", "--quiet", str(author.root), str(place)], check=True)
    for name in (".venv", ".venv-task"):
        (place / name).symlink_to((author.root / name).resolve())
    return Author(place, author.mirror, author.answers)


def files(root: Path) -> dict[str, str]:
    """Every file of a clone and what it holds, `.git` and byte code left out."""
    found = {}
    for folder, _, names in os.walk(root):
        if ".git" in Path(folder).parts or "__pycache__" in folder or ".venv" in folder:
            continue
        for name in names:
            path = Path(folder) / name
            if not path.is_symlink():
                found[str(path.relative_to(root))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found
