"""What features added to a score adds up to it, and is none for what makes no difference."""

import numpy as np
import polars as pl
import pytest

from include.matching.contributions import TOGETHER, contributions
from include.matching.match import FEATURE
from include.matching.model import Line, Model

MODEL = Model(
    ("ratio", "country"),
    -1.0,
    (Line("ratio", (0, 100), (-3, 5)), Line("country", (-1, 1), (-2, 2))),
    0.0,
    (),
    Line("trees", (-9, 9), (-9, 9)),
)


def test_they_add_up_to_the_log_odds_of_the_score() -> None:
    pairs = pl.DataFrame(
        {f"{FEATURE}ratio": [100, 50, 0], f"{FEATURE}country": [1, 0, -1], "score": [0.9, 0.5, 0.0]},
        schema_overrides={f"{FEATURE}ratio": pl.Float32, f"{FEATURE}country": pl.Float32},
    )
    found = contributions(pairs, MODEL)
    assert found.columns == ["intercept", "ratio", "country", TOGETHER]
    assert found["ratio"].to_list() == [5, 1, -3]
    assert found["country"].to_list() == [2, 0, -2]
    odds = found.sum_horizontal().to_numpy()
    assert (1 / (1 + np.exp(-odds))).tolist() == pytest.approx([0.9, 0.5, 0.0], abs=1e-8)
    assert np.isfinite(odds).all()
