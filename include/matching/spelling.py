"""How alike two names are letter by letter: ratios of rapidfuzz, what they begin with, and initials."""

import numpy as np
import polars as pl
from rapidfuzz import distance, fuzz

from .alignment import Floats, Ints, compared

_SHORT = r"\b[a-z]{2,3}\b"


def spelling(mentions: pl.DataFrame, register: pl.DataFrame, a: Ints, b: Ints) -> dict[str, Floats]:
    """Features of the pairs of rows `a` of mentions and `b` of register, both folded, by their letters."""

    def both(text: pl.Expr) -> tuple[list[str], list[str]]:
        one, two = (_objects(frame.select(text).to_series(), rows) for frame, rows in ((mentions, a), (register, b)))
        return one, two

    core, words, full = both(pl.col("core")), both(pl.col("words")), both(pl.col("full"))
    joined, canonical = both(pl.col("core").str.replace_all(" ", "")), both(pl.col("core") + " " + pl.col("form"))
    sizes = [np.maximum(1, np.fromiter(map(len, texts), np.float32, len(texts))) for texts in joined]
    prefix, in_order = compared(*joined, distance.Prefix.similarity), compared(*joined, distance.LCSseq.similarity)
    told: dict[str, Floats] = {
        "ratio": compared(*core, fuzz.ratio),
        "sorted": compared(*core, fuzz.token_sort_ratio),
        "set": compared(*core, fuzz.token_set_ratio),
        "partial": compared(*core, fuzz.partial_ratio),
        "jaro_winkler": compared(*core, distance.JaroWinkler.similarity) * 100,
        "words_ratio": compared(*words, fuzz.ratio),
        "canonical_ratio": compared(*canonical, fuzz.ratio),
        "full_ratio": compared(*full, fuzz.ratio),
        "unspaced": compared(*joined, fuzz.ratio),
        "prefix": prefix,
        "prefix_a": (prefix / sizes[0]).astype(np.float32),
        "prefix_b": (prefix / sizes[1]).astype(np.float32),
        "in_order_a": (in_order / sizes[0]).astype(np.float32),
        "in_order_b": (in_order / sizes[1]).astype(np.float32),
        "letters_a": sizes[0],
        "letters_b": sizes[1],
        "same_letters": np.fromiter(map(str.__eq__, *joined), np.float32, len(a)),
    }
    return told | _initials(mentions, register, a, b)


def _objects(texts: pl.Series, rows: Ints) -> list[str]:
    """Each of `rows`, without a new text for each."""
    told: list[str] = np.array(texts.to_list(), dtype=object)[rows].tolist()
    return told


def _initials(mentions: pl.DataFrame, register: pl.DataFrame, a: Ints, b: Ints) -> dict[str, Floats]:
    """Whether a name is made of the first letters of the other's words, begins with some of them in one word, or has
    short words that are some of them (NH for New Hampshire)."""
    core = pl.col("core")
    one, two = (
        frame.select(
            word=core.str.extract(r"^(\w{2,4})\b"),
            letters=core.str.replace_all(r"(\w)\w* ?", "$1"),
            joined=core.str.replace_all(" ", ""),
            short=core.str.extract_all(_SHORT),
        )
        for frame in (mentions, register)
    )
    told: dict[str, Floats] = {}
    whole = np.zeros(len(a), np.bool_)
    for side, mine, rows, other, others in (("a", one, a, two, b), ("b", two, b, one, a)):
        begins, same, spelt = _of_side(mine, rows, other["letters"], others)
        told |= {f"begins_with_initials_{side}": begins, f"spelt_{side}": spelt}
        whole |= same
    return told | {"initials": whole.astype(np.float32)}


def _of_side(mine: pl.DataFrame, rows: Ints, letters: pl.Series, others: Ints) -> tuple[Floats, np.ndarray, Floats]:
    frame = pl.DataFrame(
        {"word": mine["word"].gather(rows), "joined": mine["joined"].gather(rows), "letters": letters.gather(others)}
    )
    begins = pl.col("letters").str.starts_with(pl.col("word")).fill_null(False)
    same = (pl.col("letters") == pl.col("joined")) & (pl.col("joined").str.len_bytes() > 1)
    found = frame.select(begins=begins.cast(pl.Float32), same=same)
    short = frame.select("letters", pair=pl.int_range(pl.len()), word=mine["short"].gather(rows))
    short = short.filter(pl.col("word").list.len() > 0).explode("word")
    spelt = short.filter(pl.col("letters").str.contains(pl.col("word"), literal=True))["pair"].to_numpy()
    counted = np.bincount(spelt, minlength=len(rows)).astype(np.float32)
    return found["begins"].to_numpy(), found["same"].to_numpy(), counted
