"""What foreign bytes may cost, and the count of what they cost so far."""

import time
from collections import Counter
from dataclasses import dataclass, field

from ..errors import SourceError

SAMPLES = 20


@dataclass(frozen=True)
class Caps:
    """Hard limits on one reading. Sizes are bytes; what would pass one is refused before it does."""

    bytes: int = 16 << 30
    """All files, unpacked."""
    ratio: int = 300
    """Unpacked to packed size; judged from the first 64 MB on (an honest table seldom passes 50)."""
    members: int = 1_000
    """Files of one archive."""
    depth: int = 2
    """Archives in archives."""
    rows: int = 500_000_000
    columns: int = 16_384
    cell: int = 16 << 20
    """One value."""
    record: int = 64 << 20
    """One record of JSON or XML, or one physical line."""
    workbook: int = 1 << 30
    """An Excel file, unpacked."""
    workbook_cells: int = 20_000_000
    """Rows times columns of an Excel sheet: readers hold the whole rectangle in memory."""
    seconds: float = 3 * 3600
    """Wall time."""


@dataclass(frozen=True)
class Rejected:
    """One source record that cannot be read."""

    place: str
    reason: str


@dataclass
class Tally:
    """What a reading has counted so far."""

    caps: Caps
    records: int = 0
    unpacked: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    samples: list[Rejected] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def reject(self, place: str, reason: str, detail: str = "") -> None:
        """Counts a record that cannot be read; the first few are kept as samples."""
        self.rejected[reason] += 1
        if len(self.samples) < SAMPLES:
            self.samples.append(Rejected(place, f"{reason}: {detail}" if detail else reason))

    def count(self, place: str, records: int) -> None:
        """Counts `records` more; raises SourceError past the caps on rows and time."""
        self.records += records
        if self.records > self.caps.rows:
            raise SourceError(f"{place}: more than {self.caps.rows:,} records in all. Split the source.")
        self.tick(place)

    def unpack(self, place: str, size: int) -> None:
        """Counts `size` more unpacked bytes; raises SourceError past the caps on bytes and time."""
        self.unpacked += size
        if self.unpacked > self.caps.bytes:
            raise SourceError(f"{place}: unpacks to more than {self.caps.bytes:,} bytes. Nothing was read from it.")
        self.tick(place)

    def tick(self, place: str) -> None:
        """Raises SourceError when the wall time is used up."""
        if time.monotonic() - self.started > self.caps.seconds:
            raise SourceError(f"{place}: reading took more than {self.caps.seconds:,.0f} s. Split the source.")
