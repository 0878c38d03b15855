"""Names to legal entities of a register: folded, searched, compared, scored and decided, with the reasons in words."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from .alignment import Frequencies, frequencies
from .candidates import candidates
from .decisions import bands, decided, one_to_one
from .features import features
from .folding import fold
from .forms import Forms
from .index import Index
from .model import Model, score
from .reasons import reasons
from .register import check_columns

NEEDED = ("name", "country")
PART = 5_000
"""Names that are compared at a time, so that their pairs take little room."""
SHOWN = 3
"""Candidates of each name that are told, however unlikely."""


@dataclass(frozen=True)
class Matcher:
    """A register that can be searched, and what names are folded and judged by."""

    index: Index
    forms: Forms
    model: Model
    known: Frequencies

    @classmethod
    def of(cls, index: Index, forms: Forms, model: Model) -> "Matcher":
        """With the frequencies of all the words of the index."""
        return cls(index, forms, model, frequencies(pl.DataFrame(index.entities.select(["words", "core"]))))


def match(
    mentions: pl.DataFrame, matcher: Matcher, *, accept: float, review: float, single: bool = False, threads: int = 1
) -> pl.DataFrame:
    """The most likely entity of each of `mentions` (columns name and country, ISO 3166-1 alpha-2 or null), in order.

    The columns of `mentions`, then lei, matched_name, matched_country, method ("exact": all words are the same, "fuzzy"
    or "none"), score (a probability, f64), runner_up (its id), runner_up_score, gap, tied, decision ("accept",
    "review", "reject" or "none") and reasons. Every lei is an id of the register. `single`: an entity takes one name at
    most. Raises DataError where columns miss or are no text, ContractError where `accept` and `review` make no bands.
    """
    bands(accept, review)
    folded = fold(_asked(mentions), matcher.forms).filter(pl.col("core") != "")
    pairs = pl.concat([_scored(part, matcher, review, threads) for part in _parts(folded)])
    if single:
        alone = one_to_one(pairs.select("mention", "entity", "score"), review)
        lower = pairs.filter(pl.col("score") < review)
        pairs = pl.concat([lower, pairs.join(alone, on=["mention", "entity"], how="semi")])
    best = decided(pairs.select("mention", "entity", "score"), accept, review)
    best = best.join(pairs.drop("score"), on=["mention", "entity"], how="left", maintain_order="left")
    named = pl.col("mention").is_in(folded["mention"].implode())
    nothing = pl.when(named).then(pl.lit("no candidate")).otherwise(pl.lit("no letter or digit in the name"))
    rows = mentions.with_row_index("mention").join(best, on="mention", how="left", maintain_order="left")
    return rows.with_columns(
        pl.col("method", "decision").fill_null("none"), pl.col("reasons").fill_null(nothing)
    ).select(
        *mentions.columns, pl.col("entity").alias("lei"), "matched_name", "matched_country", "method", "score",
        "runner_up", "runner_up_score", "gap", "tied", "decision", "reasons",
    )  # fmt: skip


def _asked(mentions: pl.DataFrame) -> pl.DataFrame:
    """Name and country, numbered by row. Raises DataError."""
    check_columns(mentions, NEEDED, "mentions")
    name = pl.col("name").cast(pl.String).fill_null("")
    return mentions.select(name, pl.col("country").cast(pl.String)).with_row_index("mention")


def _parts(folded: pl.DataFrame) -> Iterator[pl.DataFrame]:
    for start in range(0, max(folded.height, 1), PART):
        yield folded.slice(start, PART)


def _scored(folded: pl.DataFrame, matcher: Matcher, review: float, threads: int) -> pl.DataFrame:
    """Pairs of at least `review`, and the three best of each name whatever their score: with the entity's id, its name
    and country, score, method and reasons."""
    found = candidates(folded, matcher.index, threads)
    rows = found["entity"].unique().sort()
    register = matcher.index.rows(rows)
    local = found.with_columns(entity=pl.Series(rows.search_sorted(found["entity"]), dtype=pl.UInt32))
    pairs = features(folded, register, local.select("mention", "entity"), matcher.known)
    pairs = pairs.with_columns(score=score(pairs, matcher.model))
    best = pl.col("score").rank("ordinal", descending=True).over("mention") <= SHOWN
    kept = pairs.filter((pl.col("score") >= review) | best)
    left = kept.select("mention").join(folded, on="mention", how="left", maintain_order="left")
    right = register[kept["entity"].cast(pl.Int64)]
    same = pl.when(kept["same_words"] == 1).then(pl.lit("exact")).otherwise(pl.lit("fuzzy"))
    return kept.select("mention", "score").with_columns(
        right["id"].alias("entity"),
        right["name"].alias("matched_name"),
        right["country"].alias("matched_country"),
        pl.select(same.alias("method")).to_series(),
        reasons(kept, left, right).alias("reasons"),
    )
