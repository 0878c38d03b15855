"""What people judged about the mentions at hand, and what speaks against it now."""

from collections.abc import Sequence

import polars as pl

from .judgements import NOBODY, Judgement, frame
from .match import DETAILS, Matcher, details, row_of

ABOUT = ("name", "country", "lei", "by", "on")
"""What tells one judgement from others."""
RETIRED = ("INACTIVE", "RETIRED", "MERGED", "DUPLICATE", "ANNULLED", "CANCELLED", "DISSOLVED")
"""Of GLEIF's statuses of entities and registrations (LEI-CDF 3.1), those of an entity that is no more."""
_PAIR = (pl.col("entity_id").alias("id"), pl.col("entity_name").alias("name_there"), "method", "score")
_TOLD = {
    "match": "judged a match by {} on {}: {}",
    "none": "judged to be no entity of the register by {} on {}: {}",
    "gone": "judged to be {}, which the register no longer has, by {} on {}: {}",
    "no match": "judged not to be {} by {} on {}: {}",
}


def judged(mentions: pl.DataFrame, judgements: Sequence[Judgement], matcher: Matcher) -> pl.DataFrame:
    """A row for each mention and judgement about its name and country: mention, ABOUT, verdict ("match", "none",
    "gone" or "no match"), told (a sentence), and the columns of DETAILS, null where the register has no such id."""
    said = frame(judgements).with_columns(pl.col("country").fill_null(""), name=pl.col("name").str.strip_chars())
    names = mentions.select(
        "mention", name=pl.col("name").str.strip_chars(), country=pl.col("country").fill_null("")
    ).cast({"mention": pl.UInt32})
    found = names.join(said, on=["name", "country"], how="inner", maintain_order="left_right")
    known = row_of(matcher, found["lei"].unique())
    rows = known.select("id", *details(matcher, known["row"]))
    found = found.join(rows, left_on="lei", right_on="id", how="left", maintain_order="left")
    lost = pl.col("entity_id").is_null()
    verdict = (
        pl.when(pl.col("judgement") == "no match").then(pl.lit("no match"))
        .when(pl.col("lei") == NOBODY).then(pl.lit("none"))
        .when(lost).then(pl.lit("gone"))
        .otherwise(pl.lit("match"))
    )  # fmt: skip
    found = found.with_columns(verdict=verdict)
    told = pl.coalesce(
        pl.when(pl.col("verdict") == name).then(
            pl.format(text, *(["lei"] if text.count("{}") == 4 else []), "by", "on", "why")
        )
        for name, text in _TOLD.items()
    )
    return found.select("mention", *ABOUT, "verdict", told.alias("told"), *DETAILS.values())


def applied(pairs: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """`pairs` without those judged to be none, with those judged a match (method "reviewed"; score null where the
    machine hasn't found it)."""
    apart = told.filter(pl.col("verdict") == "no match").select("mention", entity_id="lei")
    left = pairs.join(apart, on=["mention", "entity_id"], how="anti", maintain_order="left")
    match = told.filter(pl.col("verdict") == "match").select("mention", *DETAILS.values())
    both = ["mention", "entity_id"]
    scores = pairs.select(*both, "score", "reasons", pl.col(pl.Float32))
    match = match.join(scores, on=both, how="left", maintain_order="left").with_columns(method=pl.lit("reviewed"))
    others = left.join(match, on=both, how="anti", maintain_order="left")
    return pl.concat([others, match.select(others.columns)])


def disagreeing(
    told: pl.DataFrame, pairs: pl.DataFrame, accept: float, last: pl.DataFrame | None = None
) -> pl.DataFrame:
    """What speaks against the judgements `told`, a row each: mention, ABOUT, evidence (a sentence).

    Where an entity other than the judged one, likelier than that, or one judged to be wrong, is as likely as `accept`
    among `pairs`, or is named by an identifier; where the judged one is no more, or had another name in `last`, the
    last version's matches. What else is judged to be wrong speaks against nothing.
    """
    match, wrong = pl.col("verdict") == "match", pl.col("verdict") == "no match"
    apart = told.filter(wrong).select("mention", id="lei")
    own = pairs.select("mention", lei="entity_id", own="score")
    both = told.join(pairs.select("mention", *_PAIR), on="mention", how="inner", maintain_order="left_right")
    both = both.join(own, on=["mention", "lei"], how="left", maintain_order="left")
    same = pl.col("id") == pl.col("lei")
    others = both.filter(~wrong & ~same).join(apart, on=["mention", "id"], how="anti", maintain_order="left")
    both = pl.concat([both.filter(wrong & same).with_columns(own=pl.lit(None, pl.Float64)), others])
    named = pl.col("method") == "identifier"
    likely = (pl.col("score") >= accept) & (pl.col("score") > pl.col("own").fill_null(0))
    found = [
        both.filter(likely).with_columns(
            evidence=pl.format("{} ({}) scores {}", "name_there", "id", pl.col("score").round(2))
        ),
        both.filter(named).with_columns(evidence=pl.format("an identifier names {} ({})", "name_there", "id")),
        told.filter(match & pl.col("entity_status").str.to_uppercase().is_in(RETIRED)).with_columns(
            evidence=pl.format("the register says {} of {}", "entity_status", "lei")
        ),
        *([] if last is None else [_renamed(told.filter(match), last)]),
    ]
    return pl.concat([one.select("mention", *ABOUT, "evidence") for one in found]).sort("mention", "lei", "evidence")


def _renamed(match: pl.DataFrame, last: pl.DataFrame) -> pl.DataFrame:
    old = last.select(lei="entity_id", was="candidate_name").drop_nulls().unique("lei", maintain_order=True)
    known = match.join(old, on="lei", how="inner", maintain_order="left").filter(pl.col("was") != pl.col("entity_name"))
    return known.with_columns(evidence=pl.format("{} was called {}, and is {} now", "lei", "was", "entity_name"))
