"""The content hash: against a slow oracle, and blind to everything but typed values."""

from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.contracts.columns import TableSchema
from include.errors import DataError
from include.tables import content, parquet
from tests.tables import oracle
from tests.tables.tables import KINDS, every_type, frame_of, schema_of

# Written down once from the oracle: a change of this value is a change of the format.
GOLDEN = "10e0fdb7dff8b42ab639101d900632e0bd96cabbdc5a4d171dd0e9817b3d112f"


def version(folder: Path, schema: TableSchema, values: dict[str, list[Any]], kept: pl.DataFrame | None = None) -> Path:
    parquet.sink(frame_of(schema, values).lazy(), schema, folder / "table")
    if kept is not None:
        parquet.write(kept, folder / "quarantine.parquet")
    return folder


def test_golden_value_of_a_table_with_every_type(tmp_path: Path) -> None:
    schema, values = every_type(11)
    assert set(KINDS) == {column.type for column in schema.columns}
    kept = pl.DataFrame({"record": [3, 9], "reasons": [["a", "b"], ["c"]], "x": ["1", None]})
    found = content.content_hash(version(tmp_path, schema, values, kept), schema)
    quarantine = {"record": [3, 9], "reasons": ["a\nb", "c"], "x": ["1", None]}
    assert found == oracle.version_hash(schema.model_dump(mode="json"), values, quarantine)
    assert found == GOLDEN


@pytest.mark.parametrize("rows", [0, 3])
def test_links_of_names_count_by_their_types_and_only_where_there_are_any(tmp_path: Path, rows: int) -> None:
    schema, values = schema_of({"a": "int64"}), {"a": [1, 2]}
    folder = version(tmp_path, schema, values)
    bare = content.content_hash(folder, schema)
    assert bare == oracle.version_hash(schema.model_dump(mode="json"), values, {})
    columns = {
        "name": ("string", ["NA", "É", None]), "records": ("int64", [1, 2, 3]), "score": ("float64", [0.5, None, -0.0]),
        "tied": ("uint32", [0, 1, None]),
    }  # fmt: skip
    columns = {name: (kind, found[:rows]) for name, (kind, found) in columns.items()}
    types = {"string": pl.String, "int64": pl.Int64, "float64": pl.Float64, "uint32": pl.UInt32}
    frame = pl.DataFrame([pl.Series(name, found, types[kind]) for name, (kind, found) in columns.items()])
    parquet.write(frame, folder / "matches.parquet")
    found = content.content_hash(folder, schema)
    assert found == oracle.version_hash(schema.model_dump(mode="json"), values, {}, columns) != bare


@pytest.mark.parametrize("rows", [0, 1, 7, 8, 9, 65_535, 65_536, 65_537, 131_072, 200_000])
def test_blocks_end_where_the_format_says(tmp_path: Path, rows: int) -> None:
    schema = schema_of({"number": "int32", "text": "string", "flag": "boolean"})
    values = {
        "number": [None if i % 7 == 0 else i for i in range(rows)],
        "text": [None if i % 5 == 0 else f"é{i % 13}" for i in range(rows)],
        "flag": [None if i % 3 == 0 else i % 2 == 0 for i in range(rows)],
    }
    found = content.content_hash(version(tmp_path, schema, values), schema)
    assert found == oracle.version_hash(schema.model_dump(mode="json"), values, {})


def layouts(frame: pl.DataFrame, schema: TableSchema, folder: Path) -> list[Path]:
    """The same rows as other writers and settings would leave them."""
    table = frame.to_arrow().cast(parquet.arrow_schema(schema))
    small = pa.schema([f.with_type(pa.string()) if f.type == pa.large_string() else f for f in table.schema])
    view = pa.schema([f.with_type(pa.string_view()) if f.type == pa.large_string() else f for f in table.schema])
    coded = [
        table.column(i).dictionary_encode() if pa.types.is_large_string(f.type) else table.column(i)
        for i, f in enumerate(table.schema)
    ]
    versions = {
        "plain": (table, {}),
        "groups": (table, {"row_group_size": 777}),
        "string": (table.cast(small), {"use_dictionary": False, "compression": "snappy"}),
        "view": (table.cast(view), {"data_page_size": 100}),
        "coded": (pa.table(coded, names=table.column_names), {"store_schema": True}),
    }
    for name, (what, options) in versions.items():
        (folder / name / "table").mkdir(parents=True)
        pq.write_table(what, folder / name / "table" / "part-00000.parquet", **options)
    (folder / "parts" / "table").mkdir(parents=True)
    for number, start in enumerate(range(0, table.num_rows, 40_000)):
        pq.write_table(table.slice(start, 40_000), folder / "parts" / "table" / f"part-{number:05d}.parquet")
    return [folder / name for name in (*versions, "parts")]


def test_neither_writer_nor_layout_count(tmp_path: Path) -> None:
    schema, values = every_type(70_001)
    expected = content.content_hash(version(tmp_path / "ours", schema, values), schema)
    folders = layouts(frame_of(schema, values), schema, tmp_path)
    assert len(folders) == 6
    assert {folder.name: content.content_hash(folder, schema) for folder in folders} == {
        folder.name: expected for folder in folders
    }


STRATEGIES: dict[str, st.SearchStrategy[Any]] = {
    **{f"int{b}": st.integers(-(2 ** (b - 1)), 2 ** (b - 1) - 1) for b in (8, 16, 32, 64)},
    **{f"uint{b}": st.integers(0, 2**b - 1) for b in (8, 16, 32, 64)},
    "boolean": st.booleans(),
    "float32": st.floats(width=32),
    "float64": st.floats(),
    "string": st.text(),
    "date": st.dates(),
    "timestamp_naive": st.datetimes(),
    "time": st.times(),
    "decimal(38,10)": st.decimals(-(10**20), 10**20, places=10),
}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_equals_the_oracle_for_any_values(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    kinds = data.draw(st.lists(st.sampled_from(sorted(STRATEGIES)), min_size=1, max_size=4))
    schema = schema_of({f"c{i}": kind for i, kind in enumerate(kinds)})
    rows = data.draw(st.integers(0, 20))
    values = {
        c.name: data.draw(st.lists(st.none() | STRATEGIES[c.type], min_size=rows, max_size=rows))
        for c in schema.columns
    }
    folder = version(tmp_path_factory.mktemp("version"), schema, values)
    assert content.content_hash(folder, schema) == oracle.version_hash(schema.model_dump(mode="json"), values, {})


def test_every_fact_for_readers_counts_and_descriptions_do_not(tmp_path: Path) -> None:
    schema = schema_of({"a": "int64", "b": "int64"})
    folder = version(tmp_path, schema, {"a": [1, None], "b": [0, 2]})
    first = content.content_hash(folder, schema)

    def changed(**facts: Any) -> str:
        column = schema.columns[0].model_copy(update=facts)
        return content.content_hash(folder, schema.model_copy(update={"columns": (column, schema.columns[1])}))

    others = [changed(id=9), changed(nullable=False), changed(unit="kg"), changed(sensitivity="internal")]
    others.append(content.content_hash(folder, schema.model_copy(update={"key": ("a",)})))
    assert len({first, *others}) == 6
    assert changed(description="what it is", source="A") == first


def test_one_value_or_an_absent_one_counts(tmp_path: Path) -> None:
    schema = schema_of({"a": "int64"})
    tables = ([1, None], [1, 0], [None, 1], [1], [1, None, None])
    hashes = {
        content.content_hash(version(tmp_path / str(i), schema, {"a": list(v)}), schema) for i, v in enumerate(tables)
    }
    assert len(hashes) == len(tables)


def test_an_empty_quarantine_is_none(tmp_path: Path) -> None:
    schema = schema_of({"a": "int64"})
    kept = pl.DataFrame(schema={"record": pl.Int64, "reasons": pl.List(pl.String), "a": pl.String})
    with_file = version(tmp_path / "with", schema, {"a": [1]}, kept)
    without = version(tmp_path / "without", schema, {"a": [1]})
    assert content.content_hash(with_file, schema) == content.content_hash(without, schema)


def test_a_table_that_is_not_the_schemas_is_refused(tmp_path: Path) -> None:
    schema = schema_of({"a": "int64"})
    with pytest.raises(DataError, match="no Parquet file, expected at least part-00000"):
        content.content_hash(tmp_path, schema)
    folder = version(tmp_path, schema, {"a": [1]})
    with pytest.raises(DataError, match=r"columns \['a'\], expected \['b'\]"):
        content.content_hash(folder, schema_of({"b": "int64"}))
