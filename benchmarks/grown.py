"""`python -m benchmarks.grown FILE ROWS`: a SYNTHETIC register, the real one and variations of it, always the same."""

import sys
from pathlib import Path

import numpy as np
import polars as pl

from tests.conftest import SHARED

REAL = SHARED / "entity_matching" / "register_gleif_399k.parquet"
SEED = 5
VARIATIONS = (
    "another last word, which mostly is the legal form",
    "another number, or a number where there was none",
    "another word in the place of one",
    "the first half of one name, the second half of another",
    "one letter left out",
)


def grow(rows: int, seed: int = SEED) -> pl.DataFrame:
    """The 399,203 real entities (columns id, name, country, category), then variations of them up to `rows`.

    A variation takes country and category of the entity that it varies, and an id that begins with SYNTHETIC; what
    varies goes through VARIATIONS by turns, and words come from other real names. Fewer `rows` take the first ones.
    """
    real = pl.read_parquet(REAL)
    more = rows - real.height
    if more <= 0:
        return real.head(rows)
    random = np.random.default_rng(seed)
    one, two = (real[random.integers(0, real.height, more)] for _ in range(2))
    parts = pl.DataFrame({"a": one["name"].str.split(" "), "b": two["name"].str.split(" ")}).with_columns(
        kind=pl.int_range(more) % len(VARIATIONS),
        at=pl.Series(random.integers(0, 1 << 30, more)),
        name=one["name"],
    )
    ids = "SYNTHETIC" + pl.int_range(more, eager=True).cast(pl.String).str.zfill(11)
    varied = one.with_columns(ids.alias("id"), parts.select(_varied())["name"])
    return pl.concat([real, varied])


def _varied() -> pl.Expr:
    a, b, at = pl.col("a"), pl.col("b"), pl.col("at")
    place = at % a.list.len()
    number = (2 + at % 98).cast(pl.String)
    digits = pl.col("name").str.contains(r"\d")
    letter = 1 + at % pl.max_horizontal(pl.col("name").str.len_chars().cast(pl.Int64) - 2, 1)
    other = b.list.get(at % b.list.len())
    texts = (
        pl.concat_list(a.list.head(pl.max_horizontal(a.list.len(), 2) - 1), b.list.tail(1)).list.join(" "),
        pl.when(digits).then(pl.col("name").str.replace(r"\d+", number)).otherwise(pl.col("name") + " " + number),
        pl.concat_list(a.list.head(place), other, a.list.slice(place + 1)).list.join(" "),
        pl.concat_list(a.list.head((a.list.len() + 1) // 2), b.list.slice(b.list.len() // 2)).list.join(" "),
        pl.col("name").str.slice(0, letter) + pl.col("name").str.slice(letter + 1),
    )
    chosen = pl.lit("")
    for kind, text in enumerate(texts):
        chosen = pl.when(pl.col("kind") == kind).then(text).otherwise(chosen)
    return chosen.alias("name")


if __name__ == "__main__":
    grow(int(sys.argv[2])).write_parquet(Path(sys.argv[1]))
