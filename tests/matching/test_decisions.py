"""Bands, ties, runners-up, and one name for one entity."""

import itertools
import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.errors import ContractError
from include.matching.decisions import decided, one_to_one


def scored(*pairs: tuple[int, str, float]) -> pl.DataFrame:
    return pl.DataFrame(pairs, schema={"mention": pl.UInt32, "entity": pl.String, "score": pl.Float64}, orient="row")


def test_the_best_is_decided_by_its_band_and_the_runner_up_is_told() -> None:
    found = decided(
        scored((0, "B", 0.2), (0, "A", 0.97), (1, "A", 0.6), (2, "C", 0.1), (2, "D", 0.05), (3, "E", 0.95)), 0.95, 0.5
    )
    assert found.rows() == [
        (0, "A", 0.97, "B", 0.2, 0.77, 0, "accept"),
        (1, "A", 0.6, None, None, 0.6, 0, "review"),
        (2, "C", 0.1, "D", 0.05, 0.05, 0, "reject"),
        (3, "E", 0.95, None, None, 0.95, 0, "accept"),
    ]


def test_a_tie_goes_to_a_person() -> None:
    pairs = [(0, "C", 0.99), (0, "A", 0.9900000001), (0, "B", 0.99), (0, "D", 0.5), (1, "A", 0.1), (1, "B", 0.1)]
    for order in itertools.permutations(pairs):
        found = decided(scored(*order), 0.95, 0.5)
        assert found.select("entity", "runner_up", "gap", "tied", "decision").rows() == [
            ("A", "B", 0.0, 2, "review"),
            ("A", "B", 0.0, 1, "reject"),
        ]


@pytest.mark.parametrize(("accept", "review"), [(0.5, 0.9), (1.1, 0.5), (0.9, -0.1), (float("nan"), 0.5)])
def test_thresholds_that_make_no_bands_are_refused(accept: float, review: float) -> None:
    with pytest.raises(ContractError, match="expected 0 ≤ review ≤ accept ≤ 1"):
        decided(scored((0, "A", 0.9)), accept, review)


def test_one_to_one_is_the_best_sum_not_the_greedy_one() -> None:
    """Greedy takes (0, A) and leaves mention 1 with nothing."""
    pairs = scored((0, "A", 0.9), (0, "B", 0.85), (1, "A", 0.8), (2, "Z", 0.7), (3, "Z", 0.3))
    assert one_to_one(pairs, 0.5).rows() == [(0, "B", 0.85), (1, "A", 0.8), (2, "Z", 0.7)]
    assert one_to_one(pairs, 0.95).is_empty()


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.tuples(st.integers(0, 4), st.sampled_from("ABCD")), st.integers(500, 1000), min_size=1))
def test_no_assignment_has_a_greater_sum(drawn: dict[tuple[int, str], int]) -> None:
    pairs = [(mention, entity, score / 1000) for (mention, entity), score in drawn.items()]
    found = one_to_one(scored(*pairs), 0.5)
    assert found["mention"].is_unique().all()
    assert found["entity"].is_unique().all()
    every = (
        sum(score for _, _, score in some)
        for size in range(1, 5)
        for some in itertools.combinations(pairs, size)
        if len({m for m, _, _ in some}) == len({e for _, e, _ in some}) == size
    )
    assert found["score"].sum() == pytest.approx(max(every))
    random.Random(1).shuffle(pairs)
    assert one_to_one(scored(*pairs), 0.5).equals(found)


def test_nothing_in_nothing_out() -> None:
    assert decided(scored(), 0.9, 0.5).is_empty()
    assert one_to_one(scored(), 0.5).is_empty()
