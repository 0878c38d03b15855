"""A small deployment whose dataset `owners` is matched against `companies`, by the legal forms of `forms`."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.adapters.store import Store
from include.contracts import layout, loader
from include.tasks.receipts import Receipt, found
from include.versions.pins import FILE, Entry, Withdrawn, parse, render
from tests.matching.elf import few
from tests.tasks.conftest import Forks, own_cache
from tests.versions.house import git

CONTRACT = """\
title: Generated
description: Generated.
owner: owners@example.org
licence: CC0-1.0
source: {url: "file:rows.csv"}
key: [KEY]
access: public
expect: {rows_change_pct: null, nulls_pct: {NULLS}}
"""
REGISTER = "register: {id: code, name: legal_name, country: country_code, legal_forms: forms}\n"
MATCH = "match: {register: companies, entity: owner, country: country_code, weight: capacity_mw, shards: SHARDS}\n"
FIELDS = {"capacity_mw": "float"}
NAMES = ("Acme", "Borealis", "Cobalt", "Delta", "Ember", "Fjord", "Granite", "Harbour", "Isar", "Juniper", "Kestrel")
KINDS = ("Energy", "Wind", "Steel", "Chemicals", "Shipping")
COMPANIES = [
    {"code": f"C{n:03d}", "legal_name": f"{name} {kind} {'GmbH' if n % 2 else 'AG'}", "country_code": "DE"}
    for n, (name, kind) in enumerate((name, kind) for name in NAMES for kind in KINDS)
]
OWNERS = [
    {
        "plant": f"P{n:03d}",
        "owner": company["legal_name"].upper() if n % 3 else company["legal_name"].rsplit(" ", 1)[0],
        "country_code": "DE",
        "capacity_mw": f"{n}.5",
    }
    for n, company in enumerate(COMPANIES)
] + [{"plant": "P900", "owner": "Nobody Knows Ltd", "country_code": "", "capacity_mw": "7"}]


def write_all(room: Path, shards: int) -> None:
    """The folders of the three datasets, with their sources."""
    write(room, "forms", few().to_dicts(), "elf_code")
    write(room, "companies", COMPANIES, "code", REGISTER)
    write_owners(room, shards)


def write_owners(room: Path, shards: int, rows: list[dict[str, Any]] = OWNERS) -> None:
    """The dataset whose names are matched."""
    write(room, "owners", rows, "plant", MATCH.replace("SHARDS", str(shards)))


def write(room: Path, name: str, rows: list[dict[str, Any]], key: str, more: str = "") -> None:
    """A dataset's folder and its source."""
    folder = room / name
    folder.mkdir(parents=True, exist_ok=True)
    nulls = ", ".join(f"{column}: 100" for column in rows[0] if not any(row[column] for row in rows))
    contract = CONTRACT.replace("KEY", key).replace("NULLS", nulls) + more
    (folder / "contract.yaml").write_text(contract, encoding="utf-8")
    fields = (
        f'    {column}: {FIELDS.get(column, "str")} = pa.Field(nullable={column != key}, description="Generated")\n'
        for column in rows[0]
    )
    schema = f"import pandera.polars as pa\n\n\nclass Schema(pa.DataFrameModel):\n{''.join(fields)}"
    (folder / "schema.py").write_text(schema, encoding="utf-8")
    quoted = [[json.dumps(value or "", ensure_ascii=False) for value in row.values()] for row in rows]
    text = "\n".join(",".join(line) for line in [list(rows[0]), *quoted])
    (folder / "rows.csv").write_text(f"{text}\n", encoding="utf-8")


@dataclass
class Matched:
    """The deployment below `root`; verbs run in processes that can be killed."""

    root: Path
    forks: Forks
    shards: int = 3

    @property
    def store(self) -> Store:
        return Store(f"file://{self.root}/store/dev")

    @property
    def room(self) -> Path:
        return self.root / "room"

    def begin(self) -> "Matched":
        """The three datasets, written; the register and its forms published."""
        self.root.mkdir(parents=True)
        git("init", "-q", "--bare", "-b", "main", str(self.root / "origin.git"), at=self.root)
        git("clone", "-q", str(self.root / "origin.git"), str(self.root / "seed"), at=self.root)
        git("commit", "-q", "--allow-empty", "-m", "Begin", at=self.root / "seed")
        git("push", "-q", "origin", "HEAD:main", at=self.root / "seed")
        write_all(self.room, self.shards)
        for name in ("forms", "companies"):
            assert self.run(name, "r0") == [0, 0, 0]
        return self

    def copy(self, root: Path, shards: int = 3) -> "Matched":
        """The same deployment below another `root`, its `owners` compared in so many `shards`."""
        other = Matched(Path(shutil.copytree(self.root, root)), self.forks, shards)
        other.owners()
        return other

    def owners(self, rows: list[dict[str, Any]] = OWNERS) -> None:
        """Writes the dataset that is matched."""
        write_owners(self.room, self.shards, rows)

    def verb(
        self, verb: str, run: str = "r1", name: str = "owners", shard: int | None = None, kill_at: int = 0,
        attempt: int = 0, work: Path | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Exit code, events and log of one verb, which works in the folder `work`; empty where it was killed."""
        variables = {
            "COMMONS_STORE": f"file://{self.root}/store",
            "COMMONS_REMOTE": str(self.root / "remotes"),
            "COMMONS_PUBLISH": str(self.root / "origin.git"),
            "COMMONS_REF": "main",
            "COMMONS_DATASETS": str(self.room),
            "COMMONS_MIRROR": "",
            "COMMONS_WORK": str(work or ""),
            **own_cache(self.root),
        }
        part = [] if shard is None else ["--shard", f"{shard}/{self.shards}"]
        return self.forks(variables, [verb, name, "--run", run, "--attempt", str(attempt), *part], kill_at)

    def verbs(self, name: str = "owners") -> list[tuple[str, int | None]]:
        """What a run takes after sync, with the shard of each."""
        every = layout.verbs(loader.load(self.room / name))[1:]
        shards = {"compare": range(self.shards)}
        return [(verb, shard) for verb in every for shard in shards.get(verb, (None,))]

    def run(self, name: str = "owners", run: str = "r1") -> list[int]:
        """Exit codes of the verbs after sync, until one fails."""
        codes: list[int] = []
        for verb, shard in self.verbs(name):
            codes.append(int(self.verb(verb, run, name, shard)["code"]))
            if codes[-1]:
                break
        return codes

    def withdraw(self, entry: Entry, newest: bool) -> None:
        """Git says that a version was withdrawn, and its own files are gone from its remote."""
        clone = self.root / f"clone-{entry.md5[:8]}"
        git("clone", "-q", str(self.root / "origin.git"), str(clone), at=self.root)
        gone = Withdrawn(by="jane", at="2026-01-05T00:00:00Z", why="Names a person")
        buried = entry.model_copy(update={"meta": entry.meta.model_copy(update={"withdrawn": gone})})
        before = parse((clone / FILE).read_text(encoding="utf-8"))
        after = before.having(buried) if newest else before.model_copy(update={"withdrawn": (buried,)})
        (clone / FILE).write_text(render(after), encoding="utf-8")
        git("commit", "-q", "-a", "-m", "Withdraw", at=clone)
        git("push", "-q", "origin", "HEAD:main", at=clone)
        (self.root / "remotes" / entry.remote / "files/md5" / entry.md5[:2] / entry.md5[2:]).unlink()

    def receipt(self, step: str, run: str = "r1") -> Receipt:
        """The receipt of a verb, or of a shard, of owners."""
        receipt = found(self.store, "owners", run, step)
        assert receipt is not None, step
        return receipt

    def pinned(self, name: str = "owners") -> Entry | None:
        """What the tip of the publication ref pins."""
        there = git("ls-tree", "--name-only", "main", at=self.root / "origin.git").split()
        text = git("show", "main:data.dvc", at=self.root / "origin.git") if "data.dvc" in there else ""
        return parse(text).entries.get(name)
