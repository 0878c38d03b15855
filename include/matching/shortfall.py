"""Where few names are linked: what the register covers, and what most names without a link lack."""

from collections.abc import Mapping

import polars as pl

from ..contracts.words import counted

FEW = 0.5
"""The share of names that are linked below which a person is told why."""
SHOWN = 3


def countries(register: pl.Series) -> dict[str, int]:
    """How many of a register's entities are in which country, most first; those without one are not told."""
    told = register.drop_nulls().value_counts(name="entities").sort("entities", register.name, descending=[True, False])
    return dict(told.iter_rows())


def reasons(matches: pl.DataFrame) -> dict[str, int]:
    """How many names without a link have which first reason, most first; what a text quotes, and ids, as "…"."""
    left = matches.filter(pl.col("entity_id").is_null(), pl.col("method") != "reviewed")["reasons"].drop_nulls()
    plain = left.str.replace_all(r"(^| )'[^']*'", "$1…").str.replace_all(r"\b[A-Z0-9]{12,20}\b", "…")
    first = plain.str.split("; ").list.first().alias("why")
    told = first.value_counts(name="names").sort("names", "why", descending=[True, False])
    return dict(told.iter_rows())


def said(share: float | None, register: str, places: Mapping[str, int], why: Mapping[str, int]) -> list[str]:
    """Two sentences where the `share` of linked names is below FEW; none elsewhere."""
    if share is None or share >= FEW or not why:
        return []
    most = ", ".join(f"{place} {count:,}" for place, count in _most(places))
    every = counted(len(places), "country").replace("countrys", "countries")
    covers = f"it has entities of {every}, most of {most}" if places else "it tells no country of its entities"
    told = ", ".join(f"{text} ({counted(count, 'name')})" for text, count in _most(why))
    return [
        f"Few are linked. Who is not in {register} can't be; {covers}.",
        f"Without a link, most often: {told}.",
    ]


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:SHOWN]
