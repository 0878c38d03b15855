"""The distinct names of a table, each with its country and identifiers as published, and how much hangs on it."""

import math
from dataclasses import dataclass, field

import polars as pl

from .countries import alpha2
from .identifiers import KINDS
from .register import check_columns

NEEDED = ("name", "country")
NO_NAME, NO_COUNTRY = "no name", "country not in ISO 3166-1"
NO_WEIGHT, NEGATIVE = "weight is no finite number", "weight below zero"
SHOWN = 5
_MOST = 1e200
"""Sums of larger weights could leave the range of a float."""


@dataclass(frozen=True)
class Mentions:
    """`frame`: mention (u32, row number), name, given_country, country (ISO 3166-1 alpha-2 or null), given_lei …,
    records (i64), weight (f64; null where no row of it has one), in order of name and what is given."""

    frame: pl.DataFrame
    counts: dict[str, int]
    """Rows by what is wrong with them; rows without a name are not in `frame`."""
    examples: dict[str, list[str]] = field(default_factory=dict)


def mentions(rows: pl.DataFrame) -> Mentions:
    """`rows` (text: name, country, and those of KINDS that there are; weight, a number, if there is one) as mentions.

    Nothing is changed in what is published; a name of white space is none. Weights are summed exactly, so their order
    doesn't matter. Raises DataError for columns that are absent, or no text.
    """
    kinds = [kind for kind in KINDS if kind in rows.columns]
    check_columns(rows, (*NEEDED, *kinds), "mentions")
    named = pl.col("name").str.strip_chars().fill_null("") != ""
    given = {"country": "given_country"} | {kind: f"given_{kind}" for kind in kinds}
    text = rows.with_columns(pl.col("name", *given).cast(pl.String), weight=_weight(rows))
    keys = ["name", *given.values()]
    found = _summed(text.filter(named).rename(given), keys).sort(keys)
    frame = found.with_row_index("mention").with_columns(alpha2(found["given_country"]).alias("country"))
    strange = frame.filter(pl.col("country").is_null() & (pl.col("given_country").str.strip_chars() != ""))
    counts = {NO_NAME: text.height - text.filter(named).height, NO_COUNTRY: int(strange["records"].sum())}
    counts |= {NO_WEIGHT: _lost(rows, text), NEGATIVE: int((text["weight"] < 0).sum())}
    examples = {NO_COUNTRY: strange["given_country"].unique().sort().head(SHOWN).to_list()}
    return Mentions(
        frame.select("mention", "name", "given_country", "country", *keys[2:], "records", "weight"),
        {why: count for why, count in counts.items() if count},
        {why: some for why, some in examples.items() if some},
    )


def shard(frame: pl.DataFrame, number: int, of: int) -> pl.DataFrame:
    """The rows of shard `number` (from 0) of `of`: all shards one behind the other are `frame`."""
    first, last = (frame.height * edge // of for edge in (number, number + 1))
    return frame.slice(first, last - first)


def _weight(rows: pl.DataFrame) -> pl.Series:
    if "weight" not in rows.columns:
        return pl.Series("weight", [None] * rows.height, dtype=pl.Float64)
    weight = rows["weight"].cast(pl.Float64, strict=False)
    return weight.zip_with(weight.is_finite() & (weight.abs() < _MOST), pl.Series([None], dtype=pl.Float64))


def _lost(rows: pl.DataFrame, text: pl.DataFrame) -> int:
    return text["weight"].null_count() - rows["weight"].null_count() if "weight" in rows.columns else 0


def _summed(rows: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """One row a mention; math.fsum rounds once, so no order of addition shows (Shewchuk 1997)."""
    weight = pl.col("weight").drop_nulls()
    found = rows.group_by(keys).agg(pl.len().cast(pl.Int64).alias("records"), weight.alias("weights"))
    sums = [math.fsum(some) if some else None for some in found["weights"].to_list()]
    return found.drop("weights").with_columns(pl.Series("weight", sums, dtype=pl.Float64))
