"""Thresholds on the table: a broken one blocks, with what was found, expected, and what to do."""

from pathlib import Path

import polars as pl
import pytest

from include.tables.drift import psi
from tests.validation.given import author, last, published, quality, rule, run

FIELDS = "n: int = pa.Field(ge=0)\nkind: str\nmw: float = pa.Field(nullable=True)"


def rows(number: int, kind: str = "gas", mw: str | None = "1") -> dict[str, list[str | None]]:
    return {"n": [str(n) for n in range(number)], "kind": [kind] * number, "mw": [mw] * number}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return author(tmp_path / "p", FIELDS)


def test_a_source_that_shrinks_is_blocked(folder: Path) -> None:
    """Fault 14: upstream shrinks by 90 %, or is empty."""
    run(folder, rows(1000), "first", key=["n"])
    verdict = run(folder, rows(100), key=["n"], previous=last(folder, "first", key=["n"]))
    assert verdict.outcome == "blocked"
    assert verdict.problems == (
        "rows_change_pct: found 100 rows, -90.0 % against 1,000 in the last version, expected at most 50 %. "
        "Look at the source; if it is right, waive the rule or change expect.rows_change_pct.",
    )
    assert published(folder, "first").height == 1000
    empty = run(folder, rows(0), "empty", key=["n"], previous=last(folder, "first", key=["n"]))
    assert empty.outcome == "blocked"
    assert "table.empty: found 0 rows, expected at least one" in empty.problems[0]


def test_rows_quarantine_and_nulls_have_limits(folder: Path) -> None:
    given = rows(10)
    given["n"][0] = "-1"
    given["mw"][1:4] = [None] * 3
    expect = {"rows": [20, 30], "quarantine_pct": 5.0, "nulls_pct": {"mw": 20.0}}
    verdict = run(folder, given, expect=expect)
    assert [problem.split(":")[0] for problem in verdict.problems] == ["rows", "quarantine_pct", "nulls_pct.mw"]
    assert "found 9 rows, expected 20 to 30" in verdict.problems[0]
    assert "1 of 10 records quarantined (10 %), expected at most 5 %" in verdict.problems[1]
    assert "33.3 % missing, expected at most 20 %" in verdict.problems[2]


def test_a_wholly_missing_column_blocks_unless_listed(folder: Path) -> None:
    assert (
        run(folder, rows(3, mw=None)).problems[0].startswith("nulls_pct.mw: found 100 % missing, expected some values")
    )
    assert run(folder, rows(3, mw=None), "listed", expect={"nulls_pct": {"mw": 100.0}}).outcome == "done"


def test_a_waiver_in_force_lets_the_version_through_and_is_said(folder: Path) -> None:
    waiver = {"rule": "rows", "why": "half a year", "by": "Jane"}
    kept = {"expect": {"rows": [20, 30]}}
    assert run(folder, rows(3), waive=[{**waiver, "until": "2025-12-31"}], **kept).outcome == "blocked"
    assert run(folder, rows(3), "waived", waive=[{**waiver, "until": "2026-01-01"}], **kept).outcome == "done"
    assert rule(folder, "rows", "waived")["verdict"] == "waived"
    assert quality(folder, "waived")["waivers"] == [{**waiver, "until": "2026-01-01"}]
    assert "half a year" in (folder / "waived/report.md").read_text()


def test_a_waived_rule_on_rows_lets_them_stay(folder: Path) -> None:
    given = rows(3)
    given["n"][0] = "-1"
    waiver = {"rule": "n.ge", "why": "known", "by": "Jane", "until": "2026-02-01"}
    verdict = run(folder, given, waive=[waiver])
    assert verdict.outcome == "done"
    assert verdict.counts["published"] == 3
    assert rule(folder, "n.ge")["verdict"] == "waived"


def test_drift_against_the_last_version_blocks(folder: Path) -> None:
    half = rows(100)
    half["kind"] = ["gas", "coal"] * 50
    run(folder, half, "first")
    same = run(folder, half, "same", expect={"drift": {"kind": 0.1}}, previous=last(folder, "first"))
    moved = run(folder, rows(100), "moved", expect={"drift": {"kind": 0.1}}, previous=last(folder, "first"))
    assert same.outcome == "done"
    assert moved.outcome == "blocked"
    assert moved.problems[0].startswith("drift.kind: found PSI")


def test_psi_of_two_known_distributions() -> None:
    old = pl.Series(["a"] * 50 + ["b"] * 50)
    new = pl.Series(["a"] * 75 + ["b"] * 25)
    # (0.75-0.5) ln(0.75/0.5) + (0.25-0.5) ln(0.25/0.5)
    assert psi(old, new) == pytest.approx(0.274653, abs=1e-6)
    assert psi(old, old) == 0
    numbers = pl.Series(range(1000))
    assert psi(numbers, numbers.shuffle(seed=1)) == 0
    assert psi(numbers, numbers + 500) > 1
    assert psi(numbers, pl.Series([None] * 500 + list(range(0, 1000, 2)))) > 0.25


def test_a_breaking_schema_is_said_but_does_not_block(folder: Path) -> None:
    """Fault 13: a type changes; publish stops it."""
    run(folder, rows(3), "first")
    before = last(folder, "first")
    author(folder, FIELDS.replace("mw: float", "mw: int"))
    verdict = run(folder, rows(3), previous=before)
    assert verdict.outcome == "done"
    assert verdict.breaking == ("column 'mw' changes from float64 to int64",)
    for report in ("report.md", "report.html"):
        said = (folder / "version" / report).read_text()
        assert "What breaks for readers" in said
        assert "Publication stops here" in said
        assert "Good to publish once its schema is allowed." in said
        assert "Good to publish." not in said
