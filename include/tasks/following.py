"""What the version that is followed says of matching, and the register as it was then: the same wherever it is asked"""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ..contracts.matching import Register
from ..errors import DataError
from ..matching.links import NEEDED
from ..versions import linked, reading, registers
from ..versions.linked import FORGED, MATCHES, REPORT
from ..versions.pins import Entry

QUEUE = "review.parquet"
_WRITTEN: dict[str, dict[str, pl.DataType]] = {MATCHES: NEEDED, QUEUE: {"name": pl.String(), "entity_id": pl.String()}}
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


def last(
    base: Entry | None, register: Entry, columns: Register, withdrawn: Collection[Entry], place: Path
) -> Last | None:
    """What `base` says; None where it has no links. `register` is the one of today, `withdrawn` older ones of it.

    Raises EnvironmentFault where the bytes of `base` or of the register that it names are not to be had, DataError
    where those of `base` are not what a publication writes.
    """
    if base is None or REPORT not in reading.located(base, place)[1]:
        return None
    report, old = linked.report_of(base, reading.file_of(base, REPORT, place).read_bytes())
    matches, review = (_links(base, name, place) for name in (MATCHES, QUEUE))
    return Last(matches, review, report, _entities(old, columns, withdrawn) if old.name == register.name else None)


def _links(base: Entry, name: str, place: Path) -> pl.DataFrame:
    file = reading.file_of(base, name, place)
    try:
        links = pl.read_parquet(file)
        if wrong := [column for column, kind in _WRITTEN[name].items() if links.schema.get(column) != kind]:
            raise ValueError(f"column {', '.join(wrong)}")
        return links
    except FORGED as error:
        raise linked.not_ours(base, name, error) from error


def _entities(old: Entry, columns: Register, withdrawn: Collection[Entry]) -> pl.DataFrame | None:
    try:
        known = next((one for one in withdrawn if one.identity == old.identity), old)
        return registers.entities(known, columns).entities
    except DataError as error:  # withdrawn, or without a column that is searched now
        log.warning("%s All names are compared again.", error)
        return None
