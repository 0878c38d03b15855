"""The report of a run of matching as data: the same text for the same matches, no times in it."""

import hashlib
import json
import math
from typing import Any

import polars as pl

from .decisions import DIGITS
from .match import Matcher
from .mentions import Mentions
from .settle import Settled, keys
from .shortfall import countries, reasons

FORMAT = 1
SHOWN = 20


def settings_digest(settings: dict[str, Any], matcher: Matcher) -> str:
    """Of all that decides but the names, the register and the judgements: 16 hexadecimal digits.

    `settings` tell the contract's part and, by a digest, the code's.
    """
    every = {"model": matcher.model.digest, "folding": matcher.forms.digest, "settings": settings}
    return hashlib.sha256(json.dumps(every, sort_keys=True).encode()).hexdigest()[:16]


def text(report: dict[str, Any]) -> str:
    """The report as JSON, keys in order."""
    return json.dumps(report, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def report(
    settled: Settled,
    mentions: Mentions,
    matcher: Matcher,
    *,
    register: dict[str, Any],
    legal_forms: dict[str, Any],
    settings: dict[str, Any],
    carried: int = 0,
    changes: dict[str, int] | None = None,
    parents: pl.DataFrame | None = None,
    ownership: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What match.json holds.

    `register` (dataset, content, md5, remote, rows, left_out) and `legal_forms` (dataset, content) are told as they
    are, the former with how many entities are in which country. `settings`: all that the contract says of matching, as
    JSON. `carried`: how many mentions were not compared. `changes`: links that differ from the last version's, by
    reason. `parents`: parents.Parents.counts().
    """
    matches = settled.matches
    told = {
        "format": FORMAT,
        "register": register | {"countries": countries(pl.Series("country", matcher.index.entities["country"]))},
        "legal_forms": legal_forms,
        "model": matcher.model.digest,
        "folding": matcher.forms.digest,
        "settings": settings,
        "settings_digest": settings_digest(settings, matcher),
        "rows": mentions.counts,
        "examples": mentions.examples,
        "decisions": _shares(matches, "decision"),
        "methods": _shares(matches, "method"),
        "coverage": _coverage(matches),
        "reasons": dict(list(reasons(matches).items())[:SHOWN]),
        "unresolved": _unresolved(matches),
        "compared": matches.height - carried,
        "carried_over": carried,
        **settled.counts,
    }
    later = {"changes": changes, "parents": _outcomes(parents), "ownership": ownership}
    return told | {name: value for name, value in later.items() if value is not None}


def _sum(weights: pl.Series) -> float | None:
    """Exact but for one rounding, hence the same for any order; None where no weight is known."""
    known = weights.drop_nulls()
    return round(math.fsum(known), DIGITS) if len(known) else None


def _shares(matches: pl.DataFrame, by: str) -> dict[str, dict[str, float | None]]:
    parts = matches.partition_by(by, as_dict=True)
    return {str(value): _size(part) for (value,), part in parts.items()}


def _size(part: pl.DataFrame) -> dict[str, float | None]:
    return {"mentions": part.height, "records": int(part["records"].sum()), "weight": _sum(part["weight"])}


def _coverage(matches: pl.DataFrame) -> dict[str, float | None]:
    """Shares that are linked, to six decimals; null of nothing."""
    whole, linked = _size(matches), _size(matches.filter(pl.col("entity_id").is_not_null()))
    return {name: round((linked[name] or 0) / all_of, 6) if all_of else None for name, all_of in whole.items()}


def _unresolved(matches: pl.DataFrame) -> list[dict[str, Any]]:
    """The heaviest names without a link: by weight, then records, then name."""
    left = matches.filter(pl.col("entity_id").is_null())
    order = [pl.col("weight").abs().fill_null(0), pl.col("records"), *map(pl.col, keys(matches))]
    worst = left.sort(order, descending=[True, True, *(False for _ in order[2:])]).head(SHOWN)
    told = ("name", "country", "records", "weight", "decision", "candidate_id", "candidate_name", "score", "reasons")
    return worst.select(told).to_dicts()


def _outcomes(counts: pl.DataFrame | None) -> dict[str, dict[str, int]] | None:
    if counts is None:
        return None
    parts = counts.partition_by("input", as_dict=True)
    return {str(name): dict(part.select("outcome", "count").iter_rows()) for (name,), part in parts.items()}
