"""One kind of term of a register's rows: every term with its weight, and block by block which rows hold a rare one."""

from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from . import terms
from .terms import Array, Counted


@dataclass(frozen=True)
class Postings:
    """Flat arrays, each a file; rows `starts[r]:starts[r + 1]` of `terms` and `weights` are all terms of row r.

    Blocks stand one behind the other: block b's lines are `block_terms[first_lines[b]:first_lines[b + 1]]`, the terms
    that it holds, and line k's rows, counted from the block's first, `rows[line_starts[k]:line_starts[k + 1]]`.
    """

    rarity: Array
    starts: Array
    terms: Array
    weights: Array
    first_lines: Array
    block_terms: Array
    line_starts: Array
    rows: Array
    row_weights: Array

    @property
    def found(self) -> Array:
        """For each term, whether any row can be found by it."""
        present = np.zeros(len(self.rarity), bool)
        present[self.block_terms] = True
        return present

    def lines(self, block: int, width: int) -> tuple[csr_matrix, Array]:
        """Terms by the block's `width` rows, the last line empty; and the line of each term, the last if it has none.

        Lines are only the terms that the block holds, so that a million words elsewhere take no room.
        """
        first, last = self.first_lines[block : block + 2]
        starts = self.line_starts[first : last + 1]
        here = slice(starts[0], starts[-1])
        line = np.full(len(self.rarity), last - first, np.int32)
        line[self.block_terms[first:last]] = np.arange(last - first, dtype=np.int32)
        starts = np.append(starts, starts[-1]) - starts[0]
        return terms.matrix(starts, self.rows[here], self.row_weights[here], width), line

    def of(self, rows: Array) -> csr_matrix:
        """All terms of `rows` with their weights."""
        starts, places = terms.gathered(self.starts, rows)
        return terms.matrix(starts, self.terms[places], self.weights[places], len(self.rarity))


def made(counted: Counted, size: int, limit: int, edges: Array) -> Postings:
    """Postings of rows of `size` possible terms, each row to be found by its `limit` rarest; blocks between `edges`."""
    rarity = terms.rarities(counted, size)
    weights = terms.weights(counted, rarity)
    kept = terms.rarest(counted, rarity, limit)
    cuts = np.searchsorted(kept, counted.starts[edges])
    parts = [
        _block(counted, weights, kept[begin:end], first, last)
        for (first, last), (begin, end) in zip(pairwise(edges), pairwise(cuts), strict=True)
    ]
    block_terms, sizes, rows, row_weights = (np.concatenate(part) for part in zip(*parts, strict=True))
    lines = [len(part[0]) for part in parts]
    return Postings(
        rarity=rarity,
        starts=counted.starts,
        terms=counted.terms,
        weights=weights,
        first_lines=np.append(0, np.cumsum(lines)),
        block_terms=block_terms,
        line_starts=np.append(0, np.cumsum(sizes)),
        rows=rows,
        row_weights=row_weights,
    )


def save(postings: Postings, folder: Path) -> None:
    """Writes each array to a file of its name in `folder`."""
    folder.mkdir()
    for field in fields(postings):
        np.save(folder / f"{field.name}.npy", getattr(postings, field.name))


def load(folder: Path) -> Postings:
    """Opens what `save` wrote; nothing is read before it is needed."""
    return Postings(**{one.name: np.load(folder / f"{one.name}.npy", mmap_mode="r") for one in fields(Postings)})


def _block(counted: Counted, weights: Array, kept: Array, first: int, last: int) -> tuple[Array, Array, Array, Array]:
    """The terms of rows `first` to `last`, how many rows each has, these rows, their weights.

    The sort's key: the term, 24 bits of the row, 16 of the weight.
    """
    row = np.searchsorted(counted.starts[first : last + 1], kept, side="right") - 1
    keys = counted.terms[kept].astype(np.uint64) << 40 | row.astype(np.uint64) << 16 | weights[kept]
    keys.sort()
    found, sizes = np.unique(keys >> 40, return_counts=True)
    return found.astype(np.uint32), sizes, ((keys >> 16) & 0xFFFFFF).astype(np.int32), (keys & 0xFFFF).astype(np.uint16)
