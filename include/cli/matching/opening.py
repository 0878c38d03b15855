"""The register that names are searched in, as the working tree pins it, its index kept on this machine."""

from dataclasses import dataclass
from pathlib import Path

from ...adapters.cache import cache_folder
from ...contracts import loader
from ...contracts.words import nearest
from ...errors import ContractError, DataError, EnvironmentFault
from ...matching.match import Matcher
from ...settings import REPOSITORY, settings
from ...versions import reading, registers, worktree
from ...versions.indexes import KEPT_HERE
from ...versions.pins import Entry
from ..local import dataset_folder

REVIEW = "review.parquet"


@dataclass(frozen=True)
class Opened:
    """A register that can be searched, and the version that it is of."""

    name: str
    entry: Entry
    matcher: Matcher


def opened(name: str, repository: Path = REPOSITORY) -> Opened:
    """The register `name` with its index, which is made where it is not there yet.

    Raises EnvironmentFault where it is no register or its bytes are not here, DataError where it has no version.
    """
    contract = loader.load(dataset_folder(name))
    if contract.register is None:
        known = _registers()
        raise EnvironmentFault(
            f"{name}: is no register: its contract has no `register:`{nearest(name, known)}. "
            f"Registers here: {', '.join(known) or 'none'}."
        )
    entries = [_entry(one, repository) for one in (name, contract.register.legal_forms)]
    try:
        found = registers.matcher(entries[0], entries[1], contract.register, repository / KEPT_HERE, repository)
    except EnvironmentFault as error:
        names = " ".join(entry.name for entry in entries)
        advice = f"If its bytes are not here: `commons rebuild --from-source --restore {names}` makes them again."
        raise EnvironmentFault(*error.problems, advice) from error
    return Opened(name, entries[0], found)


def _entry(name: str, repository: Path) -> Entry:
    if f"data/{name}\n" not in worktree.text(repository):
        raise DataError(f"{name}: has no version yet, and names are matched by it. `commons run {name}` makes one.")
    return reading.entry_at(repository, name)


def _registers() -> list[str]:
    room, found = Path(settings().datasets), []
    for name in loader.names(room):
        try:
            if loader.load(room / name).register:
                found.append(name)
        except ContractError:
            continue
    return found


def judged_file(name: str) -> Path:
    """Where the judgements about a dataset's names are."""
    return dataset_folder(name) / "judgements.csv"


def review_file(name: str) -> Path:
    """The doubtful matches of the version that is pinned. Raises DataError where it has none."""
    if f"data/{name}\n" not in worktree.text(REPOSITORY):
        raise DataError(f"{dataset_folder(name).name}: has no version yet. `commons run {name}` makes one.")
    try:
        return reading.file_of(reading.entry_at(REPOSITORY, name), REVIEW, cache_folder(REPOSITORY))
    except DataError as error:
        if REVIEW not in str(error):
            raise
        told = "holds no doubtful matches: it was made without `match:` in contract.yaml"
        raise DataError(f"{name}: the version that is pinned {told}. Add it, then `commons run {name}`.") from error
