"""The door to a version: what a query reads, that it is verified, and that it gives what Polars gives by itself."""

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.adapters.remote import Remote, remote
from include.contracts.columns import TableSchema
from include.errors import EnvironmentFault
from include.versions import lazily
from include.versions.lazily import Table
from tests.tables.tables import every_type, frame_of, schema_of
from tests.versions.parts import native, table

ROWS, GROUP, BLOCK = 4_000, 500, 4_096
SCHEMA = schema_of({"key": "int64", "kind": "string", "day": "date", "value": "float64", "note": "string"}, ("key",))


def frame(first: int, rows: int) -> pl.DataFrame:
    """Rows in order of their key, with texts that hardly compress, NaN and absent values."""
    key = pl.int_range(first, first + rows, eager=True).alias("key")
    return key.to_frame().select(
        "key",
        kind=pl.when(pl.col("key") % 7 > 0).then(pl.col("key") // 1000).cast(pl.String),
        day=pl.lit(dt.date(2020, 1, 1)) + pl.duration(days=pl.col("key") // 10),
        value=pl.when(pl.col("key") % 11 > 0).then(pl.col("key") * 1.5).otherwise(float("nan")),
        note=pl.col("key").hash(1).cast(pl.String) + pl.col("key").hash(2).cast(pl.String),
    )


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Remote:
    return remote("public", None, str(tmp_path_factory.mktemp("remotes")))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("place")


@pytest.fixture(scope="module")
def three(source: Remote, place: Path) -> Table:
    """Three files, the last of them short."""
    parts = [frame(0, ROWS), frame(ROWS, ROWS), frame(2 * ROWS, 10)]
    return table(parts, SCHEMA, source, place, group=GROUP, block=BLOCK)


def in_use(made: Table, place: Path, number: int, *columns: str) -> set[int]:
    """The blocks of a file that hold its footer or values of the columns, as pyarrow tells."""
    import pyarrow.parquet as pq

    file = place / f"part-{number:05d}.parquet"
    size, known = file.stat().st_size, pq.ParquetFile(file).metadata
    places = [range(size - 8 - known.serialized_size, size)]
    for group in range(known.num_row_groups):
        for at in range(known.num_columns):
            chunk = known.row_group(group).column(at)
            if chunk.path_in_schema in columns:
                start = min(filter(None, (chunk.dictionary_page_offset, chunk.data_page_offset)))
                places.append(range(start, start + chunk.total_compressed_size))
    return {byte // BLOCK for one in places for byte in (*one[::BLOCK], one[-1])}


QUERIES = {
    "all": lambda f: f,
    "one column": lambda f: f.select("note"),
    "no rows": lambda f: f.filter(pl.col("key") < 0),
    "one row": lambda f: f.filter(pl.col("key") == 4_321),
    "first rows": lambda f: f.head(7),
    "first rows of some": lambda f: f.filter(pl.col("key") > 3_990).head(20),
    "some of the first rows": lambda f: f.head(4_010).filter(pl.col("key") > 3_990),
    "last rows": lambda f: f.tail(3).select("value"),
    "middle": lambda f: f.slice(3_999, 3),
    "count": lambda f: f.select(pl.len()),
    "count of some": lambda f: f.filter(pl.col("key") >= 7_777).select(pl.len()),
    "NaN is the largest": lambda f: f.filter(pl.col("value") > 1e9).select("key"),
    "NaN is equal": lambda f: f.filter(pl.col("value") == float("nan")).select("key"),
    "texts": lambda f: f.filter(pl.col("kind").is_in(["3", "7"])),
    "days": lambda f: f.filter(pl.col("day").is_between(dt.date(2020, 6, 1), dt.date(2020, 6, 3))),
    "or": lambda f: f.filter((pl.col("key") < 5) | (pl.col("kind") == "7")),
    "absent": lambda f: f.filter(pl.col("kind").is_null() & (pl.col("key") > 7_000)),
    "not": lambda f: f.filter(~(pl.col("key") < 7_990)),
    "swapped": lambda f: f.filter(pl.lit(8_005) <= pl.col("key")),
    "sum": lambda f: f.select(pl.col("key").sum(), pl.col("note").max()),
    "group": lambda f: f.group_by("kind").agg(pl.len(), pl.col("key").max()).sort("kind"),
    "join with itself": lambda f: f.join(f.select("key", other="note"), on="key").select("key", "other").sort("key"),
}


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
@pytest.mark.parametrize("name", QUERIES)
def test_a_query_gives_what_polars_gives(three: Table, place: Path, name: str, engine: Any) -> None:
    query = QUERIES[name]
    expected = query(native(three, place)).collect()
    found = query(lazily.frame(three)).collect(engine=engine)
    assert found.equals(expected)
    assert found.schema == expected.schema
    assert (found.height == 0) == (name == "no rows")


CONDITIONS = st.recursive(
    st.one_of(
        *(
            st.builds(
                lambda op, v, c=column: getattr(pl.col(c), op)(v), st.sampled_from(("eq", "ne", "lt", "ge")), values
            )
            for column, values in {
                "key": st.integers(-10, 2 * ROWS + 20),
                "kind": st.sampled_from(["0", "3", "7", "zz", ""]),
                "day": st.dates(dt.date(2019, 12, 31), dt.date(2022, 4, 1)),
                "value": st.sampled_from([float("nan"), 0.0, 6_000.0, float("inf")]),
            }.items()
        ),
        st.builds(lambda vs: pl.col("key").is_in(vs), st.lists(st.integers(0, 2 * ROWS), min_size=1, max_size=4)),
        st.sampled_from([pl.col("kind").is_null(), pl.col("value").is_nan()]),
    ),
    lambda inner: st.one_of(
        st.builds(lambda a, b: a & b, inner, inner),
        st.builds(lambda a, b: a | b, inner, inner),
        st.builds(lambda a: ~a, inner),
    ),
    max_leaves=4,
)


@settings(max_examples=100, deadline=None)
@given(condition=CONDITIONS, first=st.one_of(st.none(), st.integers(0, 2 * ROWS + 50)), before=st.booleans())
def test_any_condition_keeps_the_rows_that_polars_keeps(
    three: Table, place: Path, condition: pl.Expr, first: int | None, before: bool
) -> None:
    def query(rows: pl.LazyFrame) -> pl.DataFrame:
        if first is not None and before:
            return rows.head(first).filter(condition).select("key").collect()
        kept = rows.filter(condition).select("key")
        return (kept if first is None else kept.head(first)).collect()

    assert query(lazily.frame(three)).equals(query(native(three, place)))


def test_every_type_comes_as_polars_and_arrow_read_it(source: Remote, tmp_path: Path) -> None:
    schema, values = every_type(40)
    rows = frame_of(schema, values)
    made = table([rows], schema, source, tmp_path, group=10, block=512)
    assert lazily.frame(made).collect().equals(rows)
    assert lazily.frame(made).collect_schema() == rows.schema
    assert pl.DataFrame(pl.from_arrow(lazily.dataset(made, None, None).to_table())).equals(rows)


def test_a_table_without_rows(source: Remote, tmp_path: Path) -> None:
    schema = SCHEMA
    made = table([frame(0, 0)], schema, source, tmp_path, group=10, block=512)
    assert lazily.frame(made).collect().equals(frame(0, 0))
    assert lazily.frame(made).select(pl.len()).collect().item() == 0
    assert lazily.dataset(made, ["key"], None).count_rows() == 0


def damaged(made: Table, number: int, keep: set[int]) -> None:
    """Garbage in all blocks of a file on the remote that are not to be kept."""
    file = Path(made.files[number].source.path(made.files[number].oid))
    file.chmod(0o644)
    with file.open("rb+") as opened:
        for block in set(range(len(made.files[number].hashes))) - keep:
            opened.seek(block * BLOCK)
            length = min(BLOCK, file.stat().st_size - block * BLOCK)
            opened.write(os.urandom(length))


def test_what_is_not_asked_for_is_neither_read_nor_needed(tmp_path: Path) -> None:
    """All blocks but those of one column and the footer are garbage."""
    source = remote("public", None, str(tmp_path / "remotes"))
    made = table([frame(0, ROWS)], SCHEMA, source, tmp_path / "place", group=GROUP, block=BLOCK)
    used = in_use(made, tmp_path / "place", 0, "day")
    assert len(used) < len(made.files[0].hashes) / 2
    damaged(made, 0, used)
    expected = native(made, tmp_path / "place")
    assert lazily.frame(made).select("day").collect().equals(expected.select("day").collect())
    assert lazily.dataset(made, ["day"], None).to_table().num_rows == ROWS
    with pytest.raises(EnvironmentFault, match=f"object {made.files[0].oid} is damaged in the 4,096 bytes from byte"):
        lazily.frame(made).select("note").collect()
    with pytest.raises(EnvironmentFault, match="is damaged in the 4,096 bytes"):
        lazily.frame(made).filter(pl.col("note") > "5").select("day").collect()


def test_row_groups_that_can_not_hold_an_answer_are_not_needed(tmp_path: Path) -> None:
    source = remote("public", None, str(tmp_path / "remotes"))
    made = table([frame(0, ROWS), frame(ROWS, ROWS)], SCHEMA, source, tmp_path / "place", group=GROUP, block=BLOCK)
    rows = native(made, tmp_path / "place")
    wanted = {
        "equal": pl.col("key") == 4_321,
        "between": pl.col("key").is_between(4_001, 4_499),
        "text and more": (pl.col("kind") == "4") & (pl.col("key") < 4_400) & (pl.col("value") > 0),
        "of a list": pl.col("key").is_in([4_002, 4_003]),
        "or": (pl.col("key") == 4_001) | (pl.col("key") == 4_002),
    }
    expected = {name: rows.filter(condition).collect() for name, condition in wanted.items()}
    first = rows.head(10).collect()
    footers = [in_use(made, tmp_path / "place", number) for number in (0, 1)]
    sizes = [len(file.hashes) for file in made.files]
    # The first row group of the second file, which begins that file, and the footers.
    damaged(made, 0, footers[0])
    damaged(made, 1, footers[1] | set(range(-(-sizes[1] // 6))))
    for name, condition in wanted.items():
        assert expected[name].height > 0
        assert lazily.frame(made).filter(condition).collect().equals(expected[name]), name
    table_of_some = lazily.dataset(made, None, pl.col("key").is_between(4_001, 4_499)).to_table()
    assert pc.min(table_of_some["key"]).as_py() == ROWS
    assert table_of_some.num_rows == GROUP
    with pytest.raises(EnvironmentFault, match="is damaged"):
        lazily.frame(made).filter(pl.col("value") == 6_482.0).collect()
    with pytest.raises(EnvironmentFault, match="is damaged"):
        lazily.frame(made).head(10).collect()
    assert first.height == 10


def test_one_flipped_byte_matters_where_it_is_used(tmp_path: Path) -> None:
    source = remote("public", None, str(tmp_path / "remotes"))
    made = table([frame(0, ROWS)], SCHEMA, source, tmp_path / "place", group=GROUP, block=BLOCK)
    file = Path(source.path(made.files[0].oid))
    good = file.read_bytes()
    used = in_use(made, tmp_path / "place", 0, "day")
    unused = sorted(set(range(len(made.files[0].hashes))) - used)
    assert used
    assert unused
    for block, fails in ((sorted(used)[3], True), (unused[3], False)):
        at = block * BLOCK + 17
        file.chmod(0o644)
        file.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        query = lazily.frame(made).select("day")
        if fails:
            with pytest.raises(EnvironmentFault, match=rf"is damaged in the 4,096 bytes from byte {block * BLOCK:,}:"):
                query.collect()
        else:
            assert query.collect().height == ROWS
    file.write_bytes(good[:-1])
    with pytest.raises(EnvironmentFault, match="is damaged in"):
        lazily.frame(made).select("day").collect()
    file.unlink()
    with pytest.raises(EnvironmentFault, match="is absent from remote 'public'"):
        lazily.frame(made).select("day").collect()


def test_a_damaged_copy_in_the_cache_is_moved_aside_and_the_remote_read(tmp_path: Path) -> None:
    source = remote("public", None, str(tmp_path / "remotes"))
    made = table([frame(0, ROWS)], SCHEMA, source, tmp_path / "place", group=GROUP, block=BLOCK)
    oid = made.files[0].oid
    cached = made.files[0].cache / "files" / "md5" / oid[:2] / oid[2:]
    cached.parent.mkdir(parents=True)
    good = Path(source.path(oid)).read_bytes()
    cached.write_bytes(good)
    Path(source.path(oid)).rename(tmp_path / "away")
    expected = native(made, tmp_path / "place").collect()
    assert lazily.frame(made).collect().equals(expected)
    cached.write_bytes(good[:5_000] + b"rotten" + good[5_006:])
    (tmp_path / "away").rename(source.path(oid))
    assert lazily.frame(made).collect().equals(expected)
    (aside,) = (made.files[0].cache / "corrupt").iterdir()
    assert aside.read_bytes()[5_000:5_006] == b"rotten"
    assert not cached.exists()


COUNT = """
import sys, polars as pl
from pathlib import Path
from include.adapters.partial import Object
from include.adapters.remote import remote
from include.contracts.columns import TableSchema
from include.versions import lazily
place, root, block, *columns = sys.argv[1:]
hashes = (Path(place) / "hashes").read_bytes()
oid = (Path(place) / "oid").read_text()
parts = tuple(hashes[at : at + 32] for at in range(0, len(hashes), 32))
file = Object(oid, int(block), parts, remote("public", None, root), Path(place) / "cache")
rows = lazily.frame(lazily.Table((file,), TableSchema.from_json((Path(place) / "schema.json").read_text())))
rows.select(pl.len()).collect()
read = lambda: int(Path("/proc/self/io").read_text().split()[1])
before = read()
rows.select(columns).collect()
print(read() - before)
"""


def read_by(made: Table, place: Path, root: Path, *columns: str, threads: str = "2") -> int:
    """The bytes that a process of its own reads, of whatever, to have these columns."""
    (place / "hashes").write_bytes(b"".join(made.files[0].hashes))
    (place / "oid").write_text(made.files[0].oid)
    (place / "schema.json").write_text(made.schema.to_json())
    command = [sys.executable, "-c", COUNT, str(place), str(root), str(made.files[0].block), *columns]
    environment = os.environ | {"POLARS_MAX_THREADS": threads}
    project = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=project, env=environment, check=True, capture_output=True, text=True, timeout=60)
    return int(done.stdout)


def test_one_column_of_many_is_read_only(tmp_path: Path) -> None:
    """Counted by the kernel: all bytes that the process reads, twice for the column (its hash, its values)."""
    names = [f"c{number}" for number in range(20)]
    schema = schema_of(dict.fromkeys(names, "int64"))
    rows = pl.int_range(60_000, eager=True).alias("i").to_frame()
    wide = rows.select(pl.col("i").hash(seed).reinterpret(signed=True).alias(name) for seed, name in enumerate(names))
    source = remote("public", None, str(tmp_path / "remotes"))
    made = table([wide], schema, source, tmp_path / "place", group=20_000, block=BLOCK)
    whole = Path(source.path(made.files[0].oid)).stat().st_size
    column = whole / 20
    assert whole > 9_000_000
    one = read_by(made, tmp_path / "place", tmp_path / "remotes", "c7")
    assert column < one < 2.5 * column
    assert read_by(made, tmp_path / "place", tmp_path / "remotes", *names, threads="1") > 1.9 * whole


def test_duckdb_reads_what_it_needs_of_the_frame_and_of_the_dataset(tmp_path: Path) -> None:
    source = remote("public", None, str(tmp_path / "remotes"))
    made = table([frame(0, ROWS)], SCHEMA, source, tmp_path / "place", group=GROUP, block=BLOCK)
    damaged(made, 0, in_use(made, tmp_path / "place", 0, "day", "key"))
    rows = lazily.frame(made)  # noqa: F841 - DuckDB finds it by its name
    found = duckdb.sql("select day, count(*) from rows where key >= 3990 group by day").fetchall()
    assert found == [(dt.date(2020, 1, 1) + dt.timedelta(days=399), 10)]
    with pytest.raises(duckdb.Error, match="is damaged in the 4,096 bytes"):
        duckdb.sql("select max(note) from rows").fetchall()
    days = lazily.dataset(made, ["key", "day"], None)
    assert duckdb.sql("select max(day) from days where key < 10").fetchall() == [(dt.date(2020, 1, 1),)]
    assert days.schema.names == ["key", "day"]


def test_types_of_a_schema_are_those_of_its_files(three: Table, place: Path) -> None:
    assert isinstance(three.schema, TableSchema)
    assert lazily.frame(three).collect_schema() == native(three, place).collect_schema()
    assert lazily.dataset(three, ["value", "key"], None).schema.names == ["value", "key"]
