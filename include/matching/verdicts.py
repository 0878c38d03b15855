"""One decision a mention: judgements go before identifiers, and these before what the names look like."""

import polars as pl

from ..tables.checkdigits import lei
from .characters import written_otherwise
from .decisions import alone, decided
from .distinct import one_word_of_more, other_number
from .letters import LONGEST
from .match import DETAILS, FEATURE

FACTS = (*(name for name in DETAILS.values() if name != "entity_id"), "method", "reasons", "taken", "tied_to")
FACTS += ("named", "fits", "verdict", "unsure")
ONE_LEI = "an entity has one LEI, and the likeliest has another: for a person to judge"
ALIKE = "written with other characters that sound alike: for a person to judge"
NUMBER = "another number or direction in the register's name: for a person to judge"
ONE_WORD = "one word, where the register's name has more: for a person to judge"
CUT = f"only the first {LONGEST:,} characters were compared: for a person to judge"
NO_WORD = "no letter or digit in the name, only signs that were read as words: for a person to judge"
PICTURE = "an emoji in the name was read as a word: for a person to judge"
_WORD = r"[\p{L}\p{N}]"
_PICTURE = r"[[\p{Extended_Pictographic}&&[^©®™]]\x{1F1E6}-\x{1F1FF}]"
"""Emoji (UTS 51) and the letters of flags, without the marks of property that names of companies carry."""
_ONE = ["mention", "entity"]


def unlinkable(mentions: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
    """What keeps a machine from linking `mentions`: mention, name, misread (why what is compared isn't the name, or
    null) and foreign (of `given`, lookup.identified, their LEI is sound and the register lacks it)."""
    lacking = given.filter(pl.col("kind") == "lei", pl.col("state") == "unknown").select("mention")
    name = pl.col("name")
    misread = (
        pl.when(name.str.strip_chars().str.len_chars() > LONGEST).then(pl.lit(CUT))
        .when(~name.str.contains(_WORD)).then(pl.lit(NO_WORD))
        .when(name.str.contains(_PICTURE)).then(pl.lit(PICTURE))
    )  # fmt: skip
    return mentions.select(
        "mention", "name", misread=misread, foreign=pl.col("mention").is_in(lacking["mention"].implode())
    )


def placed(
    pairs: pl.DataFrame, told: pl.DataFrame, kept_back: pl.DataFrame, accept: float, review: float, single: bool
) -> pl.DataFrame:
    """`pairs` (overrides.applied), entity_id as entity, with place, taken and tied_to (see decisions.alone), unsure
    (why the pair is for a person: of `kept_back`, unlinkable's, an LEI only where the entity's id is another; or what
    tells the names apart), and of their mention: named (how many entities its identifiers name), fits (see _fitting),
    verdict (overrides.judged)."""
    named = pl.col("method") == "identifier"
    place = pl.when(pl.col("method") == "reviewed").then(0).when(named).then(1).otherwise(2).cast(pl.UInt8)
    verdict = told.filter(pl.col("verdict") != "no match").select("mention", "verdict")
    known = pairs.with_columns(_fitting(accept, review), place=place).rename({"entity_id": "entity"})
    known = known.join(verdict, on="mention", how="left", maintain_order="left")
    known = known.join(kept_back, on="mention", how="left", maintain_order="left")
    names = known["name"], known["entity_name"]
    apart = known.select(
        pl.when(written_otherwise(*names)).then(pl.lit(ALIKE))
        .when(other_number(*names)).then(pl.lit(NUMBER))
        .when(one_word_of_more()).then(pl.lit(ONE_WORD))
    ).to_series()  # fmt: skip
    known = known.with_columns(unsure=_unsure(apart)).drop("name")
    if not single:
        return known.with_columns(tied_to=pl.lit(0, pl.UInt32), taken=pl.lit(False))
    conflict, elsewhere = ~pl.col("fits") & (pl.col("named") > 0), pl.col("fits") & (pl.col("place") != 1)
    closed = pl.col("verdict").is_not_null() | conflict | elsewhere | pl.col("unsure").is_not_null()
    return alone(known.with_columns(fixed=pl.col("place") == 0, closed=closed), review).drop("fixed", "closed")


def _unsure(apart: pl.Series) -> pl.Expr:
    foreign, unnamed = pl.col("foreign") & lei(pl.col("entity")), pl.col("place") == 2
    told = pl.when(foreign).then(pl.lit(ONE_LEI)).when(unnamed).then(pl.lit(apart))
    return pl.coalesce("misread", told)


def _fitting(accept: float, review: float) -> list[pl.Expr]:
    """Whether the name agrees with the one entity that identifiers name: it is as likely as `review` and no other as
    likely as `accept` instead, or it has the same words and no other is likelier."""
    named, over = pl.col("method") == "identifier", "mention"
    score = pl.col("score").filter(named).max().over(over)
    other = pl.col("score").filter(~named).max().over(over).fill_null(0)
    same = (pl.col(f"{FEATURE}same_words").filter(named).max().over(over) == 1) & (score >= other)
    likely = (score >= review) & ((other < accept) | (score >= accept))
    count = named.sum().over(over)
    return [count.alias("named"), ((count == 1) & (likely | same)).fill_null(False).alias("fits")]


def best(known: pl.DataFrame, accept: float, review: float) -> pl.DataFrame:
    """The decided row of each mention that has pairs: decisions.decided with `known`'s facts, decision and note."""
    found = decided(known.select(*_ONE, "score", "place"), accept, review)
    facts = known.select(*_ONE, *FACTS)
    found = found.join(facts, on=_ONE, how="left", maintain_order="left")
    runner = known.select("mention", runner_up="entity", runner_up_name="entity_name")
    found = found.join(runner, on=["mention", "runner_up"], how="left", maintain_order="left")
    found = found.with_columns((pl.col("tied") + pl.col("tied_to")).alias("tied"))
    conflict = (pl.col("named") > 0) & ~pl.col("fits") & pl.col("verdict").is_null()
    told = pl.when(conflict).then(_conflict(accept)).when(_held_back()).then("unsure")
    return found.with_columns(*_others(), decision=_decision(), conflict=told)


def _held_back() -> pl.Expr:
    """Whether a machine would link the name if nothing spoke against that."""
    linked = (pl.col("decision") == "accept") | pl.col("fits")
    return linked & pl.col("unsure").is_not_null() & pl.col("verdict").is_null()


def _decision() -> pl.Expr:
    sure = pl.col("decision") == "accept"
    doubt = (pl.col("verdict") == "gone") | (pl.col("tied") > 0)
    return (
        pl.when(pl.col("verdict") == "match").then(pl.lit("accept"))
        .when(pl.col("verdict") == "none").then(pl.lit("reject"))
        .when(_held_back()).then(pl.lit("review"))
        .when(pl.col("fits") & ~pl.col("taken") & pl.col("verdict").is_null()).then(pl.lit("accept"))
        .when(pl.col("named") > 0).then(pl.lit("review"))
        .when(sure & doubt).then(pl.lit("review"))
        .when(pl.col("taken") & (pl.col("tied") == 0)).then(pl.lit("reject"))
        .otherwise("decision")
    )  # fmt: skip


def _conflict(accept: float) -> pl.Expr:
    """Why what identifiers name goes to a person."""
    likelier = (pl.col("runner_up_score") >= accept) & (pl.col("score") < pl.col("runner_up_score"))
    return (
        pl.when(pl.col("named") > 1).then(pl.format("identifiers name {} entities", "named"))
        .when(likelier)
        .then(pl.format("but the name is likelier {} ({})", "runner_up_name", pl.col("runner_up_score").round(2)))
        .otherwise(pl.format("but the name does not fit ({})", pl.col("score").round(2)))
    )  # fmt: skip


def _others() -> list[pl.Expr]:
    """How many others are as likely, and that an entity which may have one name only goes to another."""
    one, many = pl.lit("1 other is as likely"), pl.format("{} others are as likely", "tied")
    tied = pl.when(pl.col("tied") == 1).then(one).when(pl.col("tied") > 1).then(many)
    taken = pl.when("taken").then(pl.lit("the entity goes to another name"))
    return [tied.alias("others"), taken.alias("elsewhere")]
