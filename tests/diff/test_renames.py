"""A column whose values stay under another name is proposed as renamed; one that only looks like it is not."""

import random
from pathlib import Path

import polars as pl
import pytest

from include.diff.compare import compare
from include.diff.model import TableDiff
from tests.diff.tables import apart, side

ROWS = 400


def table(seed: int = 3) -> pl.DataFrame:
    chance = random.Random(seed)
    return pl.DataFrame(
        {
            "id": [f"K{n:05d}" for n in range(ROWS)],
            "mw": [chance.random() for _ in range(ROWS)],
            "gwh": [chance.random() for _ in range(ROWS)],
            "fuel": [chance.choice(["coal", "gas", "wind"]) for _ in range(ROWS)],
            "flag": [chance.random() < 0.5 for _ in range(ROWS)],
            "rare": [chance.choice(["x", "y"]) if n % 20 == 0 else None for n in range(ROWS)],
            "unit": ["t"] * ROWS,
            "empty": pl.Series([None] * ROWS, dtype=pl.String),
        }
    )


NEW = {"mw": "a", "gwh": "b", "fuel": "c", "flag": "d", "rare": "e", "unit": "f"}


def proposed(diff: TableDiff) -> dict[str | None, str | None]:
    assert all(change.breaking for change in diff.schema_changes if change.kind == "renamed")
    return {
        change.before: change.after for change in diff.schema_changes if change.proposed and change.kind == "renamed"
    }


def kinds(diff: TableDiff) -> set[str]:
    return {change.kind for change in diff.schema_changes}


@pytest.mark.parametrize("key", [("id",), ()])
def test_columns_whose_values_stay_are_renamed(key: tuple[str, ...]) -> None:
    """Flags and constants too; without a key the rest of the row tells which is which."""
    diff = apart(table(), table().rename(NEW), key)
    assert proposed(diff) == NEW
    assert kinds(diff) == {"renamed"}
    assert (diff.counts.unchanged, diff.counts.changed) == (ROWS, 0)


def test_values_may_change_in_some_rows_and_rows_may_come_and_go() -> None:
    edit = pl.int_range(pl.len()) % 10 == 0
    after = table().with_columns(
        mw=pl.when(edit).then(0.0).otherwise("mw"), fuel=pl.when(edit).then(None).otherwise("fuel")
    )
    diff = apart(table().head(380), after.tail(380).rename(NEW), ("id",))
    assert proposed(diff) == NEW
    assert {column.was: column.cells for column in diff.columns if column.cells} == {"mw": 36, "fuel": 36}
    assert (diff.counts.removed, diff.counts.added) == (20, 20)


def test_a_renamed_column_may_have_another_type() -> None:
    after = table().with_columns(pl.col("mw").cast(pl.String), pl.col("flag").cast(pl.Int8)).rename(NEW)
    diff = apart(table(), after, ("id",))
    assert proposed(diff) == NEW
    retyped = {(c.column, c.before, c.after, c.proposed) for c in diff.schema_changes if c.kind == "retyped"}
    assert retyped == {("a", "float64", "string", True), ("d", "boolean", "int8", True)}
    assert diff.counts.unchanged == ROWS


def test_a_key_that_is_renamed_is_found_by_its_values() -> None:
    diff = apart(table(), table().rename({"id": "gppd_idnr", "mw": "a"}), ("id",), ("gppd_idnr",))
    assert proposed(diff) == {"id": "gppd_idnr", "mw": "a"}
    assert diff.key == ("gppd_idnr",)
    assert diff.counts.unchanged == ROWS


def test_without_anything_in_common_columns_are_told_by_the_values_they_hold() -> None:
    before = table().select("mw", "gwh", "fuel")
    after = before.rename({"mw": "a", "gwh": "b", "fuel": "c"}).sample(fraction=1, shuffle=True, seed=1)
    diff = apart(before, after)
    assert proposed(diff) == {"mw": "a", "gwh": "b"}, "three fuels are too few values to tell"
    assert (diff.by, diff.counts.unchanged) == ("rows", ROWS)


def test_equal_columns_are_told_by_their_names() -> None:
    before = table().with_columns(mw_gross=pl.col("mw"))
    diff = apart(before, before.rename({"mw": "capacity_mw", "mw_gross": "capacity_mw_gross"}), ("id",))
    assert proposed(diff) == {"mw": "capacity_mw", "mw_gross": "capacity_mw_gross"}


@pytest.mark.parametrize(
    "after",
    [
        table(seed=4).rename(NEW),  # other values of the same kind, constants apart
        table().with_columns(pl.col(name).shuffle(seed=5) for name in NEW).rename(NEW),  # the same ones in other rows
    ],
)
def test_columns_whose_values_do_not_stay_are_dropped_and_added(after: pl.DataFrame) -> None:
    diff = apart(table(), after, ("id",))
    assert proposed(diff) == {"unit": "f"}
    assert {c.column for c in diff.schema_changes if c.kind == "dropped"} == set(NEW) - {"unit"}
    assert {c.column for c in diff.schema_changes if c.kind == "added"} == set(NEW.values()) - {"f"}


def test_a_flag_that_mostly_agrees_is_another_flag() -> None:
    chance = random.Random(6)
    before = table()
    other = [flag if chance.random() < 0.83 else not flag for flag in before["flag"]]
    diff = apart(before, before.with_columns(other=pl.Series(other)).drop("flag"), ("id",))
    assert 0.8 < (before["flag"] == pl.Series(other)).mean() < 0.85
    assert proposed(diff) == {}


def test_columns_that_hold_nothing_or_the_same_constant_are_nobody_s() -> None:
    before = table().with_columns(other=pl.lit("t"))
    diff = apart(before, before.rename({"empty": "nothing", "unit": "u", "other": "o"}), ("id",))
    assert proposed(diff) == {}


def test_a_rename_that_the_schema_knows_is_no_proposal(tmp_path: Path) -> None:
    before = side(tmp_path / "b", table(), ("id",))
    after = side(tmp_path / "a", table().rename({"mw": "a"}), ("id",))
    diff = compare(before, after)
    assert [(c.kind, c.column, c.proposed) for c in diff.schema_changes] == [("renamed", "a", False)]


def test_a_column_dropped_and_added_within_a_history_is_proposed(tmp_path: Path) -> None:
    """The source renamed it, and the author did not say so."""
    before = side(tmp_path / "b", table(), ("id",))
    after = side(tmp_path / "a", table().rename({"mw": "a"}), ("id",), ids={"a": 99})
    diff = compare(before, after)
    assert [(c.kind, c.column, c.proposed) for c in diff.schema_changes] == [("renamed", "a", True)]
    assert diff.counts.unchanged == ROWS
