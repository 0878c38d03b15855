"""Rows, cells and counts are those of a plain comparison, whatever the tables; what a reviewer must see is said."""

import datetime as dt
import math
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from include.contracts.columns import Column, TableSchema
from include.diff import compare as engine
from include.diff import sides
from include.diff.compare import Side, compare
from include.diff.model import TableDiff
from include.tables import parquet
from tests.diff.tables import adds_up, counted, difference, plainly, side

VALUES: dict[str, tuple[pl.DataType, st.SearchStrategy[Any]]] = {
    "whole": (pl.Int32(), st.sampled_from([None, -1, 0, 1, 2])),
    "number": (pl.Float64(), st.sampled_from([None, 0.0, -0.0, 1.5, math.nan, math.inf])),
    "text": (pl.String(), st.sampled_from([None, "", "a", "é", "Z", "a\x00b"])),
    "flag": (pl.Boolean(), st.sampled_from([None, True, False])),
    "day": (pl.Date(), st.sampled_from([None, dt.date(1, 1, 1), dt.date(2020, 2, 29)])),
    "moment": (pl.Datetime("us", "UTC"), st.sampled_from([None, dt.datetime(2020, 1, 1, tzinfo=dt.UTC)])),
    "money": (pl.Decimal(10, 2), st.sampled_from([None, Decimal("1.10"), Decimal("-3.00")])),
}
KEYS = [(), ("whole",), ("text",), ("day", "number"), ("flag", "text", "money")]
ROWS = st.lists(st.tuples(*(values for _, values in VALUES.values())), max_size=12)


def table(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={name: dtype for name, (dtype, _) in VALUES.items()}, orient="row")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=ROWS, after=ROWS, shared=ROWS, key=st.sampled_from(KEYS), batch=st.sampled_from([1, 2, 3, 50]))
def test_counts_are_those_of_a_plain_comparison(
    before: list[Any], after: list[Any], shared: list[Any], key: tuple[str, ...], batch: int
) -> None:
    """Keys are missing, NaN and -0.0 too; they repeat within and across batches, and without a key rows do."""
    frames = table(before + shared), table(shared + after)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "batch_rows", lambda _: batch)
        diff = difference(*frames, key=key)
    assert counted(diff) == plainly(*frames, key or tuple(VALUES))
    assert adds_up(diff)
    assert (diff.counts.before, diff.counts.after) == (frames[0].height, frames[1].height)
    assert diff.by == ("key" if key else "rows")
    for which, frame in zip(("before", "after"), frames, strict=True):
        for column in diff.columns:
            check_profile(getattr(column, which), frame[column.name])
    repeated = [frame.select(pl.struct(key or frame.columns).is_duplicated().sum()).item() for frame in frames]
    assert (diff.repeated.before, diff.repeated.after) == tuple(repeated)


def check_profile(profile: Any, values: pl.Series) -> None:
    """Every figure is that of Polars over the whole column."""
    present = values.drop_nulls()
    assert (profile.rows, profile.nulls) == (values.len(), values.null_count())
    assert (profile.distinct, profile.estimated) == (present.n_unique(), False)
    assert sum(one.rows for one in profile.bins) in (present.len(), 0)
    if values.dtype.is_numeric():
        finite = [float(value) for value in present if math.isfinite(value)]
        expected = pytest.approx(math.fsum(finite) / len(finite)) if finite else None
        assert profile.mean == expected
    if values.dtype == pl.Int32:
        assert (profile.minimum, profile.maximum) == tuple(
            None if value is None else str(value) for value in (present.min(), present.max())
        )


def test_a_large_table_is_the_same_in_batches_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(7)
    before = pl.DataFrame({"id": range(3_000), "n": [chance.randrange(9) for _ in range(3_000)]})
    after = before.filter(pl.col("id") % 7 != 3).with_columns(n=pl.when(pl.col("id") % 5 == 0).then(99).otherwise("n"))
    found = set()
    for size in (7, 100, 2_999, 3_000, 10_000):
        monkeypatch.setattr(engine, "batch_rows", lambda _, size=size: size)
        found.add(difference(before, after, ("id",)).model_dump_json())
    assert len(found) == 1
    diff = difference(before, after, ("id",))
    assert diff.counts.model_dump() == {
        "before": 3_000, "after": 2_571, "added": 0, "removed": 429, "changed": 514, "moved": 0, "unchanged": 2_057,
    }  # fmt: skip


def test_the_same_table_has_no_difference() -> None:
    rows = pl.DataFrame({"id": [1, 2], "x": [math.nan, None], "y": [0.0, 1.0]})
    diff = difference(rows, rows.with_columns(y=pl.Series([-0.0, 1.0])), ("id",))
    assert diff.same
    assert diff.counts.unchanged == 2
    assert (diff.samples, diff.coverage, diff.schema_changes) == ((), (), ())


def test_a_side_without_files_has_no_rows(tmp_path: Path) -> None:
    rows = side(tmp_path, pl.DataFrame({"id": [1, 2], "x": ["a", "b"]}), ("id",))
    nothing = Side([], rows.schema)
    assert compare(nothing, rows).counts.added == 2
    assert compare(rows, nothing).counts.removed == 2
    assert compare(nothing, nothing).counts.before == 0
    assert [column.psi for column in compare(nothing, rows).columns] == [None, None]


def test_files_in_another_order_than_the_key_are_put_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As those of a partitioned table are, or of anybody's own file; in little memory by way of buckets."""
    rows = pl.DataFrame(
        {"id": range(5_000), "part": [n % 3 for n in range(5_000)], "x": [f"{n:05d}" for n in range(5_000)]}
    )
    before = side(tmp_path / "b", rows, ("id",))
    parts = [side(tmp_path / f"part={n}", rows.filter(pl.col("part") == n), ("id",)) for n in range(3)]
    after = Side([file for part in parts for file in part.files], before.schema)
    for sample in (sides.ordering._SAMPLE, 100):
        monkeypatch.setattr(sides.ordering, "_SAMPLE", sample)
        diff = compare(before, after, memory_mb=1)
        assert diff.same
        assert diff.counts.unchanged == 5_000


def test_without_a_key_rows_are_a_multiset() -> None:
    before = pl.DataFrame({"a": ["x", "x", "x", "y", None], "b": [1, 1, 1, 2, None]})
    after = pl.DataFrame({"a": ["x", "y", "y", None, "z"], "b": [1, 2, 2, None, 3]})
    diff = difference(before, after)
    assert (diff.by, diff.key) == ("rows", ())
    assert (diff.counts.removed, diff.counts.added, diff.counts.unchanged) == (2, 2, 3)
    assert [sample.cells for sample in diff.samples if sample.kind == "added"] == [
        {"a": (None, "y"), "b": (None, "2")},
        {"a": (None, "z"), "b": (None, "3")},
    ]


def test_repeated_keys_are_said_and_compared_within_the_key() -> None:
    before = pl.DataFrame({"id": [1, 1, 1, 2], "x": ["a", "b", "c", "d"]})
    after = pl.DataFrame({"id": [1, 1, 2], "x": ["c", "z", "d"]})
    diff = difference(before, after, ("id",))
    assert (diff.repeated.before, diff.repeated.after) == (3, 2)
    assert (diff.counts.unchanged, diff.counts.changed, diff.counts.removed, diff.counts.added) == (2, 1, 1, 0)
    assert [(s.kind, s.cells) for s in diff.samples] == [
        ("removed", {"x": ("b", None)}),
        ("changed", {"x": ("a", "z")}),
    ]


def test_schema_changes_come_with_the_judgement_of_the_contract(tmp_path: Path) -> None:
    rows = pl.DataFrame({"id": [1, 2], "x": [1, 2], "y": ["a", "b"]})
    before = side(tmp_path / "b", rows, ("id",), x={"unit": "MW"})
    columns = (
        Column(name="id", id=1, type="int64", nullable=False),
        Column(name="z", id=3, type="string", nullable=True, sensitivity="internal"),
        Column(name="x", id=2, type="float64", nullable=True, unit="GW"),
        Column(name="w", id=4, type="string", nullable=True),
    )
    schema = TableSchema(columns=columns, key=("id",))
    after = rows.select("id", z="y", x=pl.col("x").cast(pl.Float64), w=pl.lit("n"))
    diff = compare(before, Side(parquet.sink(after.lazy(), schema, tmp_path / "a"), schema))
    found = {(c.kind, c.column, c.before, c.after, c.breaking) for c in diff.schema_changes}
    assert found == {
        ("nullability", "id", "nullable", "never missing", False),
        ("retyped", "x", "int64", "float64", True),
        ("unit", "x", "MW", "GW", True),
        ("renamed", "z", "y", "z", True),
        ("sensitivity", "z", "public", "internal", False),
        ("added", "w", None, "string", False),
        ("order", None, None, None, False),
    }
    assert not any(change.proposed for change in diff.schema_changes)
    assert diff.counts.unchanged == 2
    assert {column.name: column.was for column in diff.columns} == {"id": None, "x": None, "z": "y", "w": None}


def test_a_dropped_column_whose_name_another_has_now_is_told_apart(tmp_path: Path) -> None:
    before = side(tmp_path / "b", pl.DataFrame({"id": [1], "x": ["old"], "y": ["kept"]}), ("id",))
    after = side(tmp_path / "a", pl.DataFrame({"id": [1], "x": ["kept"]}), ("id",), ids={"x": 3})
    diff = compare(before, after)
    assert [(column.name, column.was) for column in diff.columns] == [
        ("id", None), ("x (dropped)", None), ("x", "y"),
    ]  # fmt: skip
    assert diff.counts.unchanged == 1


@pytest.mark.parametrize(
    ("keys", "kind", "matched", "counts"),
    [
        ((("id",), ("id", "year")), "grain", ("id", "year"), (1, 2)),
        ((("id", "year"), ("id",)), "grain", ("id", "year"), (1, 2)),
        ((("id",), ("name",)), "key", ("name",), (1, 2)),
    ],
)
def test_a_key_that_changed_is_said_and_rows_are_matched_by_what_repeats_least(
    tmp_path: Path, keys: tuple[tuple[str, ...], ...], kind: str, matched: tuple[str, ...], counts: tuple[int, int]
) -> None:
    before = pl.DataFrame({"id": [1, 2], "year": [2020, 2020], "name": ["a", "b"]})
    after = pl.DataFrame({"id": [1, 2, 1], "year": [2020, 2020, 2021], "name": ["a", "b", "c"]})
    diff = compare(*(side(tmp_path / n, rows, key) for n, rows, key in zip("ba", (before, after), keys, strict=True)))
    assert [(change.kind, change.breaking) for change in diff.schema_changes] == [(kind, True)]
    assert diff.key == matched
    assert (diff.counts.added, diff.counts.unchanged) == counts


def test_a_key_that_only_one_side_has_is_no_key(tmp_path: Path) -> None:
    before = side(tmp_path / "b", pl.DataFrame({"id": [1, 2], "x": ["a", "b"]}), ("id",))
    after = side(tmp_path / "a", pl.DataFrame({"x": ["b", "c"]}), ("x",), ids={"x": 2})
    diff = compare(before, after)
    assert diff.key == ("x",)
    assert (diff.counts.removed, diff.counts.unchanged, diff.counts.added) == (1, 1, 1)


def test_tables_that_share_no_column_are_all_removed_and_added(tmp_path: Path) -> None:
    before = side(tmp_path / "b", pl.DataFrame({"a": ["x"]}))
    after = side(tmp_path / "a", pl.DataFrame({"b": [True, False]}), ids={"b": 2})
    diff = compare(before, after)
    assert (diff.counts.removed, diff.counts.added) == (1, 2)
    assert [(column.before is None, column.after is None) for column in diff.columns] == [(False, True), (True, False)]


def test_samples_are_three_of_each_kind_with_what_differs() -> None:
    before = pl.DataFrame({"id": range(20), "x": ["same"] * 20, "y": [1.5] * 20})
    changed = before.with_columns(y=pl.when(pl.col("id") < 10).then(2.0).otherwise("y"))
    after = pl.concat([changed.head(15), pl.DataFrame({"id": range(50, 55), "x": ["new"] * 5, "y": [None] * 5})])
    diff = difference(before, after, ("id",))
    assert [sample.kind for sample in diff.samples] == ["removed"] * 3 + ["added"] * 3 + ["changed"] * 3
    assert [sample.key for sample in diff.samples] == [{"id": str(n)} for n in (15, 16, 17, 50, 51, 52, 0, 1, 2)]
    assert diff.samples[0].cells == {"x": ("same", None), "y": ("1.5", None)}
    assert diff.samples[3].cells == {"x": (None, "new"), "y": (None, None)}
    assert diff.samples[6].cells == {"y": ("1.5", "2")}


def test_of_long_text_the_part_that_differs_is_shown() -> None:
    before = pl.DataFrame({"id": [1, 2], "x": ["a" * 500 + "old" + "b" * 500, "short"]})
    diff = difference(
        before, before.with_columns(pl.col("x").str.replace("old", "new").str.replace("short", "c" * 99)), ("id",)
    )
    assert [sample.cells["x"] for sample in diff.samples] == [
        (f"…{'a' * 19}old{'b' * 56}…", f"…{'a' * 19}new{'b' * 56}…"),
        ("short", f"{'c' * 79}…"),
    ]


def test_rows_read_are_told_as_they_come(tmp_path: Path) -> None:
    rows = side(tmp_path, pl.DataFrame({"id": range(10)}), ("id",))
    told: list[int] = []
    compare(rows, rows, seen=told.append)
    assert sum(told) == 20


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    rows = pl.DataFrame({"id": [2, 1], "x": ["a", "b"]})
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    found: TableDiff = difference(rows, rows.with_columns(id=pl.col("id") + 5), ("id",), scratch=scratch)
    assert found.counts.before == 2
    assert list(scratch.iterdir()) == []
