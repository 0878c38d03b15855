"""From scored pairs to one decision a name: accept, review or reject; ties are told, never broken silently."""

from itertools import pairwise

import numpy as np
import polars as pl
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ..errors import ContractError

DIGITS = 6
"""Probabilities are rounded to so many decimals, so that no machine's last bit decides."""


def bands(accept: float, review: float) -> tuple[float, float]:
    """The two thresholds, checked. Raises ContractError."""
    if not 0 <= review <= accept <= 1:
        raise ContractError(
            f"match: expected 0 ≤ review ≤ accept ≤ 1, found review {review:g} and accept {accept:g}. Correct them."
        )
    return accept, review


def decided(scored: pl.DataFrame, accept: float, review: float) -> pl.DataFrame:
    """The best candidate of each mention, sorted by mention.

    `scored`: mention (u32), entity (str, the register's id), score (f64, a probability), a row for each pair, in any
    order. Result: mention, entity, score, runner_up (str|null), runner_up_score (f64|null), gap (f64), tied (u32, how
    many others are as likely), decision ("accept", "review" or "reject"). Where candidates are tied, the smallest id
    stands first and a person decides, unless the score is in the band to reject.
    """
    accept, review = bands(accept, review)
    ranked = scored.with_columns(pl.col("score").round(DIGITS)).sort(
        "mention", "score", "entity", descending=[False, True, False]
    )
    best = ranked.group_by("mention", maintain_order=True).agg(
        pl.col("entity").first(),
        pl.col("score").first(),
        pl.col("entity").get(1, null_on_oob=True).alias("runner_up"),
        pl.col("score").get(1, null_on_oob=True).alias("runner_up_score"),
        ((pl.col("score") == pl.col("score").first()).sum() - 1).cast(pl.UInt32).alias("tied"),
    )
    sure = (pl.col("score") >= accept) & (pl.col("tied") == 0)
    return best.with_columns(
        gap=(pl.col("score") - pl.col("runner_up_score").fill_null(0)).round(DIGITS),
        decision=pl.when(pl.col("score") < review)
        .then(pl.lit("reject"))
        .when(sure)
        .then(pl.lit("accept"))
        .otherwise(pl.lit("review")),
    ).select("mention", "entity", "score", "runner_up", "runner_up_score", "gap", "tied", "decision")


def one_to_one(scored: pl.DataFrame, review: float) -> pl.DataFrame:
    """The pairs that remain where an entity may have one mention only, and a mention one entity.

    Of all such assignments that with the greatest sum of scores (Kuhn-Munkres; scipy's linear_sum_assignment), among
    pairs of at least `review`; not the greedy one. Columns as `scored`, sorted by mention. Equal sums are told apart by
    the order of mentions and ids, so the result is the same for any order of the rows.
    """
    pairs = scored.with_columns(pl.col("score").round(DIGITS)).filter(pl.col("score") >= review)
    pairs = pairs.sort("mention", "entity")
    if pairs.is_empty():
        return pairs
    left, right = (pairs[name].rank("dense").to_numpy().astype(np.int64) - 1 for name in ("mention", "entity"))
    chosen = np.zeros(pairs.height, dtype=bool)
    for rows in _components(left, right):
        chosen[rows[_assigned(left[rows], right[rows], pairs["score"].to_numpy()[rows])]] = True
    return pairs.filter(pl.Series(chosen))


def _components(left: np.ndarray, right: np.ndarray) -> list[np.ndarray]:
    """Rows of the pairs that hang together; each part is assigned by itself."""
    size = left.max() + right.max() + 2
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, left.max() + 1 + right)), shape=(size, size))
    part = connected_components(graph, directed=False)[1][left]
    order = np.argsort(part, kind="stable")
    edges = [0, *(np.flatnonzero(np.diff(part[order])) + 1), len(order)]
    return [order[start:end] for start, end in pairwise(edges)]


def _assigned(left: np.ndarray, right: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Which of a component's pairs are chosen."""
    rows, columns = np.unique(left, return_inverse=True)[1], np.unique(right, return_inverse=True)[1]
    gains = np.zeros((rows.max() + 1, columns.max() + 1))
    which = np.full(gains.shape, -1, dtype=np.int64)
    gains[rows, columns], which[rows, columns] = score, np.arange(len(score))
    found = which[linear_sum_assignment(gains, maximize=True)]
    return np.sort(found[found >= 0])
