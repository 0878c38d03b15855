"""The record of what became of links from names to entities; values in it are text, as in the rest of a difference."""

from typing import Literal

from ..contracts.columns import Sensitivity
from ..contracts.types import Strict

State = Literal["linked", "review", "none", "absent"]


class Linked(Strict):
    """What a name was on one side: linked, waiting for a person, unlinked, or not there; with its best candidate."""

    state: State
    entity: str | None = None
    """The register's identifier, such as an LEI."""
    name: str | None = None
    method: str | None = None
    score: float | None = None
    """The probability."""


class Link(Strict):
    """One link that is otherwise."""

    change: str
    reason: str
    detail: str | None = None
    """What the reason is about: values before and after, who judged."""
    name: str
    country: str | None = None
    was_name: str | None = None
    """As published before, where that is another."""
    records: int
    weight: float | None = None
    before: Linked
    after: Linked
    reasons: str | None = None
    """Why the match is as it is now, in words."""


class LinkCount(Strict):
    """How many links changed in one way, for one reason."""

    change: str
    reason: str
    links: int
    records: int
    weight: float | None = None


class LinkTotals(Strict):
    """Names of one side, and how many of them are linked, or wait for a person."""

    names: int
    linked: int
    review: int


class Links(Strict):
    """How the links of a dataset's names differ; a side is None where the version has none."""

    before: LinkTotals | None
    after: LinkTotals | None
    changed: int = 0
    counts: tuple[LinkCount, ...] = ()
    heaviest: tuple[Link, ...] = ()
    """Those of most weight, else of most rows, first."""
    sensitivity: Sensitivity
    """Of the most guarded column that matching reads, on either side."""
    masked: bool = False
    problem: str | None = None
    """What could not be read, so that links or reasons are not told."""
