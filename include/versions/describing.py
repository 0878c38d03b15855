"""Each dataset as its contract, its newest version and its history describe it: what catalogues are made of."""

import ast
import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..adapters.cache import cache_folder
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


def described(repository: Path, room: Path, pins: Pins, names: Collection[str] = ()) -> list[Described]:
    """The datasets below `room` (all, or `names`) at the version that `pins` has of each, sorted by name.

    A broken contract is left out of all, and raises ContractError where it was asked for. What lies with bytes that
    are not to be had is None.
    """
    found = []
    for name in sorted(names or loader.names(room)):
        try:
            contract = loader.load(room / name)
        except ContractError:
            if names:
                raise
            continue
        found.append(_described(repository, room / name, contract, pins.entries.get(name)))
    return found


def addresses(contract: Contract, entry: Entry | None, files: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Where a version's bytes came from: by its archived `files`, else by the contract, else by its pin."""
    archived = tuple(dict.fromkeys(file["address"] for file in files))
    return archived or contract.source.url or tuple((entry and entry.meta.sources) or ())


def extracts(folder: Path) -> bool:
    """Whether the dataset's extract.py makes the rows; one that can't be read might."""
    try:
        body = ast.parse((folder / "extract.py").read_bytes()).body
    except FileNotFoundError:
        return False
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    return any(getattr(part, "name", "") == "extract" for part in body)


def _described(repository: Path, folder: Path, contract: Contract, entry: Entry | None) -> Described:
    name = folder.name
    if entry is None:
        return Described(name, contract, addresses=addresses(contract, None, ()), extracts=extracts(folder))
    said = record(pinned_by(repository, entry), repository)
    past = timeline.versions(repository, name) if (repository / ".git").exists() else []
    schema = _read(repository, entry, "schema.json")
    quality, links = (_read(repository, entry, path) for path in ("quality.json", "match.json"))
    return Described(
        name=name,
        contract=contract,
        record=said,
        schema=TableSchema.from_json(schema) if schema else None,
        quality=json.loads(quality) if quality else None,
        links=json.loads(links) if links else None,
        addresses=addresses(contract, entry, said["source"]["files"] or ()),
        history=tuple(map(_past, past)),
        lacking=said["lacking"],
        extracts=extracts(folder),
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
