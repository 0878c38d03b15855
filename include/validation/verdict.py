"""What validate decides, and the account that it must balance."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..errors import DataError

KINDS = ("records", "added", "published", "quarantined", "rejected", "merged")


@dataclass(frozen=True)
class Counted:
    """What extraction counted: `records` that the reader gave, and per reason those rejected, merged and added."""

    records: int
    rejected: Mapping[str, int] = field(default_factory=dict)
    merged: Mapping[str, int] = field(default_factory=dict)
    added: Mapping[str, int] = field(default_factory=dict)
    examples: Mapping[str, str] = field(default_factory=dict)
    """Of a reason why records were rejected: where the first of them stands."""


@dataclass(frozen=True)
class Verdict:
    """`done` or `blocked`; `problems` say why blocked, `breaking` what readers of the last version lose."""

    outcome: Literal["done", "blocked"]
    counts: Mapping[str, int]
    reasons: Mapping[str, Mapping[str, int]]
    problems: tuple[str, ...] = ()
    breaking: tuple[str, ...] = ()
    warnings: Mapping[str, int] = field(default_factory=dict)


def balance(counts: Mapping[str, int]) -> None:
    """Raises DataError unless records + added = published + quarantined + rejected + merged."""
    came = counts["records"] + counts["added"]
    left = sum(counts[kind] for kind in ("published", "quarantined", "rejected", "merged"))
    if came != left:
        said = ", ".join(f"{kind} {counts[kind]:,}" for kind in KINDS)
        raise DataError(
            f"the account doesn't balance: {came:,} came in, {left:,} are accounted for ({said}). "
            "What extract.py drops, melts or merges it must return as counts."
        )
