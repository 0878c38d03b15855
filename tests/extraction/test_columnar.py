"""Parquet and SQLite keep their types."""

import io
import sqlite3

import polars as pl
import pytest

from include.errors import ContractError, SourceError
from include.extraction.caps import Caps


def parquet(frame):
    data = io.BytesIO()
    frame.write_parquet(data)
    return data.getvalue()


def database(tmp_path, *statements):
    path = tmp_path / "made.db"
    with sqlite3.connect(path) as made:
        for statement in statements:
            made.execute(statement)
    made.close()
    return path.read_bytes()


def test_parquet_types_stay(read_bytes):
    frame = pl.DataFrame({"n": [1, None], "x": [1.5, 2.5], "t": ["", "NA"], "b": [True, None]})
    frame = frame.with_columns(c=pl.Series(["u", "v"], dtype=pl.Categorical), d=pl.date(2020, 1, 2))
    table = read_bytes(parquet(frame), name="t.parquet")
    assert table.frame.schema["n"] == pl.Int64
    assert table.frame.schema["c"] == pl.String
    assert table.rows == [(1, 1.5, None, True, "u", frame["d"][0]), (None, 2.5, "NA", None, "v", frame["d"][0])]
    assert table.numbers == [1, 2]


def test_a_parquet_file_is_named_not_matched(read_bytes, tmp_path):
    """A source may call its file anything; the folders above it are the user's."""
    table = read_bytes(parquet(pl.DataFrame({"n": [7]})), name="t[1]*.parquet")
    assert (table.rows, table.numbers) == ([(7,)], [1])


def test_a_parquet_column_may_have_our_name(read_bytes):
    table = read_bytes(parquet(pl.DataFrame({"_record": [7, 8]})), name="t.parquet")
    assert (table.headings, table.rows, table.numbers) == (["_record (2)"], [(7,), (8,)], [1, 2])


def test_broken_parquet(read_bytes):
    data = parquet(pl.DataFrame({"a": list(range(10_000))}))
    for broken in (data[:-5], data[: len(data) // 2], data[:4] + b"\xff" * 40 + data[44:]):
        with pytest.raises(SourceError, match=r"t\.parquet: not a sound Parquet file"):
            read_bytes(broken, name="t.parquet")


def test_a_parquet_bomb_is_refused_from_its_footer(read_bytes):
    """Fault 15."""
    data = parquet(pl.select(a=pl.repeat("x", 3_000_000)))
    assert len(data) < 100_000
    with pytest.raises(SourceError, match="more than 1,000,000 records"):
        read_bytes(data, name="t.parquet", caps=Caps(rows=1_000_000))


def test_three_sectors_of_legal_entities(read_paths, shared):
    names = ["energy_power", "oil_gas_petrochemicals", "clean_tech_renewables"]
    reading = read_paths(*(shared / "gleif_lei" / f"gleif_{name}.parquet" for name in names))
    frames = [pl.read_parquet(path) for path in reading.frames.values()]
    assert reading.records == 107_070
    assert [frame.height for frame in frames] == [35_396, 37_935, 33_739]
    assert frames[1]["_record"][0] == 35_397
    assert frames[2]["_record"][-1] == 107_070


def test_sqlite_types_by_what_is_stored(read_bytes, tmp_path):
    data = database(
        tmp_path,
        'CREATE TABLE "my ""t" (i, r, x, s TEXT, e)',
        """INSERT INTO "my ""t" VALUES (1, 1.5, 1, 'é', NULL), (NULL, 2, 'two', '', NULL), (3, NULL, 3.5, 'NA', '')""",
    )
    table = read_bytes(data, name="t.db", table='my "t')
    assert table.frame.drop("_record").dtypes == [pl.Int64, pl.String, pl.String, pl.String, pl.String]
    assert table.rows == [(1, "1.5", "1", "é", None), (None, "2", "two", None, None), (3, None, "3.5", "NA", None)]


def test_sqlite_rows_that_are_not_text_are_rejected(read_bytes, tmp_path):
    data = database(tmp_path, "CREATE TABLE t (a)", "INSERT INTO t VALUES (1), (x'ff00'), (CAST(x'e9' AS TEXT)), (4)")
    table = read_bytes(data, name="t.db", table="t")
    assert table.rows == [("1",), ("4",)]
    assert table.numbers == [1, 4]
    assert table.reading.rejected == {"a value is not text or a number": 2}
    assert table.reading.rejected_rows[0].place == "t.db, record 2"


def test_sqlite_tables_are_named_and_views_are_not_run(read_bytes, tmp_path):
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    data = database(tmp_path, "CREATE TABLE a (x)", "CREATE TABLE b (x)", f"CREATE VIEW v AS {endless}")
    with pytest.raises(ContractError, match=r"SQLite needs source\.table, one of its tables: a, b\. Add it"):
        read_bytes(data, name="t.db")
    with pytest.raises(SourceError, match=r"no table 'v', found a, b\. Correct source\.table"):
        read_bytes(data, name="t.db", table="v")


def test_a_broken_database(read_bytes, tmp_path):
    data = database(
        tmp_path, "CREATE TABLE a (x)", "INSERT INTO a SELECT hex(randomblob(3000)) FROM pragma_function_list"
    )
    assert len(data) > 100_000
    with pytest.raises(SourceError, match=r"t\.db: not a sound SQLite file"):
        read_bytes(data[:4096] + b"\xff" * (len(data) - 4096), name="t.db", table="a")


def test_power_plants_of_a_database(read_paths, shared):
    reading = read_paths(shared / "gppd_sqlite_federated" / "pp.db", table="PP")
    (frame,) = (pl.read_parquet(path) for path in reading.frames.values())
    assert reading.records == frame.height == 28_664
    assert frame.schema["capacityMW"] in (pl.Float64, pl.Int64)
    assert frame["gppdId"].n_unique() == 28_664
    assert [path.name for path in (shared / "gppd_sqlite_federated").iterdir()] != []
