"""Of all that a name could mean, the few entities that are worth the cost of a full comparison."""

import numpy as np
import polars as pl
from rapidfuzz import distance, fuzz

from .alignment import Floats, Ints, compared

KEPT = 16
"""Candidates a mention. Of the tuning halves' names whose entity is a candidate at all, one in a thousand loses it."""


def sieved(pairs: pl.DataFrame, mentions: pl.DataFrame, register: pl.DataFrame) -> pl.DataFrame:
    """The KEPT likeliest of each mention's `pairs`, in the order in which they came.

    `pairs` is what candidates() found (mention, entity, trigrams, words); `entity` is a row of `register`, `mention`
    stands in the column of that name in `mentions`; both are folded (core, country). The likelihood is a rough one: six
    quick figures, added up with the weights of a logistic regression on the tuning halves, rounded to 1 and 2. Equal
    ones are told apart by the id of the entity (the column id of `register`).
    """
    left = pairs.select("mention").join(mentions, on="mention", how="left", maintain_order="left")
    right = register[pairs["entity"].cast(pl.Int64)]
    rough = pairs.select(
        likely=2 * pl.max_horizontal("trigrams", "words") + pl.col("words") + pl.Series(_spelt_alike(left, right)),
        country=(left["country"] == right["country"]).fill_null(False).cast(pl.Float32),
        mention="mention",
        id=right["id"],
    ).with_row_index("row")
    best = rough.with_columns(pl.col("likely") + pl.col("country")).sort(
        "mention", "likely", "id", descending=[False, True, False]
    )
    return pairs[best.group_by("mention", maintain_order=True).head(KEPT)["row"].sort()]


def _spelt_alike(left: pl.DataFrame, right: pl.DataFrame) -> Floats:
    """How alike two names are without their spaces: letters in order, twice the ratio of both, a common beginning."""
    one, two = (frame["core"].str.replace_all(" ", "") for frame in (left, right))
    shorter = np.maximum(1, np.minimum(_letters(one), _letters(two)))
    a, b = one.to_list(), two.to_list()
    in_order, begun = compared(a, b, distance.LCSseq.similarity), compared(a, b, distance.Prefix.similarity)
    alike: Floats = ((2 * in_order + begun) / shorter + compared(a, b, fuzz.ratio) / 50).astype(np.float32)
    return alike


def _letters(texts: pl.Series) -> Ints:
    letters: Ints = texts.str.len_chars().to_numpy().astype(np.int64)
    return letters
