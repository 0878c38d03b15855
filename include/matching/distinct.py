"""What tells companies apart that are alike in all the rest: a number, a direction, a name of one word only."""

import polars as pl

from .letters import ascii_letters, joined_words
from .match import FEATURE

_NUMBERS = r"\d+"
_ROMAN = r"\b(?:x{1,3}(?:ix|iv|v?i{0,3})|ix|iv|v?i{1,3}|v)\b"
_DIRECTIONS = r"\b(?:north|south|east|west|northern|southern|eastern|western|nord|sud|norte|sur|norra|sodra)\b"


def other_number(one: pl.Series, two: pl.Series) -> pl.Series:
    """Whether each name has a number or a direction that the name beside it has another one for."""
    a, b = (_marks(names) for names in (one, two))
    return (a.list.set_difference(b).list.len() > 0) & (b.list.set_difference(a).list.len() > 0)


def one_word_of_more() -> pl.Expr:
    """Of compared pairs, whether the name is a single word and the entity's has more, not the same put together."""
    words = [pl.col(f"{FEATURE}words_{side}") for side in "ab"]
    return (words[0] == 1) & (words[1] > 1) & (pl.col(f"{FEATURE}unspaced") < 100)


def _marks(names: pl.Series) -> pl.Series:
    text = joined_words(ascii_letters(names)).alias("text")
    found = [pl.col("text").str.extract_all(kind) for kind in (_NUMBERS, _ROMAN, _DIRECTIONS)]
    return text.to_frame().select(pl.concat_list(found).list.eval(pl.element().str.strip_chars_start("0"))).to_series()
