"""Which entities a name could mean: the same few of millions whatever the shard, the order or the size of a block."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix
from sparse_dot_topn import sp_matmul_topn

from ..errors import DataError
from . import terms
from .index import Index
from .postings import Postings
from .terms import ONE, Array, Counted

NEEDED = ("mention", "country", "words", "core")
PAIRS = 100_000
"""Pairs whose cosines are computed at a time, so that their terms take little room."""
LAST = (1 << 32) - 1


@dataclass(frozen=True)
class Way:
    """Search by a name's `rarest` terms for `found` rows, of which the `kept` with the highest full cosine stay."""

    rarest: int
    found: int
    kept: int


TRIGRAMS, WORDS, COUNTRY = Way(6, 40, 15), Way(3, 40, 20), Way(8, 30, 10)


def candidates(mentions: pl.DataFrame, index: Index, threads: int = 1, among: Array | None = None) -> pl.DataFrame:
    """Pairs of a mention and an entity (a row of `index`) that are worth comparing, in order of both.

    `mentions` is folded (columns of NEEDED). There are three ways to find an entity, told by `by_trigrams` (of the
    core), `by_words` (whole ones) and `by_country` (trigrams, within the mention's country). Each looks for the rarest
    terms of both names, then keeps the rows with the highest cosine over all terms, ties by id. `trigrams` and `words`
    are these cosines, 0 to 1, as f32. All sums are of whole numbers, hence exact: a mention's candidates depend neither
    on other mentions nor on `threads` or the index's blocks. `among` are the rows to look at, ascending: what they hold
    of the candidates in all rows is found, and what would be in their place. Raises DataError where columns miss or a
    mention repeats.
    """
    _check(mentions)
    order = np.empty_like(index.rank)
    order[index.rank] = np.arange(len(order), dtype=order.dtype)
    trigrams = _names(terms.trigrams(mentions["core"]), index.trigrams, index, order, among)
    words = _names(terms.words(mentions["words"], index.vocabulary), index.words, index, order, among)
    pairs = _united(
        by_trigrams=_everywhere(trigrams, TRIGRAMS, threads),
        by_words=_everywhere(words, WORDS, threads),
        by_country=_at_home(trigrams, COUNTRY, threads, mentions["country"]),
    )
    name, entity = pairs["mention"].to_numpy(), pairs["entity"].to_numpy()
    return pairs.with_columns(
        mentions["mention"].cast(pl.UInt32).gather(pairs["mention"]),
        pl.Series("trigrams", _cosines(trigrams, name, entity) / ONE**2, dtype=pl.Float32),
        pl.Series("words", _cosines(words, name, entity) / ONE**2, dtype=pl.Float32),
    ).sort("mention", "entity")


@dataclass(frozen=True)
class _Names:
    """Names by their terms of one kind, all of them and those to search by; `order` is the rows in the order of ids."""

    every: csr_matrix
    counted: Counted
    weights: Array
    postings: Postings
    index: Index
    order: Array
    among: Array | None

    def rarest(self, limit: int) -> csr_matrix:
        """The rarest terms of each name by which any row can be found."""
        counted, found = self.counted, self.postings.found
        places = np.flatnonzero(found[counted.terms])
        starts = np.searchsorted(places, counted.starts)
        useful = Counted(starts, counted.terms[places], counted.counts[places])
        kept = terms.rarest(useful, self.postings.rarity, limit)
        places = places[kept]
        return terms.matrix(
            np.searchsorted(kept, starts), counted.terms[places], self.weights[places], self.every.shape[1]
        )


def _names(counted: Counted, postings: Postings, index: Index, order: Array, among: Array | None) -> _Names:
    weights = terms.weights(counted, postings.rarity)
    every = terms.matrix(counted.starts, counted.terms, weights, len(postings.rarity))
    return _Names(every, counted, weights, postings, index, order, among)


def _everywhere(names: _Names, way: Way, threads: int) -> tuple[Array, Array]:
    """Names and rows that belong together."""
    blocks = _Blocks(names, 0, names.index.header.entities)
    every = np.arange(names.every.shape[0])
    return _kept(names, every, _top(names.rarest(way.rarest), blocks, way.found, threads), way.kept)


def _at_home(names: _Names, way: Way, threads: int, countries: pl.Series) -> tuple[Array, Array]:
    """Names and rows of the names' own countries that belong together."""
    queries = names.rarest(way.rarest)
    ranges = {name: (first, last) for name, first, last in names.index.header.countries}
    pairs = [(np.zeros(0, np.int64), np.zeros(0, np.uint32))]
    numbers = pl.DataFrame({"country": countries}).with_row_index("number").drop_nulls()
    for (country,), part in numbers.partition_by("country", as_dict=True, maintain_order=True).items():
        if country in ranges:
            here = part["number"].to_numpy()
            top = _top(queries[here], _Blocks(names, *ranges[country]), way.found, threads)
            pairs.append(_kept(names, here, top, way.kept))
    first, second = zip(*pairs, strict=True)
    return np.concatenate(first), np.concatenate(second)


@dataclass(frozen=True)
class _Blocks(Iterable[tuple[Array, csr_matrix, Array]]):
    """Block by block the ranks of the rows from `first` to `last`, the terms by these rows, and each term's line."""

    names: _Names
    first: int
    last: int

    def __iter__(self) -> Iterator[tuple[Array, csr_matrix, Array]]:
        index, edges = self.names.index, self.names.index.header.edges
        for number, (begin, end) in enumerate(pairwise(edges)):
            first, last = max(begin, self.first), min(end, self.last)
            wanted = self._wanted(first, last)
            if first < last and (wanted is None or len(wanted)):
                lines, line = self.names.postings.lines(number, end - begin)
                cut = lines if (first, last) == (begin, end) else lines[:, first - begin : last - begin]
                rank = index.rank[first:last]
                yield (rank, cut, line) if wanted is None else (rank[wanted], cut[:, wanted], line)

    def _wanted(self, first: int, last: int) -> Array | None:
        """The rows to look at, counted from `first`; None for all."""
        among = self.names.among
        return None if among is None else among[slice(*np.searchsorted(among, (first, last)))] - first


def _top(queries: csr_matrix, blocks: _Blocks, wanted: int, threads: int) -> Array:
    """For each query its `wanted` best rows, in any order, as keys: the score, then how early the id comes.

    A block tells its best `wanted` + 1, of equal ones any. Where those that it left out could matter, more are asked
    for. A key of 0 is no row.
    """
    top = np.zeros((queries.shape[0], wanted), np.int64)
    left = np.zeros(queries.shape[0], np.int64)
    for rank, lines, line in blocks:
        asked = csr_matrix((queries.data, line[queries.indices], queries.indptr), (queries.shape[0], lines.shape[0]))
        found = sp_matmul_topn(asked, lines, top_n=wanted + 1, threshold=0, n_threads=threads)
        keys = _keys(found, rank, wanted + 1)
        left = np.maximum(left, keys.min(axis=1) >> 32)
        top = _best(np.concatenate([top, keys], axis=1), wanted)
    unsure = np.flatnonzero((left > 0) & (left >= top.min(axis=1) >> 32))
    if len(unsure):
        top[unsure] = _best(_top(queries[unsure], blocks, 4 * wanted, threads), wanted)
    return top


def _keys(found: csr_matrix, rank: Array, width: int) -> Array:
    """Scores and ranks as keys, a line of `width` for each query, 0 where it has fewer."""
    keys = np.zeros((found.shape[0], width), np.int64)
    sizes = np.diff(found.indptr)
    place = np.arange(found.nnz) - np.repeat(found.indptr[:-1], sizes)
    ranks = LAST - rank[found.indices[: found.nnz]].astype(np.int64)
    keys[np.repeat(np.arange(len(sizes)), sizes), place] = found.data[: found.nnz].astype(np.int64) << 32 | ranks
    return keys


def _best(keys: Array, wanted: int) -> Array:
    return np.partition(keys, keys.shape[1] - wanted, axis=1)[:, -wanted:]


def _kept(names: _Names, numbers: Array, top: Array, kept: int) -> tuple[Array, Array]:
    """Names and rows of the `kept` keys of each line of `top` whose cosines over all terms are highest."""
    line, place = np.nonzero(top)
    early = top[line, place] & LAST
    top[line, place] = _cosines(names, numbers[line], names.order[LAST - early]) << 32 | early
    best = _best(top, kept)
    line, place = np.nonzero(best)
    return numbers[line], names.order[LAST - (best[line, place] & LAST)]


def _cosines(names: _Names, numbers: Array, rows: Array) -> Array:
    """The cosine of each name and row over all terms, times ONE squared, as int64."""
    parts = [np.zeros(0, np.int64)]
    for at in range(0, len(numbers), PAIRS):
        here = slice(at, at + PAIRS)
        both = names.every[numbers[here]].multiply(names.postings.of(rows[here]))
        parts.append(np.asarray(both.sum(axis=1), np.int64).ravel())
    return np.concatenate(parts)


def _united(**ways: tuple[Array, Array]) -> pl.DataFrame:
    """Each pair once, with a column for each way that says whether it found the pair."""
    found = [
        pl.DataFrame({"mention": name.astype(np.uint32), "entity": row.astype(np.uint32)}).with_columns(
            pl.lit(way == one).alias(way) for way in ways
        )
        for one, (name, row) in ways.items()
    ]
    return pl.concat(found).group_by("mention", "entity").agg(pl.col(*ways).any())


def _check(mentions: pl.DataFrame) -> None:
    absent = [name for name in NEEDED if name not in mentions.columns]
    if absent:
        raise DataError(
            f"mentions: no column {', '.join(absent)}; found {', '.join(mentions.columns)}. Fold them first."
        )
    repeated = mentions.height - mentions["mention"].n_unique()
    if repeated:
        raise DataError(f"mentions: {repeated} rows repeat a number in the column mention. Number them anew.")
