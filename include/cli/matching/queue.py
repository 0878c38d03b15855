"""The doubtful names, in the order in which a person's decision settles most."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ...errors import DataError
from ...matching.judgements import NOBODY, Judgement, Verdict, stripped

NEEDED = (
    "name",
    "given_country",
    "country",
    "records",
    "weight",
    "rank",
    "entity_id",
    "entity_name",
    "score",
    "reasons",
)


@dataclass(frozen=True)
class Candidate:
    """An entity that a name could mean; `facts` are its name, country, category, legal form and status."""

    id: str
    score: float
    method: str
    reasons: str
    facts: Mapping[str, str | None]


@dataclass(frozen=True)
class Doubt:
    """A name that a person is asked about, with its candidates, the most likely first."""

    name: str
    given_country: str | None
    country: str
    """ISO 3166-1 alpha-2, or empty."""
    given: Mapping[str, str]
    """Identifiers as published, by their kind."""
    records: int
    weight: float
    """The records where nothing else weighs."""
    candidates: tuple[Candidate, ...]

    @property
    def key(self) -> tuple[str, str]:
        """By what judgements are about it."""
        return stripped(self.name), self.country

    @property
    def uncertainty(self) -> float:
        """From 0 to 1: how often both of two draws by the candidates' probabilities would differ, times two.

        Gini's impurity of the best candidate against all others, which are scaled down where they add to more than 1.
        """
        scores = [one.score for one in self.candidates]
        best = scores[0] / max(1.0, sum(scores))
        return 4 * best * (1 - best)

    @property
    def urgency(self) -> float:
        """Weight times uncertainty."""
        return self.weight * self.uncertainty


def doubts(file: Path) -> list[Doubt]:
    """The names in a review.parquet, the most urgent first, then by name. Raises DataError where it is none."""
    try:
        rows = pl.read_parquet(file)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"{file}: not a sound Parquet file: {error}. Match again; that writes it anew.") from error
    if lacking := [name for name in NEEDED if name not in rows.columns]:
        raise DataError(f"{file}: no column {', '.join(lacking)}: not what matching writes. Match again.")
    kinds = [name for name in rows.columns if name.startswith("given_") and name != "given_country"]
    keys = ["name", "given_country", "country", *kinds, "records", "weight"]
    found = [
        _doubt(dict(zip(keys, key, strict=True)), part, kinds)
        for key, part in rows.partition_by(keys, as_dict=True, maintain_order=True).items()
    ]
    return sorted(found, key=lambda one: (-one.urgency, one.name, one.given_country or "", *one.given.values()))


def _doubt(key: Mapping[str, Any], part: pl.DataFrame, kinds: Iterable[str]) -> Doubt:
    candidates = [
        Candidate(
            row["entity_id"], row["score"], row["method"], row["reasons"],
            {name: row.get(f"entity_{name}") for name in ("name", "country", "category", "legal_form", "status")},
        )
        for row in part.sort("rank", "entity_id").iter_rows(named=True)
    ]  # fmt: skip
    return Doubt(
        name=key["name"],
        given_country=key["given_country"],
        country=key["country"] or "",
        given={kind.removeprefix("given_"): key[kind] for kind in kinds if key[kind]},
        records=key["records"],
        weight=abs(key["weight"]) if key["weight"] is not None else float(key["records"]),
        candidates=tuple(candidates),
    )


Known = Mapping[tuple[str, str], tuple[Judgement, ...]]
"""Judgements by name and country."""


def by_name(judgements: Iterable[Judgement]) -> Known:
    """The judgements about each name in each country."""
    found: dict[tuple[str, str], tuple[Judgement, ...]] = {}
    for one in judgements:
        found[one.name, one.country] = (*found.get((one.name, one.country), ()), one)
    return found


def left(doubt: Doubt, known: Known) -> tuple[Candidate, ...]:
    """The candidates that nobody has judged; none where somebody said what the name is."""
    told = known.get(doubt.key, ())
    if any(one.judgement == "match" for one in told):
        return ()
    gone = {one.lei for one in told}
    return tuple(one for one in doubt.candidates if one.id not in gone)


def judged(doubt: Doubt, candidate: Candidate | None, verdict: Verdict, by: str, on: str, why: str) -> Judgement:
    """A judgement about a name; without a candidate, it is of no entity of the register."""
    lei = candidate.id if candidate else NOBODY
    return Judgement(*doubt.key, lei, verdict, by, on, why)
