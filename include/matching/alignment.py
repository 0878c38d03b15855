"""Which words of two names answer each other, weighted by how rare a word is in the register."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl
from rapidfuzz import distance, fuzz, process

from .abbreviations import common, likelihoods

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

WORDS = 24
"""So many words of a name are compared; longer names are known by their beginning."""
_NUMBER = r"^(?:\d+|i{1,3}|iv|vi{0,3}|ix|x)$"
_SMALL = 1e-6
LIKELY = 0.3
"""How likely an abbreviation stands for a word, at least, if that it may is to count for more than their letters."""


@dataclass(frozen=True)
class Frequencies:
    """How often words and whole names come in the register, which is what makes them telling."""

    words: pl.DataFrame
    """Columns word and count: names that hold the word. Sorted by word."""
    cores: pl.DataFrame
    """Columns core and count: names that fold to it. Sorted by core."""
    names: int
    """Names in the register."""

    @cached_property
    def common(self) -> pl.DataFrame:
        """The words that abbreviations may stand for."""
        return common(self.words)


def frequencies(register: pl.DataFrame) -> Frequencies:
    """Of a folded register (columns words and core)."""
    words = (
        register.select(word=pl.col("words").str.split(" ").list.unique()).explode("word").filter(pl.col("word") != "")
    )
    count = pl.len().cast(pl.UInt32).alias("count")
    return Frequencies(
        words.group_by("word").agg(count).sort("word"),
        register.group_by("core").agg(count).sort("core"),
        register.height,
    )


@dataclass(frozen=True)
class Words:
    """Words of names, one after the other: name k has those from starts[k] to starts[k + 1]."""

    ids: Ints
    starts: Ints
    weights: Floats
    in_core: npt.NDArray[np.bool_]
    number: npt.NDArray[np.bool_]

    @property
    def sizes(self) -> Ints:
        return np.diff(self.starts)


def alignment(
    left: pl.DataFrame, right: pl.DataFrame, pairs: tuple[Ints, Ints], known: Frequencies
) -> dict[str, Floats]:
    """Features of `pairs` (rows of left, rows of right), both folded: how well the words of each are answered.

    A word is answered by the same word, else by the most similar one that begins alike: its abbreviation, as learnt
    from the register, a part of its letters in their order, or a misspelling. Weights are inverse document frequencies.
    """
    vocabulary = _vocabulary(left, right, known)
    one, two = _words(left, vocabulary), _words(right, vocabulary)
    a, b = pairs
    cells = _Cells.of(one.starts[a], one.sizes[a], two.starts[b], two.sizes[b])
    similar = _similar(one.ids[cells.left], two.ids[cells.right], vocabulary["word"], known)
    best_a, best_b = cells.best_of_left(similar), cells.best_of_right(similar)
    told: dict[str, Floats] = {}
    for side, words, rows, best in (("a", one, a, best_a), ("b", two, b, best_b)):
        told |= {f"{name}_{side}": value for name, value in _answered(words, rows, best).items()}
    return told


def _vocabulary(left: pl.DataFrame, right: pl.DataFrame, known: Frequencies) -> pl.DataFrame:
    words = pl.concat(
        [frame.select(word=pl.col("words").str.split(" ").list.head(WORDS)).explode("word") for frame in (left, right)]
    )
    every = words.unique().sort("word")
    counted = counts(every["word"], known.words["word"], known.words["count"])
    rarity = (max(known.names, 1) / pl.Series(np.where(counted == 0, 0.5, counted))).log() + 1
    return every.with_row_index("id").with_columns(
        weight=pl.when(pl.col("word") == "").then(0.0).otherwise(rarity).cast(pl.Float32),
        number=pl.col("word").str.contains(_NUMBER),
    )


def counts(texts: pl.Series, known: pl.Series, count: pl.Series) -> npt.NDArray[np.float64]:
    """The count of each of `texts` by `known`, which is sorted; 0 where it isn't there."""
    if not len(known):
        return np.zeros(len(texts))
    place = np.minimum(known.search_sorted(texts).to_numpy(), len(known) - 1).astype(np.int64)
    there = (known.gather(place) == texts).to_numpy()
    return np.where(there, count.gather(place).to_numpy().astype(np.float64), 0.0)


def _words(names: pl.DataFrame, vocabulary: pl.DataFrame) -> Words:
    spaced, core = (pl.format(" {} ", pl.col(name)) for name in ("words", "core"))
    split = names.select(
        word=pl.col("words").str.split(" ").list.head(WORDS),
        before=spaced.str.head(spaced.str.find(core, literal=True).fill_null(0)).str.count_matches(" ").cast(pl.Int64),
        size=pl.col("core").str.count_matches(" ").cast(pl.Int64) + 1,
    )
    sizes = split["word"].list.len().to_numpy().astype(np.int64)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    words = split.select("word").explode("word").join(vocabulary, on="word", how="left", maintain_order="left")
    place = np.arange(starts[-1]) - np.repeat(starts[:-1], sizes)
    before, size = (np.repeat(split[name].to_numpy(), sizes) for name in ("before", "size"))
    return Words(
        words["id"].to_numpy().astype(np.int64),
        starts,
        words["weight"].to_numpy(),
        (place >= before) & (place < before + size),
        words["number"].to_numpy(),
    )


@dataclass(frozen=True)
class _Cells:
    """Every word of one name against every word of the other, pair after pair, the left name's words outermost."""

    left: Ints
    right: Ints
    of_left: Ints
    """Where the cells of a left word begin."""
    turned: Ints
    """The cells with the right name's words outermost."""
    of_right: Ints

    @staticmethod
    def of(left: Ints, left_sizes: Ints, right: Ints, right_sizes: Ints) -> "_Cells":
        sizes = left_sizes * right_sizes
        begin = np.cumsum(sizes) - sizes
        place = np.arange(sizes.sum()) - np.repeat(begin, sizes)
        width, height = np.repeat(right_sizes, sizes), np.repeat(left_sizes, sizes)
        i, j = np.divmod(place, width)
        turned_j, turned_i = np.divmod(place, height)
        return _Cells(
            np.repeat(left, sizes) + i,
            np.repeat(right, sizes) + j,
            np.flatnonzero(j == 0),
            np.repeat(begin, sizes) + turned_i * width + turned_j,
            np.flatnonzero(turned_i == 0),
        )

    def best_of_left(self, similar: Floats) -> Floats:
        return _tops(similar, self.of_left)

    def best_of_right(self, similar: Floats) -> Floats:
        return _tops(similar[self.turned], self.of_right)


def _tops(values: Floats, starts: Ints) -> Floats:
    tops: Floats = np.asarray(np.maximum.reduceat(values, starts) if len(starts) else values, dtype=np.float32)
    return tops


def _similar(left: Ints, right: Ints, words: pl.Series, known: Frequencies) -> Floats:
    """Similarity of words by their ids, 0 to 1: 1 for the same, below it for an abbreviation or a misspelling."""
    same = left == right
    initial = words.str.head(1).rank("dense").cast(pl.Int64).to_numpy()
    alike = np.flatnonzero(~same & (initial[left] == initial[right]))
    keys, back = np.unique(left[alike] * len(words) + right[alike], return_inverse=True)
    one, two = np.divmod(keys, max(len(words), 1))
    found: Floats = same.astype(np.float32)
    found[alike] = _spelt_otherwise(words.gather(one), words.gather(two), known)[back]
    return found


def _spelt_otherwise(one: pl.Series, two: pl.Series, known: Frequencies) -> Floats:
    shorter = one.str.len_bytes() <= two.str.len_bytes()
    brief, full = one.zip_with(shorter, two), two.zip_with(shorter, one)
    a, b = brief.to_list(), full.to_list()
    shared, in_order = compared(a, b, distance.Prefix.similarity), compared(a, b, distance.LCSseq.similarity)
    ratio = compared(a, b, fuzz.ratio) / 100
    short, long = (words.str.len_bytes().to_numpy().astype(np.float32) for words in (brief, full))
    prefix = np.where(shared == short, np.where(short >= 2, 0.55 + 0.08 * np.minimum(short, 5), 0.35), 0)
    within = np.where(short >= 3, 0.5 + 0.3 * short / np.maximum(long, 1), np.where(short == 2, 0.4, 0))
    misspelt = np.where(ratio > 0.7, ratio, 0)
    could = (in_order == short) & (short >= 2) & (short < long)
    learnt = np.zeros(len(short), np.float32)
    learnt[could] = likelihoods(brief.filter(could), full.filter(could), known.common).to_numpy()
    meant = np.where(learnt >= LIKELY, 0.5 + 0.45 * learnt, 0)
    similar = [prefix, np.where(in_order == short, within, 0), misspelt, meant]
    best: Floats = np.maximum.reduce(similar).astype(np.float32)
    return best


def compared(left: list[str], right: list[str], scorer: Callable[..., float]) -> Floats:
    """One score of rapidfuzz for each pair of texts."""
    scores: Floats = process.cpdist(left, right, scorer=scorer, workers=1, dtype=np.float32)
    return scores


def _answered(words: Words, rows: Ints, best: Floats) -> dict[str, Floats]:
    sizes = words.sizes[rows]
    starts = np.cumsum(sizes) - sizes
    tokens = np.repeat(words.starts[rows] - starts, sizes) + np.arange(sizes.sum())
    weight, core = words.weights[tokens], words.in_core[tokens]
    exact, lost = best > 1 - _SMALL, weight * (1 - best)

    def sums(values: Floats) -> Floats:
        return np.add.reduceat(values, starts).astype(np.float32) if len(starts) else values

    total, total_core = sums(weight) + _SMALL, sums(weight * core) + _SMALL
    last = starts + sizes - 1
    core_size = sums(core.astype(np.float32))
    return {
        "exact": sums(weight * exact) / total,
        "soft": sums(weight * best) / total,
        "core_exact": sums(weight * exact * core) / total_core,
        "core_soft": sums(weight * best * core) / total_core,
        "weight": total_core,
        "lost": sums(lost * core),
        "rarest_lost": _tops(lost * core, starts),
        "rarest_shared": _tops(weight * exact * core, starts),
        "number_lost": _tops((~exact & words.number[tokens] & core).astype(np.float32), starts),
        "first": best[starts],
        "last_lost": lost[last],
        "words": core_size,
        "least": 1 - _tops((1 - best) * core, starts),
    }
