"""Each dataset as its contract, its newest version and its history describe it: what catalogues are made of."""

import ast
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..adapters import git
from ..adapters.cache import cache_folder
from ..adapters.stillness import still
from ..catalogue.model import Described, Past
from ..contracts import loader
from ..contracts.columns import TableSchema
from ..contracts.model import Contract
from ..errors import ContractError, DataCommonsError
from . import timeline
from .pins import Entry, Pins
from .reading import file_of
from .record import pinned_by, record
from .timeline import Logged

ROOM = "include/datasets"
"""The authors' room in Git."""


def described(repository: Path, room: Path, pins: Pins, names: Collection[str] = ()) -> list[Described]:
    """The datasets below `room` (all, or `names`) at the version that `pins` has of each, sorted by name.

    A broken contract is left out of all, and raises ContractError where it was asked for. What lies with bytes that
    are not to be had is None.
    """
    with still():
        return list(_known(repository, room, pins, names))


def _known(repository: Path, room: Path, pins: Pins, names: Collection[str]) -> Iterator[Described]:
    for name in sorted(names or loader.names(room)):
        try:
            contract = loader.load(room / name)
        except ContractError:
            if names:
                raise
            continue
        yield _pinned(repository, name, contract, pins.entries.get(name), extracts(room / name))


def _pinned(repository: Path, name: str, contract: Contract, entry: Entry | None, made: bool) -> Described:
    if entry is None:
        return Described(name, contract, addresses=addresses(contract, None, ()), extracts=made)
    said = record(pinned_by(repository, entry), repository)
    return _described(repository, entry, contract, said, made)


def as_published(repository: Path, entry: Entry, said: dict[str, Any], revision: str) -> Described:
    """The dataset at the version of `entry`, whose record is `said`: by its own contract, with its past up to there.

    Raises ContractError as `contract_of`.
    """
    contract = contract_of(repository, entry, revision)
    code = git.texts_at(repository, f"{ROOM}/{entry.name}/extract.py", [revision])[0]
    return _described(repository, entry, contract, said, bool(code) and makes_rows(code), revision)


def contract_of(repository: Path, entry: Entry, revision: str) -> Contract:
    """The contract of a version; that in Git at `revision` where its bytes are not to be had.

    Raises ContractError where it can't be read: it is of another release, or nowhere.
    """
    path = f"{ROOM}/{entry.name}/{loader.FILE}"
    kept = _read(repository, entry, loader.FILE)
    if kept is None:
        kept = git.texts_at(repository, path, [revision])[0].encode(errors="surrogateescape")
    return loader.loads(kept, f"{path} at {revision[:12]}")


def addresses(contract: Contract, entry: Entry | None, files: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Where a version's bytes came from: by its archived `files`, else by the contract, else by its pin."""
    archived = tuple(dict.fromkeys(file["address"] for file in files))
    return archived or contract.source.url or tuple((entry and entry.meta.sources) or ())


def extracts(folder: Path) -> bool:
    """Whether the dataset's extract.py makes the rows; one that can't be read might."""
    try:
        return makes_rows((folder / "extract.py").read_bytes())
    except FileNotFoundError:
        return False
    except OSError:
        return True


def makes_rows(code: bytes | str) -> bool:
    """Whether an extract.py of this text makes the rows; one that can't be parsed might."""
    try:
        body = ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    return any(getattr(part, "name", "") == "extract" for part in body)


def _described(
    repository: Path, entry: Entry, contract: Contract, said: dict[str, Any], made: bool, revision: str = "HEAD"
) -> Described:
    past = timeline.versions(repository, entry.name, revision) if (repository / ".git").exists() else []
    schema = _read(repository, entry, "schema.json")
    quality, links = (_read(repository, entry, path) for path in ("quality.json", "match.json"))
    return Described(
        name=entry.name,
        contract=contract,
        record=said,
        schema=TableSchema.from_json(schema) if schema else None,
        quality=json.loads(quality) if quality else None,
        links=json.loads(links) if links else None,
        addresses=addresses(contract, entry, said["source"]["files"] or ()),
        history=tuple(map(_past, past)),
        lacking=said["lacking"],
        extracts=made,
    )


def _read(repository: Path, entry: Entry, path: str) -> bytes | None:
    with suppress(DataCommonsError):
        return file_of(entry, path, cache_folder(repository), repository).read_bytes()
    return None


def _past(version: Logged) -> Past:
    gone = version.withdrawn
    told = f"{gone.by} on {gone.at}: {gone.why}" if gone else None
    kept = {key: value for key, value in vars(version).items() if key not in ("withdrawn", "environment")}
    return Past(**kept, withdrawn=told)
