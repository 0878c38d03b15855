"""The one Parquet writer: the same bytes on any machine, with field ids, and rows in order."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.contracts.columns import Column, TableSchema
from include.errors import DataError
from include.tables import parquet
from include.tables.content import content_hash
from tests.tables.tables import every_type, frame_of, schema_of

ROWS = 400_000
PROGRAM = """
import sys, hashlib
from pathlib import Path
import polars as pl
from include.tables import parquet
from tests.tables.tables import schema_of
schema = schema_of({"id": "int64", "text": "string", "share": "float64", "flag": "boolean"}, ("id",))
source, folder = Path(sys.argv[1]), Path(sys.argv[2])
frame = pl.scan_csv(source) if source.suffix == ".csv" else pl.scan_parquet(source)
for part in parquet.sink(frame, schema, folder, part_rows=131072):
    print(part.name, hashlib.sha256(part.read_bytes()).hexdigest())
"""


def example() -> pl.DataFrame:
    number = pl.int_range(ROWS, eager=True).alias("id")
    return pl.DataFrame(number).with_columns(
        text=pl.when(pl.col("id") % 7 != 0).then(pl.lit("n") + (pl.col("id") * 31 % 5003).cast(pl.String)),
        share=pl.col("id") / 7,
        flag=pl.col("id") % 3 == 0,
    )


def test_same_bytes_for_any_number_of_threads_and_any_source(tmp_path: Path) -> None:
    example().write_csv(tmp_path / "rows.csv")
    example().write_parquet(tmp_path / "rows.parquet", row_group_size=10_000)
    said = set()
    for number, (source, threads) in enumerate(
        [("rows.csv", 1), ("rows.csv", 2), ("rows.parquet", 1), ("rows.parquet", 4)]
    ):
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / source), str(tmp_path / str(number))]
        environment = os.environ | {"POLARS_MAX_THREADS": str(threads)}
        said.add(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
    assert len(said) == 1
    assert [line.split()[0] for line in said.pop().splitlines()] == [f"part-{i:05d}.parquet" for i in range(4)]


def test_a_file_of_the_first_release_is_read_with_the_same_content_hash() -> None:
    """The golden folder was written once by format 1; it must stay readable, and hash the same, for ever."""
    folder = Path(__file__).parents[1] / "golden" / "version"
    schema = TableSchema.from_json((folder / "schema.json").read_text())
    assert content_hash(folder, schema) == (folder / "content.txt").read_text().strip()


def test_field_ids_types_and_nullability_are_in_the_file(tmp_path: Path) -> None:
    schema, values = every_type(6)
    key = Column(name="key", id=77, type="int64", nullable=False)
    schema = schema.model_copy(update={"columns": (key, *schema.columns)})
    (part,) = parquet.sink(frame_of(schema, {"key": list(range(6)), **values}).lazy(), schema, tmp_path / "table")
    written = pq.read_schema(part)
    assert {f.name: int(f.metadata[b"PARQUET:field_id"]) for f in written} == {c.name: c.id for c in schema.columns}
    assert [f.name for f in written if not f.nullable] == ["key"]
    assert written.field("timestamp_column").type == pa.timestamp("us", "UTC")
    assert written.field("timestamp_naive_column").type == pa.timestamp("us")
    assert written.field("time_column").type == pa.time64("us")
    assert written.field("decimal_column").type == pa.decimal128(10, 2)
    assert written.field("uint16_column").type == pa.uint16()
    back = pl.read_parquet(part)
    assert back.equals(frame_of(schema, {"key": list(range(6)), **values}))


def test_row_groups_statistics_and_parts(tmp_path: Path) -> None:
    schema = schema_of({"id": "int64"}, ("id",))
    frame = pl.LazyFrame({"id": range(300_000)})
    (part,) = parquet.sink(frame, schema, tmp_path / "one")
    facts = pq.read_metadata(part)
    assert [facts.row_group(i).num_rows for i in range(facts.num_row_groups)] == [131_072, 131_072, 37_856]
    assert (facts.row_group(1).column(0).statistics.min, facts.row_group(1).column(0).compression) == (131_072, "ZSTD")
    parts = parquet.sink(frame, schema, tmp_path / "two", part_rows=131_072 * 2)
    assert [pq.read_metadata(p).num_rows for p in parts] == [262_144, 37_856]
    assert parquet.scan(tmp_path / "two").collect()["id"].to_list() == list(range(300_000))


def test_parts_that_turn_out_too_large_are_halved(tmp_path: Path) -> None:
    schema = schema_of({"id": "int64", "text": "string"}, ("id",))
    text = [hashlib.sha256(str(i).encode()).hexdigest() for i in range(600_000)]
    frame = pl.LazyFrame({"id": range(600_000), "text": text})
    (whole,) = parquet.sink(frame, schema, tmp_path / "whole")
    limit = whole.stat().st_size // 2
    parts = parquet.sink(frame, schema, tmp_path / "parts", part_rows=8 * 131_072, part_bytes=limit)
    assert [pq.read_metadata(p).num_rows for p in parts] == [262_144, 262_144, 75_712]
    assert max(p.stat().st_size for p in parts) <= limit
    assert sorted(p.name for p in (tmp_path / "parts").iterdir()) == [p.name for p in parts]
    assert parquet.scan(tmp_path / "parts").collect().equals(frame.collect())


def test_no_rows_give_one_part_with_all_columns(tmp_path: Path) -> None:
    schema, values = every_type(0)
    (part,) = parquet.sink(frame_of(schema, values).lazy(), schema, tmp_path / "table")
    assert (part.name, pq.read_metadata(part).num_rows) == ("part-00000.parquet", 0)
    assert pq.read_schema(part).names == [c.name for c in schema.columns]


def test_other_columns_are_left_out_and_order_is_the_schemas(tmp_path: Path) -> None:
    schema = schema_of({"b": "string", "a": "int64"})
    (part,) = parquet.sink(pl.LazyFrame({"a": [1], "_record": [1], "b": ["x"]}), schema, tmp_path / "table")
    assert pq.read_schema(part).names == ["b", "a"]


def test_nulls_that_the_schema_rules_out_are_refused(tmp_path: Path) -> None:
    schema = schema_of({"a": "int64"}, ("a",))
    with pytest.raises(pl.exceptions.PolarsError, match="null"):
        parquet.sink(pl.LazyFrame({"a": [1, None]}), schema, tmp_path / "table")


def test_a_folder_is_written_once(tmp_path: Path) -> None:
    schema = schema_of({"a": "int64"})
    parquet.sink(pl.LazyFrame({"a": [1]}), schema, tmp_path)
    with pytest.raises(DataError, match="holds Parquet files already"):
        parquet.sink(pl.LazyFrame({"a": [1]}), schema, tmp_path)
