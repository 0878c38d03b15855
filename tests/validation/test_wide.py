"""A table of many columns: every column is judged and counted, though checks and counts go by a few at a time."""

from pathlib import Path

import pytest

from include.validation import checks, profile
from tests.validation.given import author, published, quality, quarantined, run

COLUMNS = [f"value_{n:03d}" for n in range(3 * checks.TOGETHER + 5)]
FIELDS = 'row_id: int = pa.Field(description="x")\n' + "".join(
    f'{name}: float = pa.Field(ge=0, le={n}, nullable=True, description="x")\n' for n, name in enumerate(COLUMNS)
)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Row 1 is good, row 2 is wrong in every column, row 3 in the last one only, row 4 has nothing in half of them."""
    folder = author(tmp_path / "wide", FIELDS)
    last = len(COLUMNS) - 1
    table = {"row_id": ["1", "2", "3", "4"]} | {
        name: [str(n), "-1", str(n + 0.5 if n == last else 0), "" if n % 2 else "0"] for n, name in enumerate(COLUMNS)
    }
    run(folder, table, key=["row_id"], expect={"quarantine_pct": 100.0})
    return folder


def test_a_row_that_is_wrong_in_every_column_is_told_of_each(rows: Path) -> None:
    kept = quarantined(rows)
    assert kept["record"].to_list() == [2, 3]
    first, second = kept["reasons"].to_list()
    assert first == [f"{name}: -1.0 is less than 0 (ge)" for name in COLUMNS]
    assert second == [f"{COLUMNS[-1]}: {len(COLUMNS) - 0.5} is more than {len(COLUMNS) - 1} (le)"]
    assert published(rows)["row_id"].to_list() == [1, 4]


def test_the_profile_is_the_same_however_many_columns_are_counted_at_once(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = quality(rows)["columns"]
    assert [whole[name]["nulls"] for name in COLUMNS] == [n % 2 for n in range(len(COLUMNS))]
    assert [whole[name]["distinct"] for name in COLUMNS[1:]] == [2 - n % 2 for n in range(1, len(COLUMNS))]
    monkeypatch.setattr(profile, "DISTINCT_ROWS", 7)  # three columns of two rows
    table = published(rows)
    again = {name: [str(value or 0) for value in table[name]] for name in table.columns}
    run(rows, again, "again", key=["row_id"])
    assert [quality(rows, "again")["columns"][name]["distinct"] for name in COLUMNS[1:]] == [
        2 for _ in COLUMNS[1:]
    ]  # fmt: skip
