"""Texts as weighted terms (trigrams or whole words) in whole numbers, so that every sum is exact in any order."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.sparse import csr_matrix

Array = npt.NDArray[Any]

LETTERS = b"abcdefghijklmnopqrstuvwxyz0123456789"
TRIGRAMS = (len(LETTERS) + 1) ** 3
ONE = 1 << 15
"""A row's weights are a vector of this length: a product of two is below 2^30, so int32 holds a cosine of 1."""
STEP = 1 << 16
_CODES = np.zeros(256, np.uint16)
_CODES[np.frombuffer(LETTERS, np.uint8)] = np.arange(1, len(LETTERS) + 1)


@dataclass(frozen=True)
class Counted:
    """How often each row holds which term; row r's are `terms[starts[r]:starts[r + 1]]`, in ascending order."""

    starts: Array
    terms: Array
    counts: Array


def trigrams(texts: pl.Series) -> Counted:
    """Trigrams of ASCII texts with a space before and behind, numbered from 0 to TRIGRAMS in base 37."""
    return _joined([_trigrams(texts[at : at + STEP]) for at in range(0, len(texts), STEP)])


def words(texts: pl.Series, known: pl.Series) -> Counted:
    """Words by their places in `known`; all that are not there share the place behind its end."""
    places = pl.LazyFrame({"word": known}).with_row_index("term").collect()
    return _joined([_words(texts[at : at + STEP], places) for at in range(0, len(texts), STEP)])


def vocabulary(texts: pl.Series) -> pl.Series:
    """All words of `texts`, each once, in order."""
    parts = (texts[at : at + STEP].str.split(" ").explode().unique() for at in range(0, len(texts), STEP))
    every = pl.concat([pl.Series([], dtype=pl.String), *parts]).unique().drop_nulls().sort()
    return every.filter(every != "").alias("word")


def rarities(counted: Counted, size: int) -> Array:
    """The inverse document frequency of each of `size` terms, 1024 (ln(rows / rows with it) + 1), as int32."""
    rows = max(len(counted.starts) - 1, 1)
    holding = np.maximum(np.bincount(counted.terms, minlength=size), 1)
    rarity: Array = np.rint(1024 * (np.log(rows / holding) + 1)).astype(np.int32)
    return rarity


def weights(counted: Counted, rarity: Array) -> Array:
    """Counts times rarity, each row scaled to the length ONE, as uint16."""
    return _by_step(counted, np.uint16, lambda starts, here: _weights(counted, rarity, starts, here))


def rarest(counted: Counted, rarity: Array, limit: int) -> Array:
    """Where the `limit` rarest terms of each row stand, ascending; among equally rare ones the first."""
    return _by_step(counted, np.int64, lambda starts, here: _rarest(starts, counted.terms[here], rarity, limit))


def matrix(starts: Array, terms: Array, values: Array, size: int) -> csr_matrix:
    """Rows of terms as a sparse matrix of int32."""
    parts = (np.asarray(one, np.int32) for one in (values, terms, starts))
    data, indices, indptr = parts
    return csr_matrix((data, indices, indptr), shape=(len(starts) - 1, size))


def gathered(starts: Array, rows: Array) -> tuple[Array, Array]:
    """The starts of `rows` one behind the other, and where their terms stand."""
    sizes = starts[rows + 1] - starts[rows]
    ends = np.cumsum(sizes)
    places = np.repeat(starts[rows] - (ends - sizes), sizes) + np.arange(ends[-1] if len(ends) else 0)
    return np.append(0, ends), places


def _trigrams(texts: pl.Series) -> Counted:
    padded = pl.select(pl.concat_str(pl.lit(" "), texts, pl.lit(" "))).to_series()
    sizes = padded.str.len_bytes().to_numpy()
    codes = _CODES[np.frombuffer("".join(padded).encode(), np.uint8)].astype(np.uint32)
    row = np.repeat(np.arange(len(sizes), dtype=np.uint32), sizes)
    inside = row[2:] == row[:-2]
    keys = (row[2:] << 16 | (codes[:-2] * 37 + codes[1:-1]) * 37 + codes[2:])[inside]
    keys.sort()
    found, counts = np.unique(keys, return_counts=True)
    each = np.bincount(found >> 16, minlength=len(sizes))
    return Counted(np.append(0, np.cumsum(each)), (found & 0xFFFF).astype(np.uint16), _few(counts))


def _words(texts: pl.Series, places: pl.DataFrame) -> Counted:
    split = pl.LazyFrame({"word": texts.str.split(" ")}).with_row_index("row").explode("word")
    found = (
        split.filter(pl.col("word") != "")
        .join(places.lazy(), on="word", how="left")
        .select("row", pl.col("term").fill_null(places.height))
        .group_by("row", "term")
        .len()
        .sort("row", "term")
        .collect()
    )
    each = np.bincount(found["row"].to_numpy(), minlength=len(texts))
    return Counted(np.append(0, np.cumsum(each)), found["term"].to_numpy(), _few(found["len"].to_numpy()))


def _few(counts: Array) -> Array:
    return np.minimum(counts, 255).astype(np.uint8)


def _joined(parts: list[Counted]) -> Counted:
    empty = Counted(np.zeros(1, np.int64), np.zeros(0, np.uint32), np.zeros(0, np.uint8))
    sizes = [np.diff(part.starts) for part in parts]
    some = parts or [empty]
    return Counted(
        np.append(0, np.cumsum(np.concatenate([np.zeros(0, np.int64), *sizes]))),
        np.concatenate([part.terms for part in some]),
        np.concatenate([part.counts for part in some]),
    )


def _by_step(counted: Counted, dtype: type, each: Callable[[Array, slice], Array]) -> Array:
    """What `each` makes of the starts of STEP rows at a time and of where their terms stand."""
    parts: list[Array] = [np.zeros(0, dtype)]
    for at in range(0, len(counted.starts) - 1, STEP):
        starts = counted.starts[at : at + STEP + 1]
        parts.append(each(starts, slice(starts[0], starts[-1])))
    return np.concatenate(parts)


def _weights(counted: Counted, rarity: Array, starts: Array, here: slice) -> Array:
    values = counted.counts[here] * rarity[counted.terms[here]].astype(np.int64)
    sizes = np.diff(starts)
    squares = np.add.reduceat(np.append(values * values, 0), starts[:-1] - starts[0])
    length = np.sqrt(np.where(sizes > 0, squares, 1).astype(float))
    scaled: Array = np.rint(values * np.repeat((ONE - 1) / length, sizes)).astype(np.uint16)
    return scaled


def _rarest(starts: Array, found: Array, rarity: Array, limit: int) -> Array:
    """The sort's key: 17 bits of the row, 15 of how common the term is, 32 of the place."""
    sizes = np.diff(starts)
    row = np.repeat(np.arange(len(sizes), dtype=np.uint64), sizes)
    common = (0x7FFF - np.minimum(rarity[found], 0x7FFF)).astype(np.uint64)
    keys = row << 47 | common << 32 | np.arange(len(row), dtype=np.uint64)
    keys.sort()
    order = np.arange(len(keys)) - (starts[:-1] - starts[0])[(keys >> 47).astype(np.int64)]
    kept: Array = np.sort((keys[order < limit] & 0xFFFFFFFF).astype(np.int64)) + starts[0]
    return kept
