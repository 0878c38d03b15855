"""A model that has learnt from what people judged, and what it is worth on names that it had not learnt from."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from ..errors import DataError
from .features import FEATURES
from .folding import fold
from .judgements import NOBODY, Judgement
from .match import Matcher, likely, row_of, scored
from .model import Model, Values, score
from .training import FOLDS, Labels, entity_groups, folds_of, recalibrated, trained

LEAST, LEAST_EACH = 50, 10
"""So many names must be judged, and the best candidate be right, and be wrong, of so many."""
BANDS = (0.1, 0.3, 0.5, 0.7, 0.9)
PAIRS = ("mention", "entity", "right", "core", "truths", *FEATURES)


@dataclass(frozen=True)
class Retrained:
    """The model learnt anew, and scores of the judged pairs: by the model there was, by what other folds taught."""

    model: Model
    pairs: pl.DataFrame
    before: Values
    after: Values


def judged_pairs(judgements: Iterable[Judgement], matcher: Matcher, threads: int = 1) -> pl.DataFrame:
    """Columns of PAIRS: the candidates of each judged name, right 1 or 0; core and truths (ids) are the name's.

    A name that is judged to be an entity, or none, has all its other candidates as wrong ones; of a name of which only
    is known what it is not, these pairs are all. Judgements for ids that the register lacks are left out.
    """
    known = _known(judgements, matcher)
    folded = fold(known.select("mention", "name", "country", "truths", "wrong", "settled"), matcher.forms)
    folded = folded.filter(pl.col("core") != "")
    told = folded.select("mention", id=pl.concat_list("truths", "wrong")).explode("id").drop_nulls()
    rows = row_of(matcher, told["id"].unique())
    named = told.join(rows, on="id").select("mention", entity="row")
    found = pl.concat([likely(folded, matcher, threads), named]).unique()
    register, pairs = scored(folded, found.sort("mention", "entity"), matcher)
    pairs = pairs.with_columns(id=register["id"].gather(pairs["entity"]))
    pairs = pairs.join(folded.select("mention", "core", "truths", "wrong", "settled"), on="mention", how="left")
    sure = pl.col("settled") | pl.col("id").is_in("wrong")
    return pairs.filter(sure).with_columns(right=pl.col("id").is_in("truths").cast(pl.Int64)).select(PAIRS)


def retrained(judged: pl.DataFrame, model: Model, others: pl.DataFrame | None = None, folds: int = FOLDS) -> Retrained:
    """Learns from `judged` and, where there are any, `others` (both with the columns of PAIRS), split by entity.

    With others the whole model is learnt anew; without, only its calibration moves: a few judgements can't teach trees.
    Raises DataError where too few names are judged.
    """
    before = score(judged, model).to_numpy()
    _enough(judged, before)
    if others is None:
        learnt, after = _calibrated(judged, model, before, folds)
        return Retrained(learnt, judged, before, after)
    offset = pl.col("mention") + (int(others["mention"].cast(pl.Int64).max() or 0) + 1)  # type: ignore[arg-type]
    together = pl.concat([others.select(PAIRS), judged.with_columns(offset.cast(others["mention"].dtype))])
    whole = trained(together, together["right"].to_numpy(), _groups(together), folds)
    return Retrained(whole.model, judged, before, whole.scores[others.height :])


def told(found: Retrained, accept: float) -> list[dict[str, Any]]:
    """Before and after: precision and recall at `accept`, the mean score of the best candidates and how many are right,
    as a whole and in bands of the score."""
    rows = []
    for when, scores in (("before", found.before), ("after", found.after)):
        best = _best(found.pairs, scores)
        known = int((best["truths"].list.len() > 0).sum())
        linked = best.filter(pl.col("score") >= accept)
        right = int(linked["right"].sum())
        whole = {"precision": right / max(linked.height, 1), "recall": right / max(known, 1)}
        rows.append({"model": when, "scores": "all", **_calibration(best), **_rounded(whole)})
        bands = best.with_columns(band=pl.Series(np.searchsorted(BANDS, best["score"]))).sort("band")
        nothing = dict.fromkeys(whole)
        rows += [
            {"model": when, "scores": _band(part["band"][0]), **_calibration(part), **nothing}
            for part in bands.partition_by("band", maintain_order=True)
        ]
    return rows


def _band(number: int) -> str:
    edges = (0.0, *BANDS, 1.0)
    return f"{edges[number]:g} to {edges[number + 1]:g}"


def _calibration(best: pl.DataFrame) -> dict[str, Any]:
    return {"names": best.height} | _rounded({"mean score": best["score"].mean(), "right": best["right"].mean()})


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {name: round(float(value), 3) for name, value in values.items()}


def _known(judgements: Iterable[Judgement], matcher: Matcher) -> pl.DataFrame:
    """A row a name and country: the ids that it is, those that it is not, and whether it is settled."""
    by_name: dict[tuple[str, str], list[Judgement]] = defaultdict(list)
    for one in sorted(judgements):
        by_name[one.name, one.country].append(one)
    ids = pl.Series([one.lei for group in by_name.values() for one in group if one.lei != NOBODY], dtype=pl.String)
    held = set(row_of(matcher, ids.unique())["id"])
    rows, text = [], pl.String()
    for (name, country), group in by_name.items():
        is_one = [one.lei for one in group if one.judgement == "match"]
        wrong = [one.lei for one in group if one.judgement == "no match" and one.lei in held]
        truths = [lei for lei in is_one if lei in held]
        rows.append((name, country or None, truths, wrong, bool(truths) or NOBODY in is_one))
    kinds: list[pl.DataType] = [text, text, pl.List(text), pl.List(text), pl.Boolean()]
    columns = dict(zip(("name", "country", "truths", "wrong", "settled"), kinds, strict=True))
    frame = pl.DataFrame(rows, schema=columns, orient="row").with_row_index("mention")
    return frame.filter(pl.col("settled") | (pl.col("wrong").list.len() > 0))


def _enough(judged: pl.DataFrame, scores: Values) -> None:
    best = _best(judged, scores)
    right = int(best["right"].sum())
    if best.height < LEAST or min(right, best.height - right) < LEAST_EACH:
        raise DataError(
            f"judgements: {best.height} judged names can be learnt from, the best candidate is right for {right} and "
            f"wrong for {best.height - right}; expected at least {LEAST} names, and {LEAST_EACH} of each. "
            "`commons review NAME` judges more; take names that are doubtful as well as plain ones."
        )


def _best(pairs: pl.DataFrame, scores: Values) -> pl.DataFrame:
    """The best candidate of each name, ties by the entity's number."""
    ranked = pairs.select("mention", "entity", "right", "truths", score=pl.Series(scores))
    ranked = ranked.sort("mention", "score", "entity", descending=[False, True, False])
    return ranked.group_by("mention", maintain_order=True).first()


def _groups(pairs: pl.DataFrame) -> Labels:
    names = pairs.select("mention", "core", "truths").unique("mention", keep="first", maintain_order=True)
    groups = entity_groups(names["core"].to_list(), names["truths"].to_list())
    numbered = names.select("mention", group=pl.Series(groups))
    return pairs.select("mention").join(numbered, on="mention", how="left", maintain_order="left")["group"].to_numpy()


def _calibrated(judged: pl.DataFrame, model: Model, before: Values, folds: int) -> tuple[Model, Values]:
    odds = np.log(before / (1 - before))
    fold, right = folds_of(_groups(judged), folds), judged["right"].to_numpy()
    after = np.zeros(len(odds))
    for k in range(folds):
        known = fold != k
        start, slope = recalibrated(judged.filter(known), odds[known], right[known])
        after[fold == k] = start + slope * odds[fold == k]
    start, slope = recalibrated(judged, odds, right)
    values = tuple(float(f"{start + slope * value:.7g}") for value in model.calibration.values)
    learnt = replace(model, calibration=replace(model.calibration, values=values))
    return learnt, 1 / (1 + np.exp(-after))
