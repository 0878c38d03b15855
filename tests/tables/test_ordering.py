"""Rows in key order: missing first, text by its bytes, over batches."""

import polars as pl
import pytest

from include.tables import ordering


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([(1, "a"), (1, "b"), (2, "a")], (True, True)),
        ([(1, "a"), (1, "a")], (True, False)),
        ([(None, "z"), (1, None), (1, "a")], (True, True)),
        ([(1, "b"), (1, "a")], (False, True)),
        ([(1, "a"), (None, "a")], (False, True)),
        ([(1, "Z"), (1, "a"), (1, "é")], (True, True)),
    ],
)
def test_order_is_seen_over_batches(
    monkeypatch: pytest.MonkeyPatch,
    values: list[tuple[int | None, str | None]],
    found: tuple[bool, bool],
) -> None:
    table = pl.LazyFrame(values, schema={"n": pl.Int64, "s": pl.String}, orient="row")
    for size in (1, 2, 100):
        monkeypatch.setattr(ordering, "_BATCH", size)
        assert ordering.ascending(table, ["n", "s"]) == found
