"""What people judged about the mentions at hand, and what speaks against it now."""

from collections.abc import Sequence

import polars as pl

from .judgements import NOBODY, Judgement, frame
from .match import DETAILS, Matcher, details, row_of

RETIRED = ("INACTIVE", "RETIRED", "MERGED", "DUPLICATE", "ANNULLED", "CANCELLED", "DISSOLVED")
"""Of GLEIF's statuses of entities and registrations (LEI-CDF 3.1), those of an entity that is no more."""
_TOLD = {
    "match": "judged a match by {} on {}: {}",
    "none": "judged to be no entity of the register by {} on {}: {}",
    "gone": "judged to be {}, which the register no longer has, by {} on {}: {}",
    "no match": "judged not to be {} by {} on {}: {}",
}


def judged(mentions: pl.DataFrame, judgements: Sequence[Judgement], matcher: Matcher) -> pl.DataFrame:
    """A row for each mention and judgement about its name and country: mention, lei, verdict ("match", "none", "gone"
    or "no match"), by, on, told (a sentence), and the columns of DETAILS, null where the register has no such id."""
    said = frame(judgements).with_columns(pl.col("country").fill_null(""), name=pl.col("name").str.strip_chars())
    names = mentions.select(
        "mention", name=pl.col("name").str.strip_chars(), country=pl.col("country").fill_null("")
    ).cast({"mention": pl.UInt32})
    found = names.join(said, on=["name", "country"], how="inner", maintain_order="left_right").drop("name", "country")
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
    return found.select("mention", "lei", "verdict", "by", "on", told.alias("told"), *DETAILS.values())


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
