"""From scored pairs to one decision a name: accept, review or reject; ties are told, never broken silently."""

from itertools import pairwise

import numpy as np
import polars as pl
from scipy.sparse import coo_array

from ..errors import ContractError

_PAIR = ["mention", "entity"]
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
    order; of pairs with a `place` (u8), where there are any, the lowest stand first. Result: mention, entity, score,
    runner_up (str|null), runner_up_score (f64|null), gap (f64), tied (u32, how many others are as likely), decision
    ("accept", "review" or "reject"). Where candidates are tied, the smallest id stands first and a person decides,
    unless the score is in the band to reject.
    """
    accept, review = bands(accept, review)
    best = (
        ranked(scored)
        .group_by("mention", maintain_order=True)
        .agg(
            pl.col("entity").first(),
            pl.col("score").first(),
            pl.col("entity").get(1, null_on_oob=True).alias("runner_up"),
            pl.col("score").get(1, null_on_oob=True).alias("runner_up_score"),
            (pl.col("score").eq_missing(pl.col("score").first()).sum() - 1).cast(pl.UInt32).alias("tied"),
        )
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


def ranked(scored: pl.DataFrame) -> pl.DataFrame:
    """`scored` with all its columns, in the order of `decided`, scores rounded."""
    order = [name for name in ("mention", "place", "score", "entity") if name in scored.columns]
    rounded = scored.with_columns(pl.col("score").round(DIGITS))
    return rounded.sort(order, descending=[name == "score" for name in order], nulls_last=True)


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


def alone(pairs: pl.DataFrame, review: float) -> pl.DataFrame:
    """`pairs` in their places where an entity may have one mention only.

    Columns besides those of scored: place (0 judged, 1 identified, 2 others), fixed (the pair stands, whatever others
    want), closed (it may not be assigned). Identified pairs go before others. Result: place 2 for what is assigned, 3
    for what is free, 4 for entities of other mentions, 5 for what is less likely than `review`; taken, whether another
    mention has the entity; tied_to, how many others would have had it just as well.
    """
    fixed, identified = pairs.filter("fixed").select(_PAIR), pl.col("place") == 1
    likely = (pl.col("score") >= review).fill_null(False)
    free = pairs.filter(~pl.col("closed"), identified | likely).join(fixed, on="entity", how="anti")
    wanted = free.select(*_PAIR, pl.col("score") + identified)
    chosen = pl.concat([fixed, one_to_one(wanted, 0).select(_PAIR)])
    known = chosen.join(pairs.select(*_PAIR, "score", "place"), on=_PAIR, how="left", maintain_order="left")
    owners = known.unique("entity", keep="first").select("entity", owner="mention", owner_place="place")
    own = known.select("mention", own="score")
    found = pairs.join(owners, on="entity", how="left").join(own, on="mention", how="left")
    mine, others = (pl.col("owner") == pl.col("mention"), (pl.col("owner") != pl.col("mention")).fill_null(False))
    contested = pl.col("owner_place").fill_null(2) == 2
    wants = contested & ~pl.col("closed") & likely & (pl.col("score") >= pl.col("own").fill_null(0))
    like = wants.sum().over("entity", "score").cast(pl.Int64) - 1
    place = pl.when(mine).then(2).when(~likely).then(5).when(others).then(4).otherwise(3)
    return found.with_columns(
        place=pl.when(pl.col("place") < 2).then("place").otherwise(place).cast(pl.UInt8),
        taken=others & (likely | identified),
        tied_to=pl.when(wants & (pl.col("place") == 2)).then(like).otherwise(0).cast(pl.UInt32),
    ).drop("owner", "owner_place", "own")


def _components(left: np.ndarray, right: np.ndarray) -> list[np.ndarray]:
    """Rows of the pairs that hang together; each part is assigned by itself."""
    from scipy.sparse.csgraph import connected_components  # slow to import, and one name asked about doesn't need it

    size = left.max() + right.max() + 2
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, left.max() + 1 + right)), shape=(size, size))
    part = connected_components(graph, directed=False)[1][left]
    order = np.argsort(part, kind="stable")
    edges = [0, *(np.flatnonzero(np.diff(part[order])) + 1), len(order)]
    return [order[start:end] for start, end in pairwise(edges)]


def _assigned(left: np.ndarray, right: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Which of a component's pairs are chosen."""
    from scipy.optimize import linear_sum_assignment  # the same

    rows, columns = np.unique(left, return_inverse=True)[1], np.unique(right, return_inverse=True)[1]
    gains = np.zeros((rows.max() + 1, columns.max() + 1))
    which = np.full(gains.shape, -1, dtype=np.int64)
    gains[rows, columns], which[rows, columns] = score, np.arange(len(score))
    found = which[linear_sum_assignment(gains, maximize=True)]
    return np.sort(found[found >= 0])
