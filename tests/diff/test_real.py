"""Real tables: what is known of published histories, and every dataset changed at random in known ways."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from include.contracts.names import snake_all
from include.diff import moves as moves_module
from include.diff.model import TableDiff
from tests.diff.room import NAMES, Room, Trial, shares
from tests.diff.tables import adds_up, apart, difference

TRIALS = 2


def owid(shared: Path, commit: str) -> pl.DataFrame:
    (file,) = (shared / "owid_co2").glob(f"owid-co2-data_*_{commit}.csv.gz")
    rows = pl.read_csv(gzip.decompress(file.read_bytes()), infer_schema_length=None)
    return rows.rename(snake_all(rows.columns))


def cells(diff: TableDiff) -> dict[str, int]:
    return {column.name: column.cells for column in diff.columns if column.cells}


def test_owid_headings_in_prose_became_machine_names(shared: Path) -> None:
    """35 of 38 headings; one of them, Population, differs in its capital only."""
    diff = apart(owid(shared, "a96cbd0"), owid(shared, "9f743dc"), ("country", "year"))
    renames = {change.before: change.after for change in diff.schema_changes if change.kind == "renamed"}
    assert len(renames) == 34
    assert all(change.proposed for change in diff.schema_changes if change.kind == "renamed")
    assert not any(change.kind in ("dropped", "added") for change in diff.schema_changes)
    assert renames["annual_co2_emissions_mt"] == "co2"
    assert renames["total_real_gdp"] == "gdp"
    assert (diff.counts.unchanged, diff.counts.before, diff.counts.after) == (24_016, 24_016, 24_016)


def test_owid_corrected_columns_without_touching_keys(shared: Path) -> None:
    diff = difference(owid(shared, "9f743dc"), owid(shared, "da0fcf7"), ("country", "year"))
    assert (diff.counts.added, diff.counts.removed, diff.counts.moved) == (0, 0, 0)
    assert cells(diff) == {
        "co2_per_capita": 20_464,
        "share_global_cumulative_co2": 19_824,
        "co2_per_gdp": 14_940,
        "trade_co2_share": 3_359,
        "consumption_co2_per_capita": 3_331,
        "consumption_co2_per_gdp": 3_182,
    }
    assert diff.coverage == ()


def test_owid_renamed_three_countries(shared: Path) -> None:
    diff = difference(owid(shared, "da0fcf7"), owid(shared, "2a6c4a2"), ("country", "year"))
    assert [(moved.columns, moved.values, moved.rows) for moved in diff.moved] == [(("country",), 3, 189)]
    assert {move.before[0]: (move.after[0], move.rows) for move in diff.moved[0].moves} == {
        "Czech Republic": ("Czechia", 60),
        "Macedonia": ("North Macedonia", 60),
        "Swaziland": ("Eswatini", 69),
    }
    assert (diff.counts.added, diff.counts.removed, diff.counts.changed) == (0, 0, 159)
    assert cells(diff) == {"co2_per_unit_energy": 159}
    assert diff.coverage == ()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Iterator[Room]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(moves_module, "LISTED", 10**9)  # so that every moved key can be looked at
        yield Room(tmp_path_factory.mktemp("real"), shared)


@pytest.mark.parametrize("name", NAMES)
def test_tables_changed_at_random_are_counted_as_a_full_join_counts_them(name: str, room: Room) -> None:
    for one in room.trials(name, TRIALS):
        counts = one.diff.counts
        assert adds_up(one.diff)
        assert (counts.before, counts.after) == (one.before.height, one.after.height)
        paired = {(column.was or column.name): column for column in one.diff.columns if column.before and column.after}
        if one.key:
            values = [column for column in paired if column not in one.key]
            assert joined(one, values) == {
                "both": counts.changed + counts.unchanged,
                "changed": counts.changed,
                **{column: paired[column].cells for column in values},
            }
        else:
            assert counts.unchanged == intersected(one, list(paired)) > 0


def joined(one: Trial, values: list[str]) -> dict[str, int]:
    """A plain full join of both tables as they were before anything was retyped or renamed."""
    on = " AND ".join(f'b."{part}" IS NOT DISTINCT FROM a."{part}"' for part in one.key)
    differs = {name: f'b."{name}" IS DISTINCT FROM a."{name}"' for name in values}
    counts = {"both": "true", "changed": " OR ".join(differs.values()), **differs}
    said = ", ".join(f'count(*) FILTER ({test}) AS "{name}"' for name, test in counts.items())
    return queried(one, f"SELECT {said} FROM b JOIN a ON {on}")


def intersected(one: Trial, columns: list[str]) -> int:
    names = ", ".join(f'"{name}"' for name in columns)
    both = f"SELECT {names} FROM b INTERSECT ALL SELECT {names} FROM a"
    return queried(one, f"SELECT count(*) AS n FROM ({both})")["n"]


def queried(one: Trial, query: str) -> dict[str, int]:
    with duckdb.connect() as db:
        db.register("b", one.before.to_arrow())
        db.register("a", one.after.to_arrow())
        return pl.DataFrame(pl.from_arrow(db.sql(query).to_arrow_table())).row(0, named=True)


def test_what_is_proposed_is_right_and_little_is_missed(room: Room) -> None:
    """Renamed columns, and rows whose key moved, over every dataset."""
    found = shares([one for name in NAMES for one in room.trials(name, TRIALS)])
    for what, share in found.items():
        print(f"{what}: {share.done:,}, precision {share.precision:.4f}, recall {share.recall:.4f}")
        assert share.done >= 80
        assert share.precision >= 0.99
        assert share.recall >= 0.97
