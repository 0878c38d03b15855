"""A short form stands for the commonest of the register's words that it could abbreviate."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from include.matching.abbreviations import COMMON, common, likelihoods
from include.matching.alignment import Frequencies, alignment
from tests.matching import real

WORDS = pl.DataFrame(
    {"word": ["international", "internal", "services", "savings", "alps"], "count": [60, 20, 15, 5, 9]},
    schema_overrides={"count": pl.UInt32},
)


@pytest.mark.parametrize(
    ("short", "long", "likely"),
    [
        ("intl", "international", 0.75),
        ("intl", "internal", 0.25),
        ("intnl", "international", 0.75),
        ("svs", "services", 0.75),
        ("svcs", "services", 1),
        ("intl", "unknown", 0),
        ("alp", "alps", 0),
    ],
)
def test_the_share_of_a_word_among_all_that_are_possible(short: str, long: str, likely: float) -> None:
    told = likelihoods(pl.Series([short]), pl.Series([long]), common(WORDS))
    assert told.to_list() == pytest.approx([likely])


def test_of_none_none() -> None:
    none = pl.Series([], dtype=pl.String)
    assert likelihoods(none, none, common(WORDS)).len() == 0
    assert likelihoods(pl.Series(["intl"]), pl.Series(["international"]), common(WORDS.clear())).to_list() == [0]


def test_only_common_words_are_looked_at() -> None:
    many = pl.DataFrame({"word": [f"word{number}" for number in range(COMMON + 5)], "count": [1] * (COMMON + 5)})
    assert common(many).height == COMMON
    assert common(pl.concat([many, pl.DataFrame({"word": ["wording"], "count": [2]})]))["word"][0] == "wording"


def test_learnt_from_the_names_of_gleif(shared: Path) -> None:
    named = pl.read_parquet(shared / real.DATA / "register_gleif_399k.parquet", columns=["name"])
    words = named.select(word=pl.col("name").str.to_lowercase().str.extract_all("[a-z]+").list.unique()).explode("word")
    known = common(words.drop_nulls().group_by("word").agg(count=pl.len()))
    short = ["mfg", "svcs", "hldgs", "grp", "mgmt", "engrg", "pwr"]
    long = ["manufacturing", "services", "holdings", "group", "management", "engineering", "power"]
    assert all(likely > 0.9 for likely in likelihoods(pl.Series(short), pl.Series(long), known))


def test_words_answer_each_other_the_better_the_likelier() -> None:
    one, two = (pl.DataFrame({"words": [text], "core": [text]}) for text in ("acme svs", "acme services"))
    rivals = WORDS.with_columns(count=pl.when(pl.col("word") == "savings").then(500).otherwise("count").cast(pl.UInt32))
    soft = []
    for words in (WORDS, rivals):
        known = Frequencies(words.sort("word"), pl.DataFrame({"core": ["acme"], "count": [1]}), 100)
        pair = np.zeros(1, np.int64)
        soft.append(float(alignment(one, two, (pair, pair), known)["soft_a"][0]))
    assert soft[0] > soft[1] > 0.5
