"""Trains the model of matching from pairs that are known to be right or wrong, and splits them by entity."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from .features import FEATURES
from .model import CONTEXT, PRELIMINARY, UNREACHED, Line, Model, Tree, Values, first_odds, grown, with_context

Labels = npt.NDArray[np.int64]

KNOTS = 6
TREES = 220
LEAVES = 8
SHARE = 0.5
"""Of the features, so many are tried at each split, so that trees don't all lean on the same few."""
NO_COUNTRY = 1.8
"""Weight of pairs whose name has no country: they are the fewer and the harder."""
FOLDS = 5
_KEPT = 8
"""Candidates of a mention, in their rough order, that are all learnt from; of the others every fourth is, at fourfold
weight."""
_CALIBRATED = np.array([-9.0, -5.0, -3.0, -1.5, 0.0, 1.5, 3.0, 5.0, 9.0])


@dataclass(frozen=True)
class Trained:
    """A model of all pairs, and what it is worth: scores of each pair by what was learnt from other folds."""

    model: Model
    scores: Values


def trained(pairs: pl.DataFrame, right: Labels, groups: Labels, folds: int = FOLDS) -> Trained:
    """Trains on `pairs` (columns mention, entity and FEATURES); right is 1 or 0 for each, groups its entity's number.

    Stacked (Wolpert 1992): trees learn from what lines of other folds say of a pair, and the calibration from what
    trees of other folds do, so that none trusts its own memory. Lines, trees and calibration behind a score have not
    learnt from a pair of its group; the trees' own inputs come from lines that have, which is the usual shortcut.
    """
    fold = folds_of(groups, folds)
    odds = np.zeros(pairs.height)
    for k in range(folds):
        intercept, lines = _lines(pairs.filter(fold != k), right[fold != k])
        odds[fold == k] = first_odds(pairs.filter(fold == k), FEATURES, intercept, lines)
    columns, reached = _seen(pairs, odds)
    columns, known, where, weights = columns[reached], right[reached], fold[reached], _weights(pairs)[reached]
    final = np.zeros(len(reached))
    for k in range(folds):
        learnt = _trees(columns[where != k], known[where != k], weights[where != k])
        final[where == k] = grown(*learnt, columns[where == k])
    scores = np.minimum(odds, UNREACHED)
    for k in range(folds):
        line = _calibration(pairs[reached[where != k]], final[where != k], known[where != k])
        scores[reached[where == k]] = np.interp(final[where == k], line.knots, line.values)
    calibration = _calibration(pairs[reached], final, known)
    intercept, lines = _lines(pairs, right)
    start, trees = _trees(columns, known, weights)
    return Trained(Model(FEATURES, intercept, lines, start, trees, calibration), 1 / (1 + np.exp(-scores)))


def folds_of(groups: Labels, folds: int) -> Labels:
    """Fold of each group, the same for any order of rows."""
    return (groups.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(40)).astype(np.int64) % folds


def entity_groups(cores: Sequence[str], truths: Sequence[Sequence[str]]) -> Labels:
    """Mentions that share a folded name or an entity, directly or through others, are one group."""
    keys: dict[str, int] = {}
    rows, columns = [], []
    for row, (core, entities) in enumerate(zip(cores, truths, strict=True)):
        for key in (f"core {core}", *(f"entity {entity}" for entity in entities)):
            rows.append(row)
            columns.append(len(cores) + keys.setdefault(key, len(keys)))
    size = len(cores) + len(keys)
    graph = sp.coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(size, size))
    _, group = connected_components(graph, directed=False)
    found: Labels = group[: len(cores)].astype(np.int64)
    return found


def recalibrated(pairs: pl.DataFrame, odds: Values, right: Labels) -> tuple[float, float]:
    """Start and slope that turn `odds` (log odds of each pair) into those of the best candidates being right."""
    from sklearn.linear_model import LogisticRegression

    best, known = _best(pairs, odds, right)
    learner = LogisticRegression(C=1.0).fit(best.reshape(-1, 1), known)
    return float(learner.intercept_[0]), max(0.2, float(learner.coef_[0, 0]))


def _weights(pairs: pl.DataFrame) -> Values:
    return np.where(pairs["no_country_a"].to_numpy() == 1, NO_COUNTRY, 1.0)


def _lines(pairs: pl.DataFrame, right: Labels) -> tuple[float, tuple[Line, ...]]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    place = pairs["rank"].to_numpy()
    kept = np.flatnonzero((place <= _KEPT) | (right == 1) | (np.arange(len(place)) % 4 == 0))
    weight = np.where((place[kept] > _KEPT) & (right[kept] == 0), 4.0, 1.0)
    values = pairs.select(FEATURES).to_numpy()[kept].astype(np.float64)
    knots = [_knots(values[:, k]) for k in range(len(FEATURES))]
    basis = sp.hstack([_hats(values[:, k], each) for k, each in enumerate(knots)], format="csr")
    scale = np.sqrt(np.asarray(basis.multiply(basis).mean(0)).ravel() - np.asarray(basis.mean(0)).ravel() ** 2)
    scale = np.where(scale > 1e-9, 1 / np.maximum(scale, 1e-9), 0.0)
    learner = LogisticRegression(C=0.05, max_iter=100, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the trees correct what a hundred steps leave
        learner.fit(basis @ sp.diags(scale), right[kept], weight)
    heights = np.split(learner.coef_[0] * scale, np.cumsum([len(each) for each in knots])[:-1])
    told = zip(FEATURES, knots, heights, strict=True)
    return round(float(learner.intercept_[0]), 6), tuple(
        Line(name, _short(at), _short(high)) for name, at, high in told
    )


def _knots(values: Values) -> Values:
    found = np.unique(np.round(np.quantile(values, np.linspace(0, 1, KNOTS)), 5))
    low, high = float(values.min()), float(values.max())
    return np.unique(np.round([low, *found, high], 5)) if len(found) > 1 else np.unique(np.round([low, high], 5))


def _hats(values: Values, knots: Values) -> sp.csr_matrix:
    """Each value as shares of the two knots beside it, so that a line through heights is their product."""
    size, rows = len(knots), np.arange(len(values))
    if size == 1:
        return sp.csr_matrix((len(values), 1))
    inside = np.clip(values, knots[0], knots[-1])
    left = np.clip(np.searchsorted(knots, inside, "right") - 1, 0, size - 2)
    share = (inside - knots[left]) / (knots[left + 1] - knots[left])
    cells = (np.concatenate([rows, rows]), np.concatenate([left, left + 1]))
    return sp.csr_matrix((np.concatenate([1 - share, share]), cells), shape=(len(values), size))


def _seen(pairs: pl.DataFrame, odds: Values) -> tuple[npt.NDArray[np.float32], Labels]:
    seen = with_context(pairs.select("mention", "entity", *FEATURES), odds)
    reached = np.flatnonzero((seen["odds_rank"] <= PRELIMINARY).to_numpy())
    return seen.select(*FEATURES, *CONTEXT).to_numpy().astype(np.float32), reached


def _trees(columns: npt.NDArray[np.float32], right: Labels, weights: Values) -> tuple[float, tuple[Tree, ...]]:
    from sklearn.ensemble import HistGradientBoostingClassifier

    learner = HistGradientBoostingClassifier(
        max_iter=TREES,
        learning_rate=0.05,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=30,
        l2_regularization=5,
        max_features=SHARE,
        early_stopping=False,
        random_state=0,
    )
    learner.fit(columns, right, weights)
    return float(learner._baseline_prediction.item()), tuple(_tree(one.nodes) for (one,) in learner._predictors)


def _tree(nodes: npt.NDArray[np.void]) -> Tree:
    leaf = nodes["is_leaf"].astype(bool)
    return Tree(
        tuple(int(one) for one in np.where(leaf, -1, nodes["feature_idx"])),
        _short(np.where(leaf, 0.0, nodes["num_threshold"])),
        tuple(int(one) for one in nodes["left"]),
        tuple(int(one) for one in nodes["right"]),
        _short(np.where(leaf, nodes["value"], 0.0)),
    )


def _short(values: Values) -> tuple[float, ...]:
    return tuple(float(f"{value:.7g}") for value in values)


def _calibration(pairs: pl.DataFrame, final: Values, right: Labels) -> Line:
    """Logistic over the best candidate of each mention (Platt 1999), a slope on either side of even odds."""
    from sklearn.linear_model import LogisticRegression

    odds, known = _best(pairs, final, right)
    basis = np.column_stack([np.minimum(odds, 0), np.maximum(odds, 0)])
    learner = LogisticRegression(C=100.0).fit(basis, known)
    below, above = np.maximum(learner.coef_[0], 0.2)
    told = learner.intercept_[0] + below * np.minimum(_CALIBRATED, 0) + above * np.maximum(_CALIBRATED, 0)
    return Line("odds", _short(_CALIBRATED), _short(told))


def _best(pairs: pl.DataFrame, odds: Values, right: Labels) -> tuple[Values, Labels]:
    """Log odds of the best candidate of each mention, in order of mentions, and whether it is right."""
    ranked = pairs.select("mention", "entity", odds=pl.Series(odds), right=pl.Series(right))
    ranked = ranked.sort("mention", "odds", "entity", descending=[False, True, False])
    best = ranked.group_by("mention", maintain_order=True).first()
    return best["odds"].to_numpy(), best["right"].to_numpy()
