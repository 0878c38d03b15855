"""Keys that map one to one to new ones are said to have moved; what only looks alike is not."""

import random

import polars as pl
import pytest

from include.diff.model import Move
from include.errors import EnvironmentFault
from include.tables import database
from tests.diff.tables import adds_up, apart, difference

COUNTRIES = [f"country {n}" for n in range(20)]
YEARS = range(1990, 2020)


def emissions(seed: int = 1) -> pl.DataFrame:
    """A value and a text for each country and year, as good as never twice."""
    chance = random.Random(seed)
    keys = [(country, year) for country in COUNTRIES for year in YEARS]
    rows = [(*key, chance.random(), f"note {chance.randrange(10**6)}", chance.randrange(3)) for key in keys]
    return pl.DataFrame(rows, schema=["country", "year", "co2", "note", "flag"], orient="row")


def plants(rows: int = 500, seed: int = 2) -> pl.DataFrame:
    chance = random.Random(seed)
    made = [(f"WRI{n:07d}", f"plant {chance.randrange(10**7)}", chance.random(), "coal") for n in range(rows)]
    return pl.DataFrame(made, schema=["id", "name", "capacity_mw", "fuel"], orient="row")


def test_a_country_that_is_called_otherwise_moved() -> None:
    before = emissions()
    after = before.with_columns(pl.col("country").replace({"country 3": "Czechia", "country 4": "Eswatini"}))
    diff = difference(before, after, ("country", "year"))
    assert diff.counts.model_dump() == {
        "before": 600, "after": 600, "added": 0, "removed": 0, "changed": 0, "moved": 60, "unchanged": 540,
    }  # fmt: skip
    assert [(moved.columns, moved.values, moved.rows) for moved in diff.moved] == [(("country",), 2, 60)]
    assert diff.moved[0].moves == (
        Move(before=("country 3",), after=("Czechia",), rows=30),
        Move(before=("country 4",), after=("Eswatini",), rows=30),
    )
    assert diff.coverage == ()
    assert [sample.kind for sample in diff.samples] == ["moved"] * 3
    assert diff.samples[0].key == {"country": "Czechia", "year": "1990"}
    assert diff.samples[0].cells == {"country": ("country 3", "Czechia")}


def test_cells_that_change_while_their_key_moves_are_counted() -> None:
    before = emissions()
    moved = pl.col("country") == "country 3"
    after = before.with_columns(
        co2=pl.when(moved & (pl.col("year") < 1995)).then(0.5).otherwise("co2"),
        note=pl.when(~moved & (pl.col("year") == 2000)).then(None).otherwise("note"),
        country=pl.col("country").replace({"country 3": "Czechia"}),
    )
    diff = difference(before, after, ("country", "year"))
    assert (diff.counts.moved, diff.counts.changed) == (30, 19)
    cells = {column.name: (column.cells, column.moved_cells) for column in diff.columns}
    assert cells == {"country": (0, 30), "year": (0, 0), "co2": (0, 5), "note": (19, 0), "flag": (0, 0)}


def test_a_whole_column_corrected_at_once_does_not_hide_it() -> None:
    before = emissions()
    after = before.with_columns(co2=pl.col("co2") * 2, country=pl.col("country").replace({"country 3": "Czechia"}))
    diff = difference(before, after, ("country", "year"))
    assert (diff.counts.moved, diff.counts.changed, diff.counts.removed) == (30, 570, 0)


def test_a_key_column_that_is_renamed_too_moves() -> None:
    before = emissions()
    after = before.with_columns(pl.col("country").replace({"country 3": "Czechia"})).rename({"country": "entity"})
    diff = apart(before, after, ("country", "year"), ("entity", "year"))
    assert [(c.kind, c.before, c.after, c.proposed) for c in diff.schema_changes] == [
        ("renamed", "country", "entity", True)
    ]
    assert (diff.counts.moved, diff.counts.unchanged) == (30, 570)
    assert diff.moved[0].columns == ("entity",)


@pytest.mark.parametrize("renamed", [False, True])
@pytest.mark.parametrize("every", [1, 10])
def test_identifiers_with_another_prefix_moved(renamed: bool, every: int) -> None:
    """All of them, or a tenth; some of their cells changed as well."""
    before = plants()
    name = "gppd_idnr" if renamed else "id"
    moves = pl.int_range(pl.len()) % every == 0
    after = before.select(
        pl.when(moves).then("GPPD" + pl.col("id").str.slice(3)).otherwise("id").alias(name),
        "name",
        pl.when(pl.col("id").str.ends_with("0")).then(1.0).otherwise("capacity_mw").alias("capacity_mw"),
        "fuel",
    )
    diff = apart(before, after, ("id",), (name,))
    assert diff.counts.moved == 500 // every
    assert (diff.counts.added, diff.counts.removed) == (0, 0)
    assert [(moved.values, len(moved.moves)) for moved in diff.moved] == [(500 // every, 50)]
    assert diff.moved[0].moves[0] == Move(before=("WRI0000000",), after=("GPPD0000000",), rows=1)
    assert {column.name: column.cells + column.moved_cells for column in diff.columns}["capacity_mw"] == 50
    assert adds_up(diff)


def test_a_value_that_is_still_there_did_not_move_as_such() -> None:
    """Rows of one country that went to a new one while others stay: each row has its own new key."""
    before = emissions()
    late = (pl.col("country") == "country 3") & (pl.col("year") >= 2010)
    after = before.with_columns(country=pl.when(late).then(pl.lit("Czechia")).otherwise("country"))
    diff = difference(before, after, ("country", "year"))
    assert [(moved.columns, moved.rows) for moved in diff.moved] == [(("country", "year"), 10)]


def test_two_that_were_swapped_changed_and_did_not_move() -> None:
    before = emissions()
    after = before.with_columns(pl.col("country").replace({"country 3": "country 4", "country 4": "country 3"}))
    diff = difference(before, after, ("country", "year"))
    assert (diff.counts.changed, diff.counts.moved) == (60, 0)


def test_a_value_that_became_two_did_not_move_one_to_one() -> None:
    before = emissions()
    split = pl.when(pl.col("year") % 2 == 0).then(pl.lit("Czechia")).otherwise(pl.lit("Slovakia"))
    after = before.with_columns(country=pl.when(pl.col("country") == "country 3").then(split).otherwise("country"))
    diff = difference(before, after, ("country", "year"))
    assert all(moved.columns != ("country",) for moved in diff.moved)
    assert adds_up(diff)


def test_rows_that_only_look_alike_did_not_move() -> None:
    """Other plants of the same fuel and size went and came."""
    chance = random.Random(4)
    rows = [(f"P{n:04d}", chance.choice(["coal", "gas"]), chance.choice([1.0, 2.0, 5.0]), None) for n in range(400)]
    table = pl.DataFrame(
        rows, schema={"id": pl.String, "fuel": pl.String, "mw": pl.Float64, "x": pl.String}, orient="row"
    )
    diff = difference(table.head(380), table.tail(380), ("id",))
    assert (diff.counts.moved, diff.counts.removed, diff.counts.added) == (0, 20, 20)


def test_a_value_that_happens_to_be_the_same_is_no_proof() -> None:
    """Of a thousand prices, some are alone among what went and among what came, and equal."""
    chance = random.Random(5)
    rows = [(f"P{n:05d}", chance.randrange(1_000)) for n in range(3_000)]
    table = pl.DataFrame(rows, schema=["id", "price"], orient="row")
    diff = difference(table.head(2_600), table.tail(2_600), ("id",))
    assert (diff.counts.moved, diff.counts.removed, diff.counts.added) == (0, 400, 400)


def test_of_twins_nobody_can_tell_which_moved() -> None:
    """Two shares of one company have the same values but for their ticker; one ticker went, another came."""
    before = pl.concat([plants(), plants(1).with_columns(id=pl.lit("TWIN"))])
    after = pl.concat(
        [plants().slice(1), plants(1).with_columns(id=pl.lit("TWIN")), plants(1).with_columns(id=pl.lit("NEW"))]
    )
    diff = difference(before, after, ("id",))
    assert (diff.counts.moved, diff.counts.removed, diff.counts.added) == (0, 1, 1)


def test_keys_that_repeat_move_where_it_is_clear_which() -> None:
    before = pl.concat([plants(), plants(3).with_columns(name=pl.lit("again"))])
    after = before.with_columns(pl.col("id").replace({"WRI0000400": "GB1", "WRI0000001": "GB2"}))
    diff = difference(before, after, ("id",))
    assert (diff.repeated.before, diff.repeated.after) == (6, 6)
    assert Move(before=("WRI0000400",), after=("GB1",), rows=1) in diff.moved[0].moves
    assert adds_up(diff)


def test_too_little_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_LEAST_MB", 1)
    after = plants(5_000).with_columns(id="X" + pl.col("id"))
    with pytest.raises(EnvironmentFault, match=r"looking for keys that moved: .*COMMONS_MEMORY_MB"):
        difference(plants(5_000), after, ("id",), memory_mb=2)


def test_a_table_of_keys_alone_has_nothing_that_could_stay() -> None:
    diff = difference(pl.DataFrame({"id": ["a", "b"]}), pl.DataFrame({"id": ["a", "c"]}), ("id",))
    assert (diff.counts.removed, diff.counts.added, diff.moved) == (1, 1, ())
