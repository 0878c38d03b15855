"""What compare and match start from: the names that validate left, the register, and what of the last version holds."""

import hashlib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from ..adapters.store import Store
from ..contracts import loader
from ..contracts.columns import TableSchema
from ..contracts.matching import Match, Register
from ..errors import ConflictError, ContractError, DataError
from ..matching.match import Matcher
from ..matching.mentions import Mentions, mentions
from ..settings import REPOSITORY, settings
from ..tables import parquet
from ..versions import heads, registers
from ..versions.pins import Entry
from .perform import Run
from .receipts import Receipt, files, needed

MATCHING = Path(registers.__file__).parents[1] / "matching"
LOCK = "include/images/requirements.txt"


@dataclass(frozen=True)
class Asked:
    """What a run matches, and by which versions; these are the ones that validate saw, also if heads move meanwhile."""

    task: Run
    match: Match
    columns: Register
    validated: Receipt
    entries: dict[str, Entry]
    """The register, its legal forms, relations and exceptions, by dataset."""
    base: Entry | None
    """The version that is followed."""

    @property
    def register(self) -> Entry:
        """The version of the register."""
        return self.entries[self.match.register]

    @property
    def forms(self) -> Entry:
        """The version of the list of legal forms."""
        return self.entries[self.columns.legal_forms]

    @property
    def inputs(self) -> dict[str, Any]:
        """What the receipts of compare and match name as their inputs."""
        return {
            "code": settings().code.rpartition(":")[2],
            "validate": self.validated.sha256,
            "matching": {name: entry.md5 for name, entry in sorted(self.entries.items())},
        }


def asked(task: Run, store: Store) -> Asked:
    """Raises DataError where a dataset that matching takes has no version, ContractError where columns don't fit."""
    contract, room = loader.load(task.folder), task.folder.parent
    validated = needed(store, task.dataset, task.run, "validate")
    if contract.match is None:
        raise ContractError(
            f"{task.dataset}/contract.yaml: has no key `match:`, so there are no names to match. Add it."
        )
    columns = loader.load(room / contract.match.register).register
    if columns is None:
        raise ContractError(f"{contract.match.register}/contract.yaml: has no key `register:`. Add it.")
    found = {name: Entry.model_validate(entry) for name, entry in validated.facts["matching"].items()}
    if lacking := [name for name in loader.matching_inputs(room, contract) if name not in found]:
        raise DataError(
            f"{task.dataset}: names are matched by {', '.join(lacking)}, which had no version when this run began. "
            f"Nothing was published. First `commons run {' '.join(lacking)}`, then run it again."
        )
    return Asked(task, contract.match, columns, validated, found, _base(task, validated, store))


def _base(task: Run, validated: Receipt, store: Store) -> Entry | None:
    """The version that validate saw as the last one. Raises ConflictError where another was published since."""
    head = heads.base(store, settings().ref, task.dataset)
    if (head.entry.md5 if head else None) != validated.inputs["base"]:
        raise ConflictError(
            f"{task.dataset}: another version was published since validate. Nothing was overwritten. Run it again; it "
            "will start from the new version."
        )
    return head.entry if head else None


def names(run: Asked, store: Store, place: Path) -> Mentions:
    """The mentions of the table that validate left. Raises ContractError where the contract's columns don't fit it."""
    came = files(store, run.validated, place, lambda name: name == "schema.json" or name.startswith("table/"))
    schema = TableSchema.from_json(came.pop("schema.json").read_bytes())
    if wrong := loader.unfit(run.task.folder, loader.load(run.task.folder), schema):
        raise ContractError.of(wrong)
    return mentions(_rows(parquet.scan([came[name] for name in sorted(came, key=str.encode)]), run.match))


def _rows(table: pl.LazyFrame, match: Match) -> pl.DataFrame:
    """Name, country, weight and identifiers of each row, as published."""
    column = match.country_column
    country = pl.col(column) if column else pl.lit(match.country, pl.String)
    weight = {"weight": pl.col(match.weight)} if match.weight else {}
    given = {kind: pl.col(column).cast(pl.String) for kind, column in match.identifiers.items()}
    return table.select(name=pl.col(match.entity), country=country, **weight, **given).collect()


def opened(run: Asked, place: Path) -> Matcher:
    """The register made searchable, its index in `place` or made there."""
    return registers.matcher(run.register, run.forms, run.columns, place / "indexes", REPOSITORY)


def threads() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


@cache
def code() -> str:
    """A digest of all that decides a match beside settings and data: this code's, its model's and its libraries'."""
    own = sorted(path for path in MATCHING.iterdir() if path.suffix in (".py", ".yaml", ".json"))
    found = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (*own, REPOSITORY / LOCK)]
    return hashlib.sha256("\n".join(found).encode()).hexdigest()[:16]
