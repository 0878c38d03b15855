"""Accuracy of the best candidates: recall at rank 1, F1, recall at a precision, with intervals by bootstrap."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import polars as pl

Values = npt.NDArray[np.float64]

DRAWS = 200
BANDS = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98)


def best(pairs: pl.DataFrame, mentions: pl.DataFrame) -> pl.DataFrame:
    """For each mention its best candidate (columns score and right), and has: whether there is one to be found."""
    ordered = pairs.sort("mention", "score", "entity", descending=[False, True, False])
    first = ordered.group_by("mention", maintain_order=True).first().select("mention", "score", "right")
    has = (pl.col("truths").list.len() > 0).alias("has")
    return (
        mentions.with_columns(has)
        .join(first, on="mention", how="left")
        .with_columns(pl.col("score").fill_null(0.0), pl.col("right").fill_null(0))
    )


def row(found: pl.DataFrame) -> dict[str, str]:
    """R1, precision and recall at a score of a half, best F1, recall at 95 and 99 % precision; 95 % intervals."""
    return {
        "names": f"{found.height:,}",
        "R1": _interval(found, rank_one),
        "precision": _interval(found, lambda frame: _at_half(frame)[0]),
        "recall": _interval(found, lambda frame: _at_half(frame)[1]),
        "F1": _interval(found, f1),
        "R at P .95": _interval(found, lambda frame: recall_at(frame, 0.95)),
        "R at P .99": _interval(found, lambda frame: recall_at(frame, 0.99)),
    }


def rank_one(found: pl.DataFrame) -> float:
    """Share of the mentions with an entity whose best candidate is the right one."""
    return float(found["right"].sum()) / max(1, int(found["has"].sum()))


def f1(found: pl.DataFrame) -> float:
    """Of the threshold that is best for it."""
    precision, recall = _curve(found)
    return float(np.max(2 * precision * recall / np.maximum(precision + recall, 1e-9), initial=0))


def recall_at(found: pl.DataFrame, wanted: float) -> float:
    """The highest recall of a threshold with a precision of `wanted` or more."""
    precision, recall = _curve(found)
    return float(np.max(recall[precision >= wanted], initial=0))


def calibration(found: pl.DataFrame) -> list[dict[str, str]]:
    """By band of score: names, mean score, share that is right with its 95 % interval (Wilson 1927)."""
    told = (
        found.with_columns(band=pl.col("score").cut(BANDS))
        .group_by("band")
        .agg(pl.len().alias("names"), pl.col("score").mean(), pl.col("right").mean())
    )
    return [_band(str(band), names, score, right) for band, names, score, right in told.sort("band").iter_rows()]


def _band(band: str, names: int, score: float, right: float) -> dict[str, str]:
    z = 1.96
    middle = (right + z * z / (2 * names)) / (1 + z * z / names)
    half = z * np.sqrt(right * (1 - right) / names + z * z / (4 * names**2)) / (1 + z * z / names)
    interval = f"{max(0, middle - half):.3f} to {min(1, middle + half):.3f}"
    told = {"score": band, "names": f"{names:,}", "mean score": f"{score:.3f}", "right": f"{right:.3f}"}
    return told | {"95 % interval of right": interval, "apart": f"{100 * (score - right):+.1f} points"}


def _at_half(found: pl.DataFrame) -> tuple[float, float]:
    told = found.filter(pl.col("score") >= 0.5)
    right = float(told["right"].sum())
    return right / max(1, told.height), right / max(1, int(found["has"].sum()))


def _curve(found: pl.DataFrame) -> tuple[Values, Values]:
    right = found.sort("score", "mention", descending=[True, False])["right"].to_numpy().astype(np.float64)
    hits = np.cumsum(right)
    return hits / np.arange(1, len(hits) + 1), hits / max(1, int(found["has"].sum()))


def _interval(found: pl.DataFrame, measure: Callable[[pl.DataFrame], float]) -> str:
    generator = np.random.default_rng(5)
    drawn = [measure(found[generator.integers(0, found.height, found.height)]) for _ in range(DRAWS)]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return f"{measure(found):.3f} ({low:.3f}–{high:.3f})"  # noqa: RUF001
