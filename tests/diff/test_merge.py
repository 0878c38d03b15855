"""Whatever the batches, the parts of both tables hold whole keys, each row once."""

from collections.abc import Iterator

import hypothesis.strategies as st
import polars as pl
from hypothesis import given, settings

from include.diff.merge import side_by_side

KEY = st.tuples(
    st.sampled_from([None, -1.0, 0.0, 2.5, float("nan")]), st.sampled_from([None, "", "Z", "a", "é", "𐍈", "￿"])
)
SCHEMA = {"n": pl.Float64(), "s": pl.String()}


def batches(rows: pl.DataFrame, size: int) -> Iterator[pl.DataFrame]:
    return (rows.slice(start, size) for start in range(0, rows.height, size))


@settings(max_examples=200, deadline=None)
@given(st.lists(KEY, max_size=30), st.lists(KEY, max_size=30), st.integers(1, 9), st.integers(1, 9))
def test_parts_hold_whole_keys(before: list[object], after: list[object], one: int, other: int) -> None:
    frames = [pl.DataFrame(keys, schema=SCHEMA, orient="row").sort("n", "s") for keys in (before, after)]
    readers = (batches(rows, size) for rows, size in zip(frames, (one, other), strict=True))
    parts = list(side_by_side(*readers, ["n", "s"], [rows.clear() for rows in frames]))
    for which, rows in enumerate(frames):
        found = pl.concat([part[which] for part in parts]) if parts else rows
        assert found.equals(rows)
    keys = [set(map(repr, pl.concat(part).rows())) for part in parts]
    assert sum(map(len, keys)) == len(set().union(*keys)), "a key is in two parts"
    assert all(part[0].height or part[1].height for part in parts)


def test_a_part_is_no_longer_than_the_batches_it_is_made_of() -> None:
    rows = pl.DataFrame({"n": range(1_000)})
    parts = list(side_by_side(batches(rows, 100), batches(rows.slice(50), 100), ["n"], [rows.clear()] * 2))
    assert max(part.height for pair in parts for part in pair) == 100
