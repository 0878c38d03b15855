"""What a shortened word likely stands for: of the register's words that it could abbreviate, a common one."""

import numpy as np
import polars as pl
from rapidfuzz import distance, process

LONG = 5
"""Letters of a word that is worth abbreviating, at least."""
COMMON = 5_000
"""So many of the register's words are looked at, the commonest."""


def common(words: pl.DataFrame) -> pl.DataFrame:
    """Of a register's words and their counts (columns word and count) those that abbreviations may stand for."""
    long = words.filter(pl.col("word").str.len_bytes() >= LONG)
    return long.sort("count", "word", descending=[True, False]).head(COMMON)


def likelihoods(short: pl.Series, long: pl.Series, common: pl.DataFrame) -> pl.Series:
    """How likely each of `short` stands for the word beside it in `long`, which it could abbreviate; f32 from 0 to 1.

    That is the share of the word's count in the counts of all words of `common` that begin with the same letter as the
    short one and have all of its letters, in their order.
    """
    asked = pl.DataFrame({"short": short, "long": long})
    known = asked.join(common, left_on="long", right_on="word", how="left", maintain_order="left")
    sums = _sums(known.drop_nulls()["short"].unique(), common)
    told = known.join(sums, on="short", how="left", maintain_order="left")
    return told.select((pl.col("count") / pl.col("sum")).fill_null(0).cast(pl.Float32)).to_series()


def _sums(short: pl.Series, common: pl.DataFrame) -> pl.DataFrame:
    """Of each of `short`: short, and sum, the counts of all words that it could abbreviate."""
    parts = [pl.DataFrame(schema={"short": pl.String, "sum": pl.Float64})]
    letter = pl.col("short").str.head(1)
    for (first,), part in short.to_frame("short").group_by(letter, maintain_order=True):
        words = common.filter(pl.col("word").str.starts_with(str(first)))
        shared = process.cdist(part["short"], words["word"], scorer=distance.LCSseq.similarity, dtype=np.uint8)
        fits = shared == part["short"].str.len_bytes().to_numpy()[:, None]
        parts.append(part.with_columns(sum=pl.Series(fits @ words["count"].to_numpy().astype(np.float64))))
    return pl.concat(parts)
