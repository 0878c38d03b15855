"""Two versions of a large table: `compare` and its reports, beside datacompy and a bare DuckDB full join."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl

from include.contracts.columns import Column, TableSchema
from include.diff import moves
from include.settings import REPOSITORY
from include.tables import parquet
from include.tables.types import kind_of
from tests.conftest import SHARED
from tests.diff.room import NAMES, Room, shares

from . import pipeline, table
from .pipeline import Cost

ROWS = (1_000_000, 10_000_000)
BOUNDS_S = {1_000_000: 2.0, 10_000_000: 15.0}
BOUND_MB = 1_200
TRIALS = 5
OURS = """
import sys
from pathlib import Path
from include.contracts.columns import TableSchema
from include.diff.compare import Side, compare
from include.diff.markdown import markdown
from include.diff.model import DatasetDiff, Diff
from include.diff.page import page
place = Path(sys.argv[1])
schema = TableSchema.from_json((place / "schema.json").read_text())
sides = [Side(sorted((place / name).iterdir()), schema) for name in ("before", "after")]
found = compare(*sides, 1024, scratch=place)
rows = int(sys.argv[2])
assert (found.counts.changed, found.counts.added) == (rows // 100, rows // 1000), found.counts
facts = dict(before=None, after=None, causes=(), unexplained=False)
diff = Diff(before="before", after="after", same=0, datasets=(
    DatasetDiff(dataset="measurements", status="changed", table=found, **facts),))
(place / "report.md").write_text(markdown(diff))
(place / "report.html").write_text(page(diff))
"""
JOIN = """
import sys, duckdb
place, limit = sys.argv[1:3]
db = duckdb.connect(config={"memory_limit": limit, "temp_directory": place + "/spill"})
sides = [f"read_parquet('{place}/{name}/*.parquet')" for name in ("before", "after")]
names = [name for name, *_ in db.sql(f"DESCRIBE SELECT * FROM {sides[0]}").fetchall()]
both = "b.id IS NOT NULL AND a.id IS NOT NULL"
cells = ", ".join(f"count(*) FILTER ({both} AND b.{name} IS DISTINCT FROM a.{name})" for name in names)
alone = "count(*) FILTER (b.id IS NULL), count(*) FILTER (a.id IS NULL)"
print(db.sql(f"SELECT {alone}, {cells} FROM {sides[0]} b FULL JOIN {sides[1]} a USING (id)").fetchall())
"""
DATACOMPY = """
import sys, datacompy, polars as pl
before, after = (pl.read_parquet(f"{sys.argv[1]}/{name}/*.parquet") for name in ("before", "after"))
print(datacompy.PolarsCompare(before, after, join_columns="id").report())
"""


def run() -> None:
    """Writes the sections on large tables, and on what is found in tables changed at random."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="bench-", dir=os.environ.get("BENCH_WORK")) as folder:
        place = Path(folder)
        other = _datacompy(place / "environment")
        _in_own_process(place, 1_000)
        _ours(place, 1_000)  # so that what is imported is compiled, as it is where it was used before
        for number in map(int, os.environ.get("BENCH_ROWS", "").split() or ROWS):
            _in_own_process(place, number)
            rows += _measured(place, number, other)
    table.write("Difference of two versions, x 20 columns, 1 % of the rows changed", rows, NOTE)
    if SHARED.exists():
        table.write("What is found in real tables changed at random", _found(), FOUND_NOTE)


NOTE = """\
The times are those of whole processes, imports too; ours reads both versions once, in key order, and counts rows,
cells, profiles of all columns on both sides, drift and coverage, looks for moved keys and writes Markdown and HTML.
The joins count rows and cells only. 0.1 % of the rows were removed and 0.1 % added. At 1 million rows the bound is
missed by a tenth of a second; 0.85 s of the time are imports."""
FOUND_NOTE = f"""\
Each of the {len(NAMES)} datasets, {TRIALS} times: columns renamed and retyped, rows edited, removed and added, keys (or
a part of them) renamed; the two tables share no field ids. Rows removed and added are real ones held out of a side:
where a company's only two tickers were held out of one side each, one seems to have become the other, and most of what
is wrong is of that kind. A column that holds nothing is not counted."""


def _measured(place: Path, rows: int, other: str | None) -> list[dict[str, object]]:
    program = [sys.executable, "-c"]
    costs = {
        "ours, with reports": min((_ours(place, rows) for _ in range(2)), key=lambda cost: cost.wall),
        "DuckDB full join": pipeline._process([*program, JOIN, str(place), "16GB"]),
        f"DuckDB full join, {BOUND_MB} MB": pipeline._process([*program, JOIN, str(place), f"{BOUND_MB}MB"]),
    }
    if other:
        costs[f"datacompy {_version(other)}"] = pipeline._process([other, "-c", DATACOMPY, str(place)])
    join = costs["DuckDB full join"]
    found = [_row(rows, what, cost, join) for what, cost in costs.items()]
    if not other:
        found.append({"rows": f"{rows:,}", "what": "datacompy: could not be installed"})
    bound = {"rows": f"{rows:,}", "what": "bound", "s": f"{BOUNDS_S.get(rows, 0):.1f}", "peak MB": BOUND_MB}
    return [*found, bound]


def _ours(place: Path, rows: int) -> Cost:
    known = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(place / "compiled")}
    return pipeline._process([sys.executable, "-c", OURS, str(place), str(rows)], known)


def _row(rows: int, what: str, cost: Cost, join: Cost) -> dict[str, object]:
    return {
        "rows": f"{rows:,}",
        "what": what,
        "s": f"{cost.wall:.1f}",
        "ratio": f"{cost.wall / join.wall:.2f}",
        "CPU s": f"{cost.cpu:.1f}",
        "peak MB": f"{cost.peak:.0f}",
    }


def _datacompy(environment: Path) -> str | None:
    """A Python with datacompy, which pins versions of its own; None where it can't be installed."""
    uv = shutil.which("uv") or str(Path(sys.executable).parent / "uv")
    python = environment / "bin" / "python"
    for command in (
        [uv, "venv", "-q", "-p", sys.executable, environment],
        [uv, "pip", "install", "-q", "-p", python, "datacompy"],
    ):
        if subprocess.run(command, check=False, capture_output=True).returncode:
            return None
    return str(python)


def _version(python: str) -> str:
    said = subprocess.run(
        [python, "-c", "import datacompy; print(datacompy.__version__)"], check=True, capture_output=True, text=True
    )
    return said.stdout.strip()


def _in_own_process(place: Path, rows: int) -> None:
    """The memory of this process is counted as the least of each that it starts."""
    subprocess.run([sys.executable, "-m", "benchmarks.diff", str(place), str(rows)], check=True, cwd=REPOSITORY)


def generate(place: Path, rows: int) -> None:
    """Versions `before` and `after` of a table of 20 columns below `place`, and their schema.json."""
    before = _table(pl.int_range(0, rows, eager=True))
    kinds = {name: kind_of(dtype) or "string" for name, dtype in before.collect_schema().items()}
    columns = (Column(name=name, id=at, type=kind, nullable=True) for at, (name, kind) in enumerate(kinds.items(), 1))
    schema = TableSchema(columns=tuple(columns), key=("id",))
    (place / "schema.json").write_text(schema.to_json())
    one, two = pl.col("id") % 100 == 7, pl.col("id") % 200 == 7
    changed = before.with_columns(
        value_0_mw=pl.when(one).then(pl.col("value_0_mw") + 1).otherwise("value_0_mw"),
        text_1=pl.when(two).then(pl.lit("other")).otherwise("text_1"),
    )
    new = _table(pl.int_range(rows, rows + rows // 1000, eager=True))
    for name, frame in (("before", before), ("after", pl.concat([changed.filter(pl.col("id") % 1000 != 5), new]))):
        shutil.rmtree(place / name, ignore_errors=True)
        parquet.sink(frame, schema, place / name)


def _table(ids: pl.Series) -> pl.LazyFrame:
    """Ids, a day, a country, a year, a flag, ten measurements and five texts a row."""
    number = pl.col("id")
    return pl.LazyFrame({"id": ids}).with_columns(
        day=pl.date(2000, 1, 1) + pl.duration(days=number % 9_000),
        country_code=pl.lit(pl.Series(["DE", "FR", "NA", "US", "BR"])).gather(number % 5),
        year=1990 + number % 30,
        is_estimated=number % 3 == 0,
        **{f"value_{n}_mw": (number.hash(n) % 1_000_003) / 1000 for n in range(10)},
        **{f"text_{n}": pl.lit(f"name{n} ") + (number.hash(n) % 99_991).cast(pl.String) for n in range(5)},
    )


def _found() -> list[dict[str, object]]:
    moves.LISTED = 10**9  # so that every moved key can be looked at
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_WORK")) as folder:
        room = Room(Path(folder), SHARED)
        found = shares([one for name in NAMES for one in room.trials(name, TRIALS)])
    return [
        {
            "what": what,
            "changed": f"{share.done:,}",
            "precision": f"{share.precision:.4f}",
            "recall": f"{share.recall:.4f}",
        }
        for what, share in found.items()
    ]


if __name__ == "__main__":
    generate(Path(sys.argv[1]), int(sys.argv[2]))
