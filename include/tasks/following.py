"""What the version that is followed says of matching, and the register as it was then: never what a cache has."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ..contracts.matching import Register
from ..errors import DataError
from ..versions import reading, registers
from ..versions.pins import Entry

log = logging.getLogger("commons")


@dataclass(frozen=True)
class Last:
    """The links of the last version: its matches, its queue, its report, and the entities that they were found among.

    `register` is None where that version of the register was withdrawn, or names were matched against another one.
    """

    matches: pl.DataFrame
    review: pl.DataFrame
    report: dict[str, Any]
    register: pl.DataFrame | None

    @property
    def digest(self) -> str:
        """Of all that decided."""
        return str(self.report["settings_digest"])


def last(base: Entry | None, register: Entry, columns: Register, place: Path) -> Last | None:
    """What `base` says; None where it has no links. `register` is its newest version, which tells where others are.

    Raises EnvironmentFault where the bytes of `base` or of the register that it names are not to be had.
    """
    if base is None or "match.json" not in reading.located(base, place)[1]:
        return None
    report = json.loads(reading.file_of(base, "match.json", place).read_bytes())
    matches, review = (
        pl.read_parquet(reading.file_of(base, name, place)) for name in ("matches.parquet", "review.parquet")
    )
    return Last(matches, review, report, _entities(report["register"], register, columns))


def read(told: dict[str, Any], register: Entry) -> Entry:
    """The entry of the version of a register that a report names, as far as its bytes are concerned."""
    meta = register.meta.model_copy(update={"content": told["content"], "withdrawn": None, "rolled_back": None})
    return register.model_copy(update={"md5": told["md5"], "remote": told["remote"], "meta": meta})


def _entities(told: dict[str, Any], register: Entry, columns: Register) -> pl.DataFrame | None:
    if told["dataset"] != register.name:
        return None
    try:
        return registers.entities(read(told, register), columns).entities
    except DataError as error:  # withdrawn, or without a column that is searched now
        log.warning("%s. All names are compared again.", error)
        return None
