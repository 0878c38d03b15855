"""Values of guarded columns are nowhere in the record, whichever side guards them; counts are."""

from pathlib import Path

import polars as pl
import pytest

from include.contracts.columns import Sensitivity
from include.diff.compare import compare
from include.diff.model import MASKED, Move, Part, TableDiff
from tests.diff.tables import side

BEFORE = pl.DataFrame(
    [(f"SECRET{n % 12:02d}", 2000 + n // 12, f"HUSH{n % 3}", n * 77_777.5, f"open {n}") for n in range(240)],
    schema=["who", "year", "group", "salary", "note"],
    orient="row",
)
AFTER = (
    BEFORE.filter(pl.col("who") != "SECRET01")
    .with_columns(pl.col("who").replace({"SECRET05": "SECRETNEW"}), pl.col("group").replace({"HUSH2": "HUSHNEW"}))
    .with_columns(salary=pl.when(pl.col("year") == 2003).then(8_888_888.25).otherwise("salary"))
)
HINTS = ("SECRET", "HUSH", "77777", "8888", "155555")


def difference(folder: Path, before: Sensitivity, after: Sensitivity, show: Sensitivity) -> TableDiff:
    guarded = ("who", "group", "salary")
    sides = [
        side(folder / name, rows, ("who", "year"), sensitivity=dict.fromkeys(guarded, level), group={"values": values})
        for name, rows, level, values in (
            ("b", BEFORE, before, ("HUSH0", "HUSH1", "HUSH2")),
            ("a", AFTER, after, ("HUSH0", "HUSH1", "HUSHNEW")),
        )
    ]
    return compare(*sides, show=show)


@pytest.mark.parametrize(
    ("before", "after", "show"),
    [("internal", "public", "public"), ("public", "restricted", "internal"), ("restricted", "restricted", "public")],
)
def test_no_guarded_value_is_in_the_record(
    tmp_path: Path, before: Sensitivity, after: Sensitivity, show: Sensitivity
) -> None:
    diff = difference(tmp_path, before, after, show)
    text = diff.model_dump_json()
    assert [hint for hint in HINTS if hint in text] == []
    assert "open 1" in text
    assert {column.name: column.masked for column in diff.columns} == {
        "who": True, "year": False, "group": True, "salary": True, "note": False,
    }  # fmt: skip
    assert [(moved.values, moved.moves) for moved in diff.moved] == [
        (1, (Move(before=(MASKED,), after=(MASKED,), rows=20),))
    ]
    who = next(coverage for coverage in diff.coverage if coverage.column == "who")
    assert (who.lost_values, who.lost) == (1, (Part(value=MASKED, rows=20),))
    assert {sample.key["who"] for sample in diff.samples} == {MASKED}
    changed = next(sample for sample in diff.samples if sample.kind == "changed")
    assert set(changed.cells.values()) == {(MASKED, MASKED)}


def test_who_may_see_them_does(tmp_path: Path) -> None:
    shown = difference(tmp_path, "internal", "internal", "internal")
    text = shown.model_dump_json()
    assert [hint for hint in HINTS if hint not in text] == ["155555"]
    assert not any(column.masked for column in shown.columns)


def test_counts_are_the_same_for_everybody(tmp_path: Path) -> None:
    hidden = difference(tmp_path / "h", "restricted", "restricted", "public")
    shown = difference(tmp_path / "s", "restricted", "restricted", "restricted")
    assert hidden.counts == shown.counts
    for one, other in zip(hidden.columns, shown.columns, strict=True):
        assert (one.cells, one.moved_cells, one.psi) == (other.cells, other.moved_cells, other.psi)
        assert one.before is not None
        assert other.before is not None
        assert (one.before.nulls, one.before.distinct) == (other.before.nulls, other.before.distinct)
