"""What compare and match start from: the names that validate left, the register, and what of the last version holds."""

import datetime as dt
import hashlib
import logging
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from ..adapters.progress import busy
from ..adapters.store import Store
from ..contracts import loader
from ..contracts.columns import TableSchema
from ..contracts.matching import Match, Register
from ..contracts.places import shown
from ..contracts.words import counted
from ..errors import ConflictError, ContractError, DataError
from ..matching import judgements
from ..matching.carried import unaffected
from ..matching.judgements import Judgement
from ..matching.match import Matcher, compare
from ..matching.mentions import Mentions, mentions
from ..matching.report import settings_digest
from ..settings import REPOSITORY, settings
from ..tables import parquet
from ..versions import heads, registers
from ..versions.pins import Entry
from .following import Last, last
from .perform import Run
from .receipts import Receipt, files, needed

MATCHING = Path(registers.__file__).parents[1] / "matching"
LOCK = "include/images/requirements.txt"
JUDGEMENTS = "judgements.csv"
log = logging.getLogger("commons")


@dataclass(frozen=True)
class Asked:
    """What a run matches, and by which versions; these are the ones that validate saw, also if heads move meanwhile."""

    task: Run
    match: Match
    columns: Register
    validated: Receipt
    entries: dict[str, Entry]
    """The register, its legal forms, relations and exceptions, by dataset."""
    withdrawn: list[Entry]
    """Older versions of these that nobody may read any more."""
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
    registers.refuse_withdrawn(found.values())
    withdrawn = [Entry.model_validate(entry) for entry in validated.facts["withdrawn"]]
    return Asked(task, contract.match, columns, validated, found, withdrawn, _base(task, validated, store))


def _base(task: Run, validated: Receipt, store: Store) -> Entry | None:
    """The version that validate saw as the last one. Raises ConflictError where another was published since."""
    head = heads.base(store, settings().ref, task.dataset)
    if (head.entry.md5 if head else None) != validated.inputs["base"]:
        raise ConflictError(
            f"{task.dataset}: another version was published since validate. Nothing was overwritten. Run it again; it "
            "will start from the new version."
        )
    return head.entry if head else None


def table(run: Asked, store: Store, place: Path) -> pl.LazyFrame:
    """The rows that validate left. Raises ContractError where the contract's columns don't fit them."""
    came = files(store, run.validated, place, lambda name: name == "schema.json" or name.startswith("table/"))
    schema = TableSchema.from_json(came.pop("schema.json").read_bytes())
    if wrong := loader.unfit(run.task.folder, loader.load(run.task.folder), schema):
        raise ContractError.of(wrong)
    return parquet.scan([came[name] for name in sorted(came, key=str.encode)])


def names(run: Asked, rows: pl.LazyFrame) -> Mentions:
    """The mentions of the `table`: its names, with countries, weights and identifiers as published."""
    match = run.match
    column = match.country_column
    country = pl.col(column) if column else pl.lit(match.country, pl.String)
    weight = {"weight": pl.col(match.weight)} if match.weight else {}
    given = [pl.col(column).cast(pl.String).alias(kind) for kind, column in match.identifiers.items()]
    return mentions(rows.select(*given, name=pl.col(match.entity), country=country, **weight).collect())


def followed(run: Asked, place: Path) -> Last | None:
    """What the last version says of matching. Raises as `following.last`."""
    return last(run.base, run.register, run.columns, run.withdrawn, place)


def opened(run: Asked, store: Store, place: Path) -> Matcher:
    """The register made searchable, by the index in the store where it is there."""
    return registers.matcher(run.register, run.forms, run.columns, place / "indexes", REPOSITORY, store)


def judged(run: Asked) -> tuple[Judgement, ...]:
    """What people decided about these names. Raises ContractError."""
    file = run.task.folder / JUDGEMENTS
    day = dt.date.fromisoformat(run.validated.facts["as_of"])
    return judgements.parse(file.read_bytes(), shown(file), day) if file.exists() else ()


def compared(
    run: Asked, names: pl.DataFrame, matcher: Matcher, followed: Last | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The pairs of these mentions, all of the table or a shard's, and the mentions whose rows are carried over."""
    stands = pl.Series([False] * names.height, dtype=pl.Boolean)
    if followed and followed.register is not None and followed.digest == digest(run, matcher) and not run.match.single:
        stands = unaffected(
            names, (followed.matches, followed.review), followed.register, matcher,
            judgements=judged(run), threads=threads(),
        )  # fmt: skip
    log.info(
        "%s %s: %s of %s to compare",
        run.task.verb,
        run.task.dataset,
        f"{(~stands).sum():,}",
        counted(names.height, "name"),
    )
    with busy(f"{names.height:,} names of {run.task.dataset}"):
        pairs = compare(names.filter(~stands), matcher, review=run.match.review, threads=threads())
    return pairs, names.filter(stands).select("mention")


def digest(run: Asked, matcher: Matcher) -> str:
    """Of all that decides but names, register and judgements: rows of another digest are not carried over."""
    return settings_digest(deciding(run), matcher)


def deciding(run: Asked) -> dict[str, Any]:
    """What the contracts of the names and of the register say that decides, and the code that reads them."""
    said = run.match.model_dump(mode="json", include={"register", "entity", "country", "accept", "review", "single"})
    identifiers = dict(sorted(run.match.identifiers.items()))
    return said | {"identifiers": identifiers, "searched": registers.chosen(run.columns), "code": code()}


def threads() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


@cache
def code() -> str:
    """A digest of what decides a match beside settings and data: the code of matching, and its libraries."""
    own = sorted(path for path in MATCHING.iterdir() if path.suffix in (".py", ".yaml"))
    found = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (*own, REPOSITORY / LOCK)]
    return hashlib.sha256("\n".join(found).encode()).hexdigest()[:16]
