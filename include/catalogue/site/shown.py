"""What of a dataset a page may show: no value of a column that is not public, and no text that harms its reader."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from ...contracts.columns import Column, Sensitivity
from ..model import Described

LEVELS: tuple[Sensitivity, ...] = get_args(Sensitivity)
VALUES = 20
"""Allowed values of a column that a page names."""


@dataclass(frozen=True)
class Shown:
    """A column as its row on the page says; texts are as they were written, to be escaped and cut by the page."""

    name: str
    type: str
    unit: str | None
    description: str
    term: str | None
    """The glossary term that says what it means."""
    heading: str | None
    """What it is called in the source, where that is something else."""
    sensitivity: Sensitivity
    key: bool
    nullable: bool
    missing: str
    """Share of rows without a value: "12.5 %"; empty where not known."""
    distinct: int | None
    spread: tuple[Any, Any] | None
    """Least and greatest value, of public columns only."""
    values: tuple[str, ...]
    """The first of the only values that it takes, of public columns only."""
    more: int
    """How many more values it may take."""


@dataclass(frozen=True)
class Rules:
    """How the newest version's rules turned out."""

    total: int
    held: int
    others: tuple[tuple[str, str, int], ...]
    """Rule, verdict and failures of those that don't hold."""


def guarded(one: Described, column: Column) -> Sensitivity:
    """How sensitive a column is: at least as its dataset's access says."""
    return max([column.sensitivity, *_access(one)], key=LEVELS.index)


def _access(one: Described) -> Iterator[Sensitivity]:
    yield one.contract.access
    if one.record and one.record["access"] in LEVELS:
        yield one.record["access"]


def columns(one: Described) -> tuple[Shown, ...]:
    """The columns of the newest version; none where they are not known."""
    if one.schema is None:
        return ()
    key, quality = one.schema.key, one.quality or {}
    rows = quality.get("counts", {}).get("published")
    profiles = quality.get("columns", {})
    return tuple(
        _column(one, column, column.name in key, profiles.get(column.name, {}), rows) for column in one.schema.columns
    )


def _column(one: Described, column: Column, key: bool, profile: dict[str, Any], rows: int | None) -> Shown:
    level = guarded(one, column)
    public = level == "public"
    values = (column.values or ()) if public else ()
    return Shown(
        name=column.name,
        type=column.type,
        unit=column.unit,
        description=column.description,
        term=one.contract.catalogue.terms.get(column.name),
        heading=column.source if column.source != column.name else None,
        sensitivity=level,
        key=key,
        nullable=column.nullable,
        missing=_share(profile["nulls"], rows) if rows and "nulls" in profile else "",
        distinct=profile.get("distinct"),
        spread=(profile["min"], profile["max"]) if public and "min" in profile else None,
        values=values[:VALUES],
        more=len(values[VALUES:]),
    )


def _share(part: int, whole: int) -> str:
    if not part:
        return "0 %"
    share = 100 * part / whole
    return "< 0.1 %" if share < 0.1 else f"{min(share, 99.9) if part < whole else 100:.1f} %".replace(".0 ", " ")


def rules(one: Described) -> Rules | None:
    """The rules by their verdict, without what was found: that may be a value."""
    if one.quality is None:
        return None
    found = one.quality.get("rules", [])
    others = [(rule["rule"], rule["verdict"], rule["failures"]) for rule in found if rule["verdict"] != "pass"]
    return Rules(len(found), len(found) - len(others), tuple(sorted(others, key=lambda rule: (-rule[2], rule[0]))))
