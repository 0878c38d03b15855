"""`commons match --explain`: what one name could mean in the register, and what speaks for each candidate."""

from collections.abc import Mapping
from typing import Any

import polars as pl
from rich.table import Table
from rich.text import Text

from ...contracts.foreign import printable
from ...contracts.words import counted
from ...matching.contributions import TOGETHER, contributions
from ...matching.folding import FOLDED, fold, why
from ...matching.match import FEATURE, compare
from ...matching.mentions import Mentions, mentions
from ...matching.settle import settle
from ..console import out, print_json
from .asked import Bands
from .opening import Opened, opened
from .queue import Candidate
from .side_by_side import LEGEND, drawn

SHOWN = 5
COUNTED = 12
"""Features that are shown: those that set the candidates most apart, or add most."""


def explain(
    name: str, country: str, identifiers: Mapping[str, str], register: str, bands: Bands, as_json: bool
) -> None:
    """Prints it for one `name`, of that country where one is given. Raises DataCommonsError as `opening.opened`."""
    known = opened(register)
    rows = {"name": name, "country": country or None, **identifiers}
    found = mentions(pl.DataFrame({key: [value] for key, value in rows.items()}, dict.fromkeys(rows, pl.String)))
    told = of(found, known, bands, name)
    print_json(told | {"model": known.matcher.model.digest}) if as_json else _tell(told, known)


def of(found: Mentions, known: Opened, bands: Bands, name: str) -> dict[str, Any]:
    """The name as folded and why, the decision, and the candidates, each with its features and what they added."""
    folded = fold(found.frame.select("name", "country"), known.matcher.forms)
    pairs = compare(found.frame, known.matcher, review=0)
    settled = settle(
        found.frame, pairs, known.matcher, accept=bands.accept, review=bands.review, version=known.entry.meta.content
    )
    best = pairs.sort("score", "entity_id", descending=[True, False]).head(SHOWN)
    added, features = contributions(best, known.matcher.model), known.matcher.model.features
    decided = ("decision", "method", "candidate_id", "score", "runner_up", "gap", "tied", "reasons")
    return {
        "name": name,
        "country": found.frame["country"].to_list()[0] if found.frame.height else None,
        "wrong": found.counts,
        "folded": folded.select(FOLDED).to_dicts()[0] if folded.height else None,
        "taken_away": why(folded).to_list()[0] if folded.height else [],
        "register": {"dataset": known.name, "content": known.entry.meta.content},
        **(settled.matches.select(decided).to_dicts()[0] if settled.matches.height else {"decision": "none"}),
        "candidates_found": pairs.height,
        "candidates": [
            {key: row[key] for key in row if key.startswith("entity_")}
            | {key: row[key] for key in ("method", "score", "reasons")}
            | {"features": {key: row[FEATURE + key] for key in features}, "added": added.row(number, named=True)}
            for number, row in enumerate(best.iter_rows(named=True))
        ],
    }


def _tell(told: dict[str, Any], known: Opened) -> None:
    line = Text.assemble((printable(told["name"], 200), "bold"), f" in {told['country'] or 'no known country'}")
    out.print(line)
    for reason, _ in told["wrong"].items():
        out.print(Text(f"  {reason}", "yellow"))
    if told["folded"]:
        out.print(Text(f"  compared as: {printable(told['folded']['core'], 200) or 'nothing'}"))
    for taken in told["taken_away"]:
        out.print(Text(f"  taken away: {printable(taken, 300)}"))
    register = told["register"]
    size = counted(known.matcher.index.header.entities, "entity").replace("entitys", "entities")
    out.print(Text(f"  register: {register['dataset']} {register['content'][:12]}, {size}\n", "dim"))
    shown = [
        Candidate(
            one["entity_id"], one["score"], one["method"], one["reasons"],
            {key: one[f"entity_{key}"] for key in ("name", "country", "legal_form", "category", "status")},
        )
        for one in told["candidates"]
    ]  # fmt: skip
    if shown:
        out.print(drawn(told["name"], told["country"], dict(enumerate(shown, 1))))
        out.print(LEGEND, style="dim")
        out.print(_counted(told["candidates"]))
    out.print(
        Text.assemble("\nDecision: ", (told["decision"], "bold"), f"; {printable(told.get('reasons') or '', 600)}")
    )


def _counted(candidates: list[dict[str, Any]]) -> Table:
    """Values of the features that counted, and what they added to the log odds, a column a candidate."""
    table = Table("what counted (added to the log odds)", box=None, padding=(0, 2, 0, 0))
    for number in range(1, len(candidates) + 1):
        table.add_column(str(number), justify="right")
    added = [one["added"] for one in candidates]

    def size(name: str) -> float:
        values: list[float] = [one[name] for one in added]
        return max(values) - min(values) if len(values) > 1 else abs(values[0])

    names = sorted(candidates[0]["features"], key=size, reverse=True)[:COUNTED]
    for name in names:
        table.add_row(
            name, *(f"{one['features'][name]:.3g} [dim]→[/dim] {one['added'][name]:+.2f}" for one in candidates)
        )
    others = [sum(value for name, value in one.items() if name not in (*names, TOGETHER)) for one in added]
    table.add_row("all others", *(f"{value:+.2f}" for value in others), style="dim")
    table.add_row("features together (trees, calibration)", *(f"{one[TOGETHER]:+.2f}" for one in added), style="dim")
    table.add_row("sum", *(f"{sum(one.values()):+.2f}" for one in added), style="bold")
    return table
