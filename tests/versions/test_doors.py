"""Whatever becomes of a schema, every earlier version reads the same through its files, PyIceberg and SQL."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import pyarrow_to_schema
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.update import SetCurrentSchemaUpdate

from include.contracts.columns import TableSchema
from include.contracts.evolution import pairs, widens
from include.tables.parquet import arrow_schema
from include.versions import reading, rollback
from include.versions.publication import git_target, pin
from include.versions.settling import Published
from tests.validation.given import author, contract, table_schema
from tests.versions.house import House, facts, git, house, version

Rows = list[dict[str, Any]]
FIRST = """
plant: str
mw: pl.Int32
share: float = pa.Field(nullable=True)
fuel: str
"""
ROWS: Rows = [
    {"plant": "A", "mw": 5, "share": 0.5, "fuel": "Coal"},
    {"plant": "B", "mw": 70, "share": None, "fuel": "Gas"},
    {"plant": "C", "mw": -9, "share": 0.25, "fuel": "Coal"},
]


@dataclass(frozen=True)
class Change:
    """A schema after FIRST, its rows and key."""

    fields: str
    rows: Rows
    key: tuple[str, ...] = ("plant",)


def also(**columns: list[Any]) -> Rows:
    """ROWS with columns added or replaced."""
    return [row | {name: values[at] for name, values in columns.items()} for at, row in enumerate(ROWS)]


def without(rows: Rows, *names: str) -> Rows:
    return [{name: value for name, value in row.items() if name not in names} for row in rows]


CHANGES = {
    "a column added": Change(FIRST + "owner: str = pa.Field(nullable=True)", also(owner=["x", None, "y"])),
    "a column renamed": Change(
        FIRST.replace("fuel: str", 'kind: str = pa.Field(metadata={"was": "fuel"})'),
        without(also(kind=["Coal", "Gas", "Oil"]), "fuel"),
    ),
    "a type widened": Change(FIRST.replace("Int32", "Int64"), also(mw=[5, 2**40, -9])),
    "a type narrowed": Change(FIRST.replace("Int32", "Int16"), also(mw=[5, 71, -9])),
    "a type changed": Change(FIRST.replace("share: float", "share: str"), also(share=["a half", None, "a quarter"])),
    "a column dropped": Change(FIRST.replace("fuel: str", ""), without(ROWS, "fuel")),
    "columns in another order": Change(
        "\n".join(FIRST.strip().splitlines()[::-1]), [dict(reversed(row.items())) for row in ROWS]
    ),
    "another key": Change(FIRST, sorted(ROWS, key=lambda row: str(row["mw"])), ("mw",)),
    "a new column takes the name of a renamed one": Change(
        FIRST + 'fuel_name: str = pa.Field(metadata={"was": "fuel"})',
        also(fuel=["COA", "GAS", "COA"], fuel_name=["Coal", "Gas", "Coal"]),
    ),
    "a value may be missing": Change(FIRST.replace("Int32", "Int32 = pa.Field(nullable=True)"), also(mw=[5, None, -9])),
    "a value list": Change(
        FIRST.replace("fuel: str", 'fuel: str = pa.Field(isin=["Coal", "Gas"])'), also(fuel=["Gas", "Gas", "Coal"])
    ),
}


@dataclass
class Doors:
    """Dataset `plants` in a deployment, and a catalogue whose table points at the objects that DVC pins."""

    house: House
    catalogue: SqlCatalog
    place: Path
    clone: Path
    schemas: list[TableSchema] = field(default_factory=list)
    commits: list[str] = field(default_factory=list)
    table: Table | None = None

    def publish(self, change: Change) -> None:
        """Publish a version as an author writes its schema, and show it in the catalogue."""
        number, last = len(self.schemas), self.schemas[-1] if self.schemas else None
        folder = author(self.place / f"author{number}", change.fields)
        schema = table_schema(folder, contract(key=list(change.key)), last)
        frame = pl.LazyFrame(change.rows, schema=[column.name for column in schema.columns])
        made = version(self.place / f"version{number}", {}, schema=schema, frame=frame)
        base = reading.entry_at(self.clone, "plants").md5 if number else None
        told = facts(len(change.rows), name="plants", run=f"r{number}", base=base)
        self.show(self.house.publish(made, told, schema), schema)

    def back(self, number: int) -> None:
        """Roll back to a version."""
        target, cache = git_target(str(self.house.origin), "main", "A", "a@example.org"), self.place / "cache"
        pins = rollback.published_there(self.clone, self.commits[number], target)
        planned = rollback.plan(
            self.clone, "plants", self.commits[number], "?", pins, "public", self.house.remote, cache
        )
        assert planned is not None
        done = pin(planned.entry, planned.base, target, planned.store, lambda: rollback.bring(planned, cache))
        text = reading.file_of(done.entry, "schema.json", cache, self.clone).read_bytes()
        self.show(done, TableSchema.from_json(text))

    def show(self, done: Published, schema: TableSchema) -> None:
        """Show a version through the table: its schema by field ids, its very files, a tag with its commit."""
        assert done.commit
        git("pull", "-q", at=self.clone)
        if self.table is None:
            self.catalogue.create_namespace("public")
            self.table = self.catalogue.create_table(
                "public.plants", iceberg(schema), properties={"gc.enabled": "false"}
            )
        else:
            evolve(self.table, self.schemas[-1], schema)
        assert {f.name: f.field_id for f in self.table.schema().fields} == {c.name: c.id for c in schema.columns}
        self.schemas.append(schema)
        self.commits.append(done.commit)
        with self.table.transaction() as transaction:
            if self.table.current_snapshot():
                transaction.delete(AlwaysTrue())
            transaction.add_files([f"file://{file}" for file in self.files(-1)])
        snapshot = self.table.current_snapshot()
        assert snapshot is not None
        self.table.manage_snapshots().create_tag(snapshot.snapshot_id, done.commit).commit()

    def files(self, number: int) -> list[str]:
        """The objects that DVC pins, as other programs open them."""
        return reading.path_at(self.clone, "plants", self.commits[number])

    def by_file(self, number: int) -> Rows:
        return reading.open_version("plants", self.commits[number], self.clone).collect().to_dicts()

    def by_iceberg(self, number: int) -> Rows:
        assert self.table is not None
        snapshot = self.table.snapshot_by_name(self.commits[number])
        assert snapshot is not None
        rows: Rows = self.table.scan(snapshot_id=snapshot.snapshot_id).to_arrow().to_pylist()
        return rows

    def by_sql(self, number: int) -> Rows:
        found = duckdb.execute("SELECT * FROM read_parquet($files)", {"files": self.files(number)})
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def check(self, *expected: Rows) -> None:
        """Every version, the oldest first, has these rows and columns through every door."""
        assert len(expected) == len(self.commits)
        for number, rows in enumerate(expected):
            for door in (self.by_file, self.by_iceberg, self.by_sql):
                found = door(number)
                assert found == rows, f"version {number} {door.__name__}"
                assert [list(row) for row in found] == [list(row) for row in rows]


def iceberg(schema: TableSchema) -> Schema:
    """The table's schema: our columns with our ids; none is required, since one table shows all versions."""
    made = pyarrow_to_schema(arrow_schema(schema))
    return Schema(*(f.model_copy(update={"required": False}) for f in made.fields))


def evolve(table: Table, last: TableSchema, new: TableSchema) -> None:
    """What changed from `last` to `new`, on the table: columns are told by their field ids, never by their names."""
    wanted = iceberg(new)
    known = [number for number, schema in table.schemas().items() if schema.fields == wanted.fields]
    if known:  # it had this schema before: ids that left can come back in no other way
        with table.transaction() as transaction:
            transaction._apply((SetCurrentSchemaUpdate(schema_id=known[0]),))
        return
    types = {f.field_id: f.field_type for f in wanted.fields}
    same = {before.id: after for before, after in pairs(new, last) if before and after and before.id == after.id}
    with table.update_schema() as update:
        for column in last.columns:
            if column.id not in same:
                update.delete_column(column.name)
            elif column.name != same[column.id].name:
                update.rename_column(column.name, same[column.id].name)
    with table.update_schema() as update:
        for column in new.columns:
            if column.id not in same:
                update.add_column(column.name, types[column.id])
            elif table.schema().find_type(column.id) != types[column.id]:
                update.update_column(column.name, field_type=types[column.id])
    with table.update_schema() as update:
        update.move_first(new.columns[0].name)
        for before, after in pairwise(new.columns):
            update.move_after(after.name, before.name)


@pytest.fixture
def doors(tmp_path: Path) -> Iterator[Doors]:
    made = house(tmp_path / "house")
    (tmp_path / "warehouse").mkdir()
    place = {"uri": f"sqlite:///{tmp_path}/catalogue.db", "warehouse": f"file://{tmp_path}/warehouse"}
    catalogue = SqlCatalog("commons", **place)
    yield Doors(made, catalogue, tmp_path, made.clone())
    catalogue.close()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_version_reads_the_same_through_every_door(doors: Doors, change: Change) -> None:
    doors.publish(Change(FIRST, ROWS))
    doors.check(ROWS)
    doors.publish(change)
    doors.check(ROWS, change.rows)
    again = [row | {"plant": f"{row['plant']}2"} for row in change.rows]
    doors.publish(Change(change.fields, again, change.key))
    doors.check(ROWS, change.rows, again)


def test_all_changes_one_after_another_leave_every_version_as_it_was(doors: Doors) -> None:
    """Each change is to the first schema, so the columns of one go and come with the next."""
    expected = [ROWS]
    doors.publish(Change(FIRST, ROWS))
    for change in CHANGES.values():
        doors.publish(change)
        expected.append(change.rows)
        doors.publish(Change(FIRST, ROWS))
        expected.append(ROWS)
    doors.check(*expected)
    given = [column.id for schema in doors.schemas for column in schema.columns]
    assert max(given) == 12
    used = {column.id: column for schema in doors.schemas for column in schema.columns}
    for schema in doors.schemas:
        for column in schema.columns:
            assert widens(column.type, used[column.id].type) or widens(used[column.id].type, column.type)


def test_a_rollback_brings_columns_back_and_no_field_id_is_given_twice(doors: Doors) -> None:
    second = Change(
        FIRST.replace("share: float", "share: str").replace("fuel: str", "owner: str"),
        without(also(share=["a half", None, "a quarter"], owner=["x", "y", "z"]), "fuel"),
    )
    third = Change(FIRST + "owner: str", also(owner=["u", "v", "w"]))
    doors.publish(Change(FIRST, ROWS))
    doors.publish(second)
    doors.back(0)
    doors.check(ROWS, second.rows, ROWS)
    doors.publish(third)
    doors.check(ROWS, second.rows, ROWS, third.rows)
    ids = [{column.name: column.id for column in schema.columns} for schema in doors.schemas]
    assert ids[2] == ids[0] == {"plant": 1, "mw": 2, "share": 3, "fuel": 4}
    assert ids[1] == {"plant": 1, "mw": 2, "share": 5, "owner": 6}
    assert ids[3] == ids[0] | {"owner": 7}


def test_a_reader_by_field_ids_does_not_take_an_old_column_for_a_new_one_of_its_name(doors: Doors) -> None:
    doors.publish(Change(FIRST, ROWS))
    doors.publish(CHANGES["a type changed"])
    assert doors.table is not None
    assert [schema.column("share").id for schema in doors.schemas] == [3, 5]
    now = doors.table.schema()
    (old,) = doors.files(0)
    by_new_ids = duckdb.execute(
        "SELECT share FROM read_parquet($old, schema = MAP {5: {name: 'share', type: 'VARCHAR', default_value: NULL}})",
        {"old": old},
    ).fetchall()
    assert now.find_field("share").field_id == 5
    assert by_new_ids == [(None,)] * 3, "readers go by ids, so the old column is not mistaken for the new one"
