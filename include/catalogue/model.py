"""What is known of one dataset: all that a catalogue tells of it is made of this, and of nothing else."""

from dataclasses import dataclass, field
from typing import Any

from ..contracts.columns import TableSchema
from ..contracts.model import Contract


@dataclass(frozen=True)
class Past:
    """One version of a dataset, as its history tells."""

    commit: str
    date: str
    """When it was committed, ISO 8601 in UTC."""
    who: str
    rows: int
    quarantined: int
    rejected: int
    content: str
    source_version: str
    source_date: str | None
    code: str
    run: str
    why: str | None
    withdrawn: str | None
    """Who withdrew it, when and why; None where nobody did."""


@dataclass(frozen=True)
class Described:
    """One dataset: what it promises, and what its newest version says of itself."""

    name: str
    contract: Contract
    record: dict[str, Any] | None = None
    """version.json of FORMAT.md; None where there is no version."""
    schema: TableSchema | None = None
    """The columns of that version; None where there is none, or its bytes are not to be had (`lacking`)."""
    quality: dict[str, Any] | None = None
    """quality.json of that version: rules with their verdicts, counts, a profile of each column."""
    links: dict[str, Any] | None = None
    """match.json of that version; None where no names are matched."""
    addresses: tuple[str, ...] = ()
    """Where its bytes came from, in reading order; before the first version, where the contract says they come from."""
    history: tuple[Past, ...] = field(default=())
    """Its versions, newest first."""
    lacking: str | None = None
    """Why what lies with the bytes is not known."""
    extracts: bool = False
    """Whether extract.py makes the rows: any function, so a column's heading is what the author says, or not known."""

    @property
    def url(self) -> str | None:
        """The address of its source that people would look at first; None where it has none."""
        return self.addresses[0] if self.addresses else None
