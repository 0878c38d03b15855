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
    """What `base` says; None where it has no links. `register` is the one of today.

    Raises EnvironmentFault where the bytes of `base` or of the register that it names are not to be had.
    """
    if base is None or "match.json" not in reading.located(base, place)[1]:
        return None
    report = json.loads(reading.file_of(base, "match.json", place).read_bytes())
    matches, review = (
        pl.read_parquet(reading.file_of(base, name, place)) for name in ("matches.parquet", "review.parquet")
    )
    return Last(matches, review, report, _entities(base, report, register, columns))


def _entities(base: Entry, report: dict[str, Any], register: Entry, columns: Register) -> pl.DataFrame | None:
    try:
        old = registers.named(base, report)
        return registers.entities(old, columns).entities if old.name == register.name else None
    except DataError as error:  # withdrawn, or without a column that is searched now
        log.warning("%s. All names are compared again.", error)
        return None
