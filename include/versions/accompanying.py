"""What lies beside a version in a checkout: its record in the standards that catalogues read, as of its commit."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from ..catalogue.model import Described
from ..contracts.names import Names
from ..errors import ContractError
from ..settings import settings
from .describing import as_published, contract_of
from .pins import Entry, Pins


def accompanying(repository: Path, entry: Entry, said: dict[str, Any], pins: Pins, revision: str) -> dict[str, str]:
    """The files by name: ODCS, DCAT-AP and OpenLineage of a version whose record is `said`, one of `pins`.

    Raises ContractError where its contract can't be read.
    """
    from ..catalogue import files, lineage  # with OpenLineage's client: half a second that other commands never need

    one = as_published(repository, entry, said, revision)
    known = lineage.graph([one, *_register(repository, one, pins, revision)])
    return files.files(one, known, Names(settings().environment, settings().developer))


def _register(repository: Path, one: Described, pins: Pins, revision: str) -> list[Described]:
    """The register, for the columns that are taken from it; nothing where its contract can't be read."""
    match = one.contract.match
    entry = pins.entries.get(match.register) if match else None
    with suppress(ContractError):
        return [Described(entry.name, contract_of(repository, entry, revision))] if entry else []
    return []
