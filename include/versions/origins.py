"""What lineage is made of, of every dataset: read quickly, and whatever is broken or lacking only leaves a gap."""

import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ..adapters.cache import cache_folder, fetch
from ..catalogue.model import Described
from ..contracts import loader
from ..contracts.columns import TableSchema
from ..contracts.model import Contract
from ..contracts.places import shown
from ..errors import ContractError, DataCommonsError
from .describing import addresses, extracts
from .pins import Entry, Pins, Withdrawn
from .reading import located

_FILES = ("raw/sources.json", "schema.json", "contract.yaml")


@dataclass(frozen=True)
class Origins:
    """What is known of the datasets, and what isn't."""

    datasets: dict[str, Described] = field(default_factory=dict)
    broken: dict[str, ContractError] = field(default_factory=dict)
    """Those whose contract can't be read: what they use is not known."""
    gone: dict[str, Entry] = field(default_factory=dict)
    """Those whose folder is gone and that are still pinned; their contract is that of the version, where it is here."""
    unpublished: set[str] = field(default_factory=set)
    """Those without a version."""
    withdrawn: dict[str, Withdrawn] = field(default_factory=dict)
    """Those whose newest version was withdrawn."""


def origins(repository: Path, room: Path, pins: Pins) -> Origins:
    """Contract, addresses and columns of every dataset below `room` and of every one that is pinned.

    Of a dataset whose version's bytes are not here (`lacking`) the columns are not known.
    """
    there = loader.names(room)
    withdrawn = {name: entry.meta.withdrawn for name, entry in pins.entries.items() if entry.meta.withdrawn}
    found = Origins(unpublished=set(there) - set(pins.entries), withdrawn=withdrawn)
    for name in there:
        try:
            contract = loader.alone(room / name)
        except ContractError as error:
            found.broken[name] = error
        else:
            kept, lacking = _kept(repository, pins.entries.get(name))
            found.datasets[name] = _origin(room / name, contract, pins.entries.get(name), kept, lacking)
    for name in sorted(pins.entries.keys() - set(there)):
        found.gone[name] = pins.entries[name]
        kept, lacking = _kept(repository, pins.entries[name])
        with suppress(KeyError, ContractError):
            contract = loader.loads(kept["contract.yaml"], f"{shown(room / name)} as published")
            found.datasets[name] = _origin(room / name, contract, pins.entries[name], kept, lacking)
    return found


def _origin(
    folder: Path, contract: Contract, entry: Entry | None, kept: dict[str, bytes], lacking: str | None
) -> Described:
    sources, schema = kept.get("raw/sources.json"), kept.get("schema.json")
    return Described(
        name=folder.name,
        contract=contract,
        schema=TableSchema.from_json(schema) if schema else None,
        addresses=addresses(contract, entry, json.loads(sources) if sources else ()),
        lacking=lacking,
        extracts=extracts(folder) or not folder.is_dir(),
    )


def _kept(repository: Path, entry: Entry | None) -> tuple[dict[str, bytes], str | None]:
    """The small files of a version by name, or why they are not to be had."""
    if entry is None:
        return {}, None
    try:
        into = cache_folder(repository)
        source, files = located(entry, into, repository)
        return {name: fetch(files[name], source, into).read_bytes() for name in _FILES if name in files}, None
    except DataCommonsError as error:
        return {}, str(error)
