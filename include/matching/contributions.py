"""What each feature added to the log odds of a pair, so that a score can be understood and checked."""

import numpy as np
import polars as pl

from .match import FEATURE
from .model import Model

TOGETHER = "together"
"""What the trees, which weigh features together, and the calibration changed."""


def contributions(pairs: pl.DataFrame, model: Model) -> pl.DataFrame:
    """For each of `pairs` (as match.compare gives them) what was added to the log odds, f64.

    Columns: intercept, the model's features (each by its line alone) and TOGETHER. They add up to the log odds of the
    score, which is held between 1e-9 and 1 - 1e-9.
    """
    values = {line.feature: pairs[FEATURE + line.feature].to_numpy().astype(np.float64) for line in model.lines}
    lines = pl.DataFrame(
        {line.feature: np.interp(values[line.feature], line.knots, line.values) for line in model.lines}
    )
    score = pairs["score"].to_numpy().clip(1e-9, 1 - 1e-9)
    odds = np.log(score / (1 - score))
    added = lines.sum_horizontal().to_numpy() + model.intercept
    return lines.select(
        pl.lit(model.intercept).alias("intercept"), pl.all(), pl.Series(TOGETHER, odds - added, dtype=pl.Float64)
    )
