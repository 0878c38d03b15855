"""Candidates by trigrams and by words, everywhere and in the mention's country: simple, and the same for any change."""

import numpy as np
import polars as pl
import scipy.sparse as sp
from sparse_dot_topn import sp_matmul_topn

_RAREST = 10
_BASE = 37


def candidates(mentions: pl.DataFrame, register: pl.DataFrame) -> pl.DataFrame:
    """Pairs (mention, entity: rows of the folded frames) that are worth comparing, in order of both."""
    pairs = []
    for column, matrix, everywhere, at_home in (("core", _trigrams, 15, 10), ("words", _words, 20, 5)):
        asked, held = _weighted(*matrix(mentions[column], register[column]))
        pairs.append(_best(_rarest(asked, held), held, everywhere, None, None))
        pairs += [
            _best(asked[mine], held[theirs], at_home, mine, theirs)
            for mine, theirs in _at_home(mentions["country"], register["country"])
        ]
    return pl.concat(pairs).unique().sort("mention", "entity")


def _trigrams(asked: pl.Series, held: pl.Series) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    return _trigram_counts(asked), _trigram_counts(held)


def _trigram_counts(names: pl.Series) -> sp.csr_matrix:
    spaced = (" " + names + " ").str.replace_all("[^a-z0-9 ]", "")
    sizes = spaced.str.len_bytes().to_numpy().astype(np.int64)
    table = np.zeros(256, np.int64)
    table[np.frombuffer(b"abcdefghijklmnopqrstuvwxyz0123456789", np.uint8)] = np.arange(1, _BASE)
    letters = table[np.frombuffer("".join(spaced.to_list()).encode(), np.uint8)]
    row = np.repeat(np.arange(len(names)), sizes)
    place = np.arange(len(letters)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    at = np.flatnonzero(place < sizes[row] - 2)
    code = (letters[at] * _BASE + letters[at + 1]) * _BASE + letters[at + 2]
    return sp.csr_matrix((np.ones(len(at), np.float32), (row[at], code)), shape=(len(names), _BASE**3))


def _words(asked: pl.Series, held: pl.Series) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    vocabulary = held.str.split(" ").explode().unique().sort()
    numbers = pl.DataFrame({"word": vocabulary}).with_row_index("number")

    def counted(names: pl.Series) -> sp.csr_matrix:
        words = pl.DataFrame({"word": names.str.split(" ").list.unique()}).with_row_index("row").explode("word")
        known = words.join(numbers, on="word")
        cells = (known["row"].to_numpy(), known["number"].to_numpy())
        return sp.csr_matrix((np.ones(known.height, np.float32), cells), shape=(len(names), len(vocabulary)))

    return counted(asked), counted(held)


def _weighted(asked: sp.csr_matrix, held: sp.csr_matrix) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """Both with unit rows of term frequency times inverse document frequency."""
    counts = np.bincount(held.indices, minlength=held.shape[1])
    rarity = np.where(counts > 0, np.log(held.shape[0] / np.maximum(counts, 1)) + 1, 0)
    return _unit(asked @ sp.diags(rarity)), _unit(held @ sp.diags(rarity))


def _unit(matrix: sp.csr_matrix) -> sp.csr_matrix:
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(1)).ravel())
    return (sp.diags(1 / np.where(length > 0, length, 1)) @ matrix).tocsr().astype(np.float32)


def _rarest(asked: sp.csr_matrix, held: sp.csr_matrix) -> sp.csr_matrix:
    counts = np.bincount(held.indices, minlength=held.shape[1])
    row = np.repeat(np.arange(asked.shape[0]), np.diff(asked.indptr))
    order = np.lexsort((asked.indices, counts[asked.indices], row))
    kept = order[np.arange(len(order)) - asked.indptr[row[order]] < _RAREST]
    return sp.csr_matrix((asked.data[kept], (row[kept], asked.indices[kept])), shape=asked.shape)


def _at_home(asked: pl.Series, held: pl.Series) -> list[tuple[np.ndarray, np.ndarray]]:
    one, two = asked.fill_null("").to_numpy(), held.fill_null("").to_numpy()
    countries = sorted((set(one) & set(two)) - {""})
    return [(np.flatnonzero(one == country), np.flatnonzero(two == country)) for country in countries]


def _best(asked: sp.csr_matrix, held: sp.csr_matrix, top: int, mine: object, theirs: object) -> pl.DataFrame:
    found = sp_matmul_topn(asked, held.T.tocsr(), top_n=top, threshold=0.01, sort=True)
    mention, entity = np.repeat(np.arange(asked.shape[0]), np.diff(found.indptr)), found.indices
    if isinstance(mine, np.ndarray) and isinstance(theirs, np.ndarray):
        mention, entity = mine[mention], theirs[entity]
    return pl.DataFrame({"mention": mention.astype(np.uint32), "entity": entity.astype(np.uint32)})
