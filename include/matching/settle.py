"""From compared pairs to one row a mention, with what people judged, identifiers say and parents there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from ..errors import DataError
from .decisions import alone, bands, decided, ranked
from .features import FEATURES
from .judgements import Judgement
from .lookup import identified
from .match import DETAILS, FEATURE, Matcher, row_of
from .overrides import applied, judged

CANDIDATE = {name: f"candidate_{name.removeprefix('entity_')}" for name in DETAILS.values()}
PARENTS = ("direct_parent", "ultimate_parent", "parent_reason", "parent_path")
TAIL = {
    **dict.fromkeys(("entity_id", *CANDIDATE.values(), "method"), pl.String),
    "score": pl.Float64,
    "runner_up": pl.String,
    "runner_up_name": pl.String,
    "runner_up_score": pl.Float64,
    "gap": pl.Float64,
    "tied": pl.UInt32,
    **dict.fromkeys(("decision", "reasons", "judged_by", "judged_on"), pl.String),
    **dict.fromkeys((*PARENTS, "register_version"), pl.String),
}
"""Of matches, behind the mention's own columns."""
QUEUE = {
    "rank": pl.UInt32,
    **dict.fromkeys(DETAILS.values(), pl.String),
    "method": pl.String,
    "score": pl.Float64,
    "reasons": pl.String,
    **{FEATURE + name: pl.Float32 for name in FEATURES},
}
"""Of the queue, behind the mention's own columns."""
SHOWN = 5
"""Candidates of a mention that a person is shown, and all that are as likely as the first."""


@dataclass(frozen=True)
class Settled:
    """`matches`: a row a mention, sorted; `review`: the candidates of those that a person must decide."""

    matches: pl.DataFrame
    review: pl.DataFrame
    counts: dict[str, Any]
    """Of identifiers and judgements, with examples."""


def keys(mentions: pl.DataFrame) -> list[str]:
    """The columns by which a mention is the same one in another version."""
    return ["name", *(name for name in mentions.columns if name.startswith("given_"))]


def settle(
    mentions: pl.DataFrame,
    pairs: pl.DataFrame,
    matcher: Matcher,
    *,
    accept: float,
    review: float,
    single: bool = False,
    judgements: Sequence[Judgement] = (),
    parents: pl.DataFrame | None = None,
    version: str = "",
    carried: tuple[pl.DataFrame, pl.DataFrame] | None = None,
) -> Settled:
    """One row for each of `mentions` (mentions.Mentions' frame) of what `compare` found: `pairs`, in any order.

    `parents`: the entities of parents.parents_as_of. `version` names the register. `carried`: rows of an older matches
    and of its queue that stand as they are but for their records, weight and parents; pairs of these mentions aren't
    needed. Raises ContractError where `accept` and `review` make no bands, DataError where an id is none of the
    register's.
    """
    bands(accept, review)
    old, queue = carried or (_empty(mentions, TAIL), _empty(mentions, QUEUE))
    key = keys(mentions)
    fresh = mentions.join(old, on=key, how="anti", nulls_equal=True, maintain_order="left")
    given, told = identified(mentions, matcher.index), judged(fresh, judgements, matcher)
    here = applied(pairs.join(fresh, on="mention", how="semi"), told)
    scored, facts = _placed(here, told, accept, review, single)
    best = _best(scored, facts, _notes(given, told), accept, review)
    rows = _rows(fresh, best).with_columns(register_version=pl.lit(version))
    mine = [name for name in mentions.columns if name != "mention"]
    kept = mentions.join(old.select(*key, *TAIL), on=key, how="inner", nulls_equal=True)
    matches = _with_parents(pl.concat([rows, kept.select(rows.columns)]), parents).sort("mention")
    doubtful = matches.filter(pl.col("decision") == "review").select(mentions.columns)
    waiting = _queue(scored, doubtful)
    kept = doubtful.join(queue.select(*key, *QUEUE), on=key, how="inner", nulls_equal=True)
    waiting = pl.concat([waiting, kept.select(waiting.columns)]).sort("mention", "rank")
    _refuse_strangers(matches, waiting, matcher)
    counts: dict[str, Any] = {}
    return Settled(matches.select(*mine, *TAIL), waiting.select(*mine, *QUEUE), counts)


def _empty(mentions: pl.DataFrame, columns: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    return pl.DataFrame(schema={**mentions.drop("mention").schema, **columns})


def _placed(
    pairs: pl.DataFrame, told: pl.DataFrame, accept: float, review: float, single: bool
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`pairs` with their place, and what is to be known of each mention."""
    named = pl.col("method") == "identifier"
    facts = pairs.group_by("mention").agg(
        named=named.sum(),
        named_score=pl.col("score").filter(named).max(),
        named_same=pl.col(f"{FEATURE}same_words").filter(named).max(),
        other_score=pl.col("score").filter(~named).max(),
    )
    likely = (pl.col("named_score") >= review) & ~(
        (pl.col("other_score").fill_null(0) >= accept) & (pl.col("named_score") < accept)
    )
    same = (pl.col("named_same") == 1) & (pl.col("named_score") >= pl.col("other_score").fill_null(0))
    facts = facts.with_columns(fits=(pl.col("named") == 1) & (likely | same).fill_null(False))
    verdict = told.filter(pl.col("verdict") != "no match").select("mention", "verdict")
    facts = facts.join(verdict, on="mention", how="full", coalesce=True)
    place = pl.when(pl.col("method") == "reviewed").then(0).when(named).then(1).otherwise(2).cast(pl.UInt8)
    scored = pairs.with_columns(place=place, tied_to=pl.lit(0, pl.UInt32), taken=pl.lit(False)).rename(
        {"entity_id": "entity"}
    )
    return (_single(scored, facts, review) if single else scored), facts


def _single(scored: pl.DataFrame, facts: pl.DataFrame, review: float) -> pl.DataFrame:
    """Judged and identified links stand; mentions that a person decides take no entity from others."""
    known = scored.join(facts.select("mention", "fits", "named", "verdict"), on="mention", how="left")
    fixed = pl.col("method") == "reviewed"
    conflict, elsewhere = ~pl.col("fits") & (pl.col("named") > 0), pl.col("fits") & (pl.col("place") != 1)
    found = known.with_columns(fixed=fixed, closed=pl.col("verdict").is_not_null() | conflict | elsewhere)
    return alone(found, review).select(scored.columns)


def _notes(given: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Sentences about each mention's judgements and identifiers; who judged last, and when."""
    said = told.group_by("mention", maintain_order=True).agg(
        pl.col("told").str.join("; "), pl.col("by").last().alias("judged_by"), pl.col("on").max().alias("judged_on")
    )
    notes = given.unique(["mention", "kind"], keep="first", maintain_order=True).drop_nulls("note")
    noted = notes.group_by("mention", maintain_order=True).agg(pl.col("note").str.join("; "))
    return said.join(noted, on="mention", how="full", coalesce=True)


def _best(scored: pl.DataFrame, facts: pl.DataFrame, notes: pl.DataFrame, accept: float, review: float) -> pl.DataFrame:
    """The decided row of each mention that has pairs or a judgement."""
    best = decided(scored.select("mention", "entity", "score", "place"), accept, review)
    details = scored.select(
        "mention", "entity", *CANDIDATE.keys() - {"entity_id"}, "method", "reasons", "taken", "tied_to"
    )
    best = best.join(details, on=["mention", "entity"], how="left", maintain_order="left")
    runner = scored.select("mention", runner_up="entity", runner_up_name="entity_name")
    best = best.join(runner, on=["mention", "runner_up"], how="left", maintain_order="left")
    best = best.join(facts, on="mention", how="full", coalesce=True).join(
        notes, on="mention", how="full", coalesce=True
    )
    tied = (pl.col("tied") + pl.col("tied_to")).cast(pl.UInt32)
    best = best.with_columns(tied=tied)
    decision = (
        pl.when(pl.col("verdict") == "match").then(pl.lit("accept"))
        .when(pl.col("verdict") == "none").then(pl.lit("reject"))
        .when(pl.col("fits") & ~pl.col("taken")).then(pl.lit("accept"))
        .when(pl.col("named") > 0).then(pl.lit("review"))
        .when((pl.col("verdict") == "gone") & (pl.col("decision") == "accept")).then(pl.lit("review"))
        .when((pl.col("tied") > 0) & (pl.col("decision") == "accept")).then(pl.lit("review"))
        .when(pl.col("taken") & (pl.col("tied") == 0)).then(pl.lit("reject"))
        .otherwise("decision")
    )  # fmt: skip
    method = pl.when(pl.col("verdict") == "none").then(pl.lit("reviewed")).otherwise("method")
    return best.with_columns(decision=decision, method=method)


def _rows(fresh: pl.DataFrame, best: pl.DataFrame) -> pl.DataFrame:
    rows = fresh.join(best, on="mention", how="left", maintain_order="left").rename(
        {"entity": "candidate_id"} | {old: new for old, new in CANDIDATE.items() if old != "entity_id"}
    )
    letters = pl.col("name").str.contains(r"[\p{L}\p{N}]")
    nothing = pl.when(letters).then(pl.lit("no candidate")).otherwise(pl.lit("no letter or digit in the name"))
    found = pl.col("candidate_id").is_not_null()
    others = pl.when((pl.col("tied") > 0) & found).then(pl.format("{} as likely", pl.col("tied")))
    rows = rows.with_columns(
        pl.col("method").fill_null("none"),
        pl.col("decision").fill_null("none"),
        reasons=pl.concat_str(
            "told", "note", pl.when(found).then("reasons").otherwise(nothing), others, separator="; ", ignore_nulls=True
        ),
    )
    linked = pl.when(pl.col("decision") == "accept").then("candidate_id")
    lacking = [pl.lit(None, dtype).alias(name) for name, dtype in TAIL.items() if name not in rows.columns]
    return rows.with_columns(lacking).with_columns(entity_id=linked).select(*fresh.columns, *TAIL)


def _with_parents(rows: pl.DataFrame, parents: pl.DataFrame | None) -> pl.DataFrame:
    if parents is None:
        return rows.with_columns(pl.lit(None, pl.String).alias(name) for name in PARENTS)
    direct, ultimate = pl.col("direct_reason"), pl.col("ultimate_reason")
    reason = (
        pl.when(direct == ultimate).then(direct)
        .otherwise(pl.concat_str(pl.format("direct: {}", direct), pl.format("ultimate: {}", ultimate),
                                 separator="; ", ignore_nulls=True))
    )  # fmt: skip
    told = parents.select(
        pl.col("id").alias("entity_id"), "direct_parent", "ultimate_parent",
        parent_reason=pl.when(reason != "").then(reason), parent_path="path",
    )  # fmt: skip
    return rows.drop(PARENTS).join(told, on="entity_id", how="left", maintain_order="left").select(rows.columns)


def _queue(scored: pl.DataFrame, doubtful: pl.DataFrame) -> pl.DataFrame:
    order = ranked(scored.join(doubtful, on="mention", how="semi"))
    rank = pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("mention")
    tied = pl.col("score") == pl.col("score").first().over("mention")
    shown = order.with_columns(rank=rank, tied=tied).filter((pl.col("rank") <= SHOWN) | pl.col("tied"))
    found = doubtful.join(shown.rename({"entity": "entity_id"}), on="mention", how="inner", maintain_order="left_right")
    return found.select(*doubtful.columns, *QUEUE)


def _refuse_strangers(matches: pl.DataFrame, waiting: pl.DataFrame, matcher: Matcher) -> None:
    """Raises DataError for an id that the register lacks: no link is ever invented."""
    ids = pl.concat([matches["candidate_id"], matches["runner_up"], waiting["entity_id"]]).drop_nulls().unique()
    strange = ids.filter(~ids.is_in(row_of(matcher, ids)["id"].implode())).sort()
    if len(strange):
        raise DataError(
            f"matches: {len(strange):,} ids such as {strange[0]!r} are none of the register "
            f"{matcher.index.header.register!r}. Compare all names again."
        )
