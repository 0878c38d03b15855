"""What became of the names of a file, in a few lines, and what to do next."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
from rich.table import Table

from ...contracts.foreign import printable
from ...contracts.words import counted
from ...matching import shortfall
from ...matching.mentions import NO_COUNTRY as STRANGE
from ...matching.mentions import Mentions
from ...matching.settle import Settled
from ..console import out, plain, show
from . import beside
from .opening import Opened

DECISIONS = {
    "accept": "linked",
    "review": "for a person to judge",
    "reject": "no entity is likely",
    "none": "no candidate at all",
}
NO_COUNTRY = (
    "No name has a known country, which is much of the evidence, so few are linked: --country COLUMN names the column, "
    "--country US is for all rows."
)
WORST = 10
STATES = {
    "sound": "in the register",
    "repaired": "in the register once repaired",
    "unknown": "not in the register",
    "wrong": "wrong",
    "unread": "not used, for the register has none",
}


def of(settled: Settled, found: Mentions, known: Opened, *, weighted: bool) -> dict[str, Any]:
    """The numbers as data: decisions, coverage by names, rows and weight, and the heaviest names without a link."""
    matches = settled.matches
    weight = pl.col("weight" if weighted else "records").fill_null(0).cast(pl.Float64)
    decisions = {one: _sums(matches.filter(pl.col("decision") == one), weighted) for one in DECISIONS}
    totals = {key: sum(one[key] for one in decisions.values()) for key in decisions["accept"]}
    linked = {key: decisions["accept"][key] / total for key, total in totals.items() if total}
    unresolved = matches.filter(pl.col("entity_id").is_null(), pl.col("method") != "reviewed").sort(
        weight, pl.col("score").fill_null(-1), "name", descending=[True, True, False]
    )
    register = pl.Series("country", known.matcher.index.entities["country"])
    shown = ["name", "given_country", *(["weight"] if weighted else []), "records", "decision", "score"]
    return {
        "register": {
            "dataset": known.name,
            "content": known.entry.meta.content,
            "entities": known.entry.meta.rows,
            "countries": shortfall.countries(register),
        },
        "totals": totals,
        "decisions": decisions,
        "coverage": linked,
        "reasons": shortfall.reasons(matches),
        "unresolved": unresolved.head(WORST).select(*shown, "candidate_id", "candidate_name").to_dicts(),
        "rows_told": found.counts,
        "examples": found.examples,
        "told": settled.counts,
        "without_country": found.frame["country"].null_count(),
        "strange_countries": found.frame.filter(pl.col("country").is_null())["given_country"].drop_nulls().n_unique(),
    }


def _sums(part: pl.DataFrame, weighted: bool) -> dict[str, float]:
    sums: dict[str, float] = {"names": part.height, "rows": int(part["records"].sum())}
    return sums | ({"weight": math.fsum(part["weight"].drop_nulls())} if weighted else {})


def tell(told: dict[str, Any], target: Path) -> None:
    """Prints the numbers, the worst unresolved names, where the result is and the next step."""
    table = Table("decision", "", box=None)
    keys = list(told["totals"])
    for key in keys:
        table.add_column(key, justify="right")
    for one, sums in told["decisions"].items():
        table.add_row(one, DECISIONS[one], *(f"{value:,.10g}" for value in sums.values()))
    out.print(table)
    shares = ", ".join(f"{share:.1%} of {key}" for key, share in told["coverage"].items())
    register = told["register"]
    out.print(
        f"\nLinked: {shares or 'nothing'}. Register: {register['dataset']} {register['content'][:12]}, "
        f"{counted(register['entities'], 'row')}.", highlight=False, soft_wrap=True,
    )  # fmt: skip
    for line in shortfall.said(
        told["coverage"].get("names"), register["dataset"], register["countries"], told["reasons"]
    ):
        out.print(plain(printable(line, 600)), style="yellow", highlight=False, soft_wrap=True)
    for why, count in told["rows_told"].items():
        out.print(plain(f"{counted(count, 'row')}: {why}{_examples(told, why)}"), highlight=False, soft_wrap=True)
    if (names := told["totals"]["names"]) and told["without_country"] == names:
        out.print(NO_COUNTRY, style="yellow", highlight=False, soft_wrap=True)
    for line in (*_identifiers(told["told"]["identifiers"]), *_judgements(told["told"]["judgements"])):
        out.print(plain(line), highlight=False, soft_wrap=True)
    if told["unresolved"]:
        out.print("\nHeaviest names without a link:", style="bold")
        show([_line(one) for one in told["unresolved"]], False, "", spared=("candidate", "records"))
    _next(told, target)


def _examples(told: dict[str, Any], why: str) -> str:
    """Some of them, and where all are."""
    some = [printable(text, 40) for text in told["examples"].get(why, ())]
    more = told["strange_countries"] - len(some) if why == STRANGE else 0
    rest = f" and {more:,} more; the column reasons names each" if more > 0 else ""
    return f" ({', '.join(some)}{rest})" if some else ""


def _identifiers(told: dict[str, Any]) -> Iterator[str]:
    """A sentence for each kind of identifier."""
    for kind, counts in told.items():
        if not isinstance(counts, dict):
            continue
        some = {
            state: ", ".join(printable(text, 30) for text in texts[:3]) for state, texts in counts["examples"].items()
        }
        parts = [
            f"{counts[state]:,} {meaning}" + (f" ({some[state]})" if some.get(state) else "")
            for state, meaning in STATES.items()
            if state in counts
        ]
        yield f"{kind.upper()}: {'; '.join(parts)}"
    if told.get("conflicting"):
        some_names = ", ".join(printable(name, 40) for name in told["conflicts"])
        yield f"Name and identifier don't agree, for a person to judge: {told['conflicting']:,} ({some_names})"


def _judgements(told: dict[str, Any]) -> Iterator[str]:
    """How many judgements were used, and those to look at."""
    if told:
        yield f"{told['used']:,} of {counted(told['given'], 'judgement')} used"
    gone = [
        f"judged to be {one['lei']}, which the register no longer has: {printable(one['name'])}"
        for one in told.get("orphaned", ())
    ]
    against = [
        f"new evidence against a judgement about {printable(one['name'])}: {printable(one['evidence'], 300)}"
        for one in told.get("disagreeing", ())
    ]
    for lines in (gone, against):
        yield from lines[:WORST]
        if len(lines) > WORST:
            yield f"and {len(lines) - WORST:,} more such; --json has all"


def _line(one: dict[str, Any]) -> dict[str, Any]:
    best = f"{printable(one['candidate_name'], 40)} ({one['candidate_id']})" if one["candidate_id"] else None
    return {
        "name": printable(one["name"], 40),
        "country": printable(one["given_country"] or "", 20),
        **({"weight": f"{one['weight']:,.10g}" if one["weight"] is not None else None} if "weight" in one else {}),
        "rows": one["records"],
        "decision": one["decision"],
        "score": f"{one['score']:.3f}" if one["score"] is not None else None,
        "candidate": best,
    }


def _next(told: dict[str, Any], target: Path) -> None:
    out.print(f"\nwrote {target}", markup=False, highlight=False, soft_wrap=True)
    doubtful = told["decisions"]["review"]["names"]
    if doubtful:
        out.print(
            f"Next: commons review {plain(str(target))}   # {counted(doubtful, 'doubtful name')}, kept in "
            f"{plain(beside.review(target).name)}", highlight=False, soft_wrap=True,
        )  # fmt: skip
