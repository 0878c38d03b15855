"""The tables of all datasets, made of the real files by the processes that pods run, and trials with them."""

import os
import random
import subprocess
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from include.adapters.store import Store
from include.contracts import loader
from include.contracts.columns import TableSchema
from include.diff.compare import Side
from include.diff.model import TableDiff
from include.settings import REPOSITORY
from include.tasks.receipts import found
from tests.diff import trials
from tests.diff.tables import apart

NAMES = loader.names(REPOSITORY / "include" / "datasets")


@dataclass(frozen=True)
class Trial:
    """Two tables made of a real one, the key, what was done, and what the engine said."""

    before: pl.DataFrame
    after: pl.DataFrame
    key: tuple[str, ...]
    truth: trials.Truth
    diff: TableDiff


class Room:
    """A store and a repository of their own; each table is made once."""

    def __init__(self, place: Path, mirror: Path) -> None:
        self.place = place
        self._trials: dict[str, list[Trial]] = {}
        subprocess.run(["git", "init", "-q", "-b", "main", str(place / "clone")], check=True)
        self.variables = os.environ | {
            "COMMONS_STORE": f"file://{place}/store",
            "COMMONS_REMOTE": str(place / "remote"),
            "COMMONS_PUBLISH": f"worktree:{place}/clone",
            "COMMONS_MIRROR": str(mirror),
            "PYTHONPATH": str(REPOSITORY),
        }

    def trials(self, name: str, number: int) -> list[Trial]:
        """So many trials with one dataset, the same each time."""
        if name not in self._trials:
            table = self._table(name)
            rows = pl.read_parquet(table.files)
            chances = (random.Random(f"{name} {at}") for at in range(number))
            self._trials[name] = [trial(rows, table.schema.key, chance) for chance in chances]
        return self._trials[name]

    def _table(self, name: str) -> Side:
        for verb in ("extract", "validate"):
            command = [str(REPOSITORY / ".venv-task/bin/python"), "-m", "include.tasks", verb, name, "--run", "r"]
            done = subprocess.run(
                command, env=self.variables, cwd=REPOSITORY, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
        receipt = found(Store(f"file://{self.place}/store/dev"), name, "r", "validate")
        assert receipt is not None
        folder = self.place / "store" / "dev" / receipt.folder
        schema = TableSchema.from_json((folder / "schema.json").read_text())
        return Side(sorted((folder / "table").rglob("*.parquet")), schema)


def trial(rows: pl.DataFrame, key: tuple[str, ...], chance: random.Random) -> Trial:
    """Two tables of `rows` that differ in known ways, without a shared history, compared."""
    before, after, truth = trials.changed(rows, key, chance)
    changed = trials.renamed(after, key, truth, chance)
    diff = apart(before, changed, key, [truth.renamed.get(part, part) for part in key])
    return Trial(before, after, key, truth, diff)


def shares(all_: list[Trial]) -> dict[str, trials.Found]:
    """How much of what was renamed and moved is said, and is right."""
    found = {"renamed columns": trials.Found(), "rows with a moved key": trials.Found()}
    for one in all_:
        found["renamed columns"].add(*trials.renames(one.diff, one.truth, one.before))
        found["rows with a moved key"].add(*trials.moves(one.diff, one.truth, one.before, one.after, one.key))
    return found
