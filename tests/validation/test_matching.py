"""Headings to columns; what is gone, new or renamed."""

from pathlib import Path

import pytest

from tests.validation.given import author, last, published, quality, run

FIELDS = """
id: int
country_long: str
capacity_mw: float = pa.Field(nullable=True, metadata={"source": "Capacity (MW)"})
"""
ROWS = {"ID": ["1", "2"], "country_long": ["Chad", "Peru"], "Capacity (MW)": ["1", None]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return author(tmp_path / "p", FIELDS)


def renamed(**names: str) -> dict[str, list[str | None]]:
    return {names.get(heading, heading): list(values) for heading, values in ROWS.items()}


def test_headings_match_by_source_or_snake_case(folder: Path) -> None:
    assert run(folder, ROWS).outcome == "done"
    assert published(folder).rows() == [(1, "Chad", 1.0), (2, "Peru", None)]


def test_a_renamed_column_is_recognised_by_its_values(folder: Path) -> None:
    """Fault 13: upstream renames a column; blocked with the difference, the last version stays."""
    run(folder, ROWS, "first")
    verdict = run(folder, renamed(country_long="state"), previous=last(folder, "first"))
    assert verdict.outcome == "blocked"
    assert verdict.problems == (
        "headings: 'country_long' is gone; new heading 'state' holds the same values: renamed? "
        'If so, give column \'country_long\' metadata={"source": "state"} in schema.py.',
    )
    assert verdict.counts["rejected"] == 2
    assert published(folder, "first").height == 2
    assert quality(folder)["outcome"] == "blocked"
    assert "country_long" in (folder / "version/report.html").read_text()


def test_without_values_a_similar_name_is_proposed(folder: Path) -> None:
    verdict = run(folder, renamed(country_long="country_name"))
    assert "new heading 'country_name' has a similar name: renamed?" in verdict.problems[0]


def test_a_dropped_and_a_new_column_are_both_said(folder: Path) -> None:
    """Fault 13: upstream drops a column."""
    given = {**ROWS, "zzz": ["a", "b"]}
    del given["Capacity (MW)"]
    assert run(folder, given).problems == (
        "headings: 'Capacity (MW)' is gone, column 'capacity_mw' can't be filled. "
        "Ask the source, or drop the column from schema.py (readers lose it).",
        "headings: 'zzz' is new. Add a column for it to schema.py, or list it under source.ignore.",
    )


def test_ignored_headings_are_read_but_not_wanted(folder: Path) -> None:
    assert run(folder, {**ROWS, "zzz": ["a", "b"]}, source={"ignore": ["zzz"]}).outcome == "done"
    assert published(folder).columns == ["id", "country_long", "capacity_mw"]


def test_a_changed_type_is_quarantined_value_by_value_and_blocks(folder: Path) -> None:
    """Fault 13: upstream changes a type."""
    verdict = run(folder, {**ROWS, "ID": ["A1", "A2"]})
    assert verdict.outcome == "blocked"
    assert quality(folder)["rules"][0]["samples"][0] == {
        "record": 1, "reason": "id: 'A1' is not a whole number (int64)",
    }  # fmt: skip
