"""From compared pairs to one row a mention, with what people judged, identifiers say and parents there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from ..errors import DataError
from .decisions import bands, ranked
from .features import FEATURES
from .judgements import Judgement
from .lookup import identified
from .match import DETAILS, FEATURE, Matcher, row_of
from .overrides import ABOUT, applied, disagreeing, judged
from .verdicts import best, placed, unlinkable

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
    last: pl.DataFrame | None = None,
) -> Settled:
    """One row for each of `mentions` (mentions.Mentions' frame) of what `compare` found: `pairs`, in any order.

    `parents`: the entities of parents.parents_as_of. `version` names the register. `carried`: rows of an older matches
    and of its queue that stand as they are but for their records, weight and parents; pairs of these mentions aren't
    needed. `last`: the whole matches of the last version, to tell where a judged entity had another name. Raises
    ContractError where `accept` and `review` make no bands, DataError where an id is none of the register's.
    """
    bands(accept, review)
    old, queue = carried or (_empty(mentions, TAIL), _empty(mentions, QUEUE))
    fresh = mentions.join(old, on=keys(mentions), how="anti", nulls_equal=True, maintain_order="left")
    given, told = identified(mentions, matcher.index), judged(fresh, judgements, matcher)
    compared = pairs.join(fresh, on="mention", how="semi")
    against = disagreeing(told, compared, accept, last)
    scored = placed(applied(compared, told), told, unlinkable(fresh, given), accept, review, single)
    rows = _rows(fresh, best(scored, accept, review), _notes(given, told, against))
    rows = rows.with_columns(register_version=pl.lit(version))
    matches = _with_parents(_beside(rows, old, mentions, TAIL), parents).sort("mention")
    doubtful = matches.filter(pl.col("decision") == "review").select(mentions.columns)
    waiting = _beside(_queue(scored, doubtful), queue, doubtful, QUEUE).sort("mention", "rank")
    _refuse_strangers(matches, waiting, matcher)
    counts = {"identifiers": _identifiers(given, matches), "judgements": _judgements(judgements, told, against)}
    return Settled(matches.drop("mention"), waiting.drop("mention"), counts)


def _beside(rows: pl.DataFrame, old: pl.DataFrame, mentions: pl.DataFrame, tail: dict[str, Any]) -> pl.DataFrame:
    """`rows`, and beside them the `tail` of `old` with what `mentions` are now."""
    key = keys(mentions)
    kept = mentions.join(old.select(*key, *tail), on=key, how="inner", nulls_equal=True)
    return pl.concat([rows.select(*mentions.columns, *tail), kept.select(*mentions.columns, *tail)])


def _empty(mentions: pl.DataFrame, columns: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    return pl.DataFrame(schema={**mentions.drop("mention").schema, **columns})


def _notes(given: pl.DataFrame, told: pl.DataFrame, against: pl.DataFrame) -> pl.DataFrame:
    """Sentences about each mention's judgements and identifiers; who judged last, and when."""
    last = told.sort("mention", "on", "by", maintain_order=True).group_by("mention", maintain_order=True)
    by = last.agg(pl.col("told").str.join("; "), pl.col("by").last(), pl.col("on").last(), "verdict")
    notes = given.unique(["mention", "kind"], keep="first", maintain_order=True).drop_nulls("note")
    noted = notes.group_by("mention", maintain_order=True).agg(pl.col("note").str.join("; "))
    evidence = pl.format("but {}", pl.col("evidence").str.join("; "))
    spoken = against.group_by("mention", maintain_order=True).agg(evidence.alias("against"))
    every = by.join(noted, on="mention", how="full", coalesce=True).join(spoken, on="mention", how="left")
    return every.with_columns(none=pl.col("verdict").list.contains("none").fill_null(False)).drop("verdict")


def _rows(fresh: pl.DataFrame, found: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
    """The mention's own columns and TAIL, without parents and version."""
    rows = fresh.join(found, on="mention", how="left", maintain_order="left")
    rows = rows.join(notes, on="mention", how="left", maintain_order="left")
    letters = pl.col("name").str.contains(r"[\p{L}\p{N}]")
    nothing = pl.when(letters).then(pl.lit("no candidate")).otherwise(pl.lit("no letter or digit in the name"))
    nowhere = pl.col("country").is_null() & (pl.col("given_country").str.strip_chars() != "")
    strange = pl.when(nowhere).then(pl.format("'{}' is no country of ISO 3166-1", pl.col("given_country").str.head(40)))
    told = ("told", "against", "note", "conflict", strange, pl.coalesce("reasons", nothing), "others", "elsewhere")
    decision = pl.coalesce("decision", pl.when("none").then(pl.lit("reject")), pl.lit("none"))
    rows = rows.with_columns(
        pl.when("none").then(pl.lit("reviewed")).otherwise("method").fill_null("none").alias("method"),
        decision=decision,
        reasons=pl.concat_str(*told, separator="; ", ignore_nulls=True),
        entity_id=pl.when(decision == "accept").then("entity"),
        candidate_id="entity",
        judged_by="by",
        judged_on="on",
    ).rename({old: new for old, new in CANDIDATE.items() if old != "entity_id"})
    lacking = [pl.lit(None, dtype).alias(name) for name, dtype in TAIL.items() if name not in rows.columns]
    return rows.with_columns(lacking).select(*fresh.columns, *TAIL)


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


def _identifiers(given: pl.DataFrame, matches: pl.DataFrame) -> dict[str, Any]:
    """How many mentions have which, by kind and state, with examples; and those whose name disagrees."""
    told: dict[str, Any] = {}
    once = given.unique(["mention", "kind"], keep="first", maintain_order=True)
    for (kind,), part in once.partition_by("kind", as_dict=True, maintain_order=True).items():
        counts = part["state"].value_counts().sort("state")
        worth = part.filter(pl.col("state").is_in(["repaired", "wrong", "unknown"]))
        some = worth.group_by("state", maintain_order=True).agg(pl.col("published").head(SHOWN)).sort("state")
        told[str(kind)] = dict(counts.iter_rows()) | {"examples": dict(some.iter_rows())}
    conflict = matches.filter((pl.col("method") == "identifier") & (pl.col("decision") == "review"))
    shown = conflict.sort("records", "mention", descending=[True, False]).head(SHOWN)
    return told | ({"conflicting": conflict.height, "conflicts": shown["name"].to_list()} if told else {})


def _judgements(judgements: Sequence[Judgement], told: pl.DataFrame, against: pl.DataFrame) -> dict[str, Any]:
    if not judgements:
        return {}
    used = told.filter(pl.col("verdict") != "gone")
    gone = told.filter(pl.col("verdict") == "gone")
    said = against.select(*ABOUT, "evidence").unique().sort(ABOUT)
    return {
        "given": len(judgements),
        "used": used.select(ABOUT).n_unique(),
        "orphaned": gone.select(ABOUT).unique().sort(ABOUT).to_dicts(),
        "disagreeing": said.to_dicts(),
    }


def _refuse_strangers(matches: pl.DataFrame, waiting: pl.DataFrame, matcher: Matcher) -> None:
    """Raises DataError for an id that the register lacks: no link is ever invented."""
    ids = pl.concat([matches["candidate_id"], matches["runner_up"], waiting["entity_id"]]).drop_nulls().unique()
    strange = ids.filter(~ids.is_in(row_of(matcher, ids)["id"].implode())).sort()
    if len(strange):
        raise DataError(
            f"matches: {len(strange):,} ids such as {strange[0]!r} are none of the register "
            f"{matcher.index.header.register!r}. Compare all names again."
        )
