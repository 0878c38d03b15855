"""From extracted rows to a version's files: nothing lost, every reason named, the same bytes again."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest

from include.errors import ContractError, DataError
from include.validation import split
from include.validation.run import validate
from include.validation.schema import load
from include.validation.verdict import Counted, balance
from tests.validation.given import (
    TODAY,
    author,
    contract,
    last,
    published,
    quality,
    quarantined,
    rule,
    run,
    table_schema,
)

FIELDS = """
plant_id: int = pa.Field(ge=1, description="x")
fuel: str = pa.Field(isin=["coal", "gas"], description="x")
capacity_mw: float = pa.Field(ge=0, le=5000, nullable=True, description="x")
"""
LOOSE = {"quarantine_pct": 100.0}


@pytest.fixture
def plants(tmp_path: Path) -> Path:
    return author(tmp_path / "plants", FIELDS)


def columns(*rows: tuple[Any, ...]) -> dict[str, list[Any]]:
    return {n: [row[i] for row in rows] for i, n in enumerate(("Plant ID", "fuel", "Capacity MW"))}


def test_good_rows_are_published_in_key_order_with_field_ids(plants: Path) -> None:
    verdict = run(plants, columns(("3", "gas", "1.5"), ("1", "coal", None), ("2", "gas", "0")), key=["plant_id"])
    assert verdict.outcome == "done"
    assert published(plants).rows() == [(1, "coal", None), (2, "gas", 0.0), (3, "gas", 1.5)]
    layout = pq.read_schema(plants / "version/table/part-00000.parquet")
    assert [layout.field(n).metadata[b"PARQUET:field_id"] for n in range(3)] == [b"1", b"2", b"3"]
    assert verdict.counts == {"records": 3, "added": 0, "published": 3, "quarantined": 0, "rejected": 0, "merged": 0}
    assert {p.name for p in (plants / "version").iterdir()} == {
        "table", "quarantine.parquet", "quality.json", "report.md", "report.html",
    }  # fmt: skip


def test_a_row_is_kept_back_with_every_reason_it_fails_for(plants: Path) -> None:
    verdict = run(plants, columns(("1", "gas", "1"), ("0", "wind", "x"), (None, "gas", "9999")), expect=LOOSE)
    kept = quarantined(plants)
    assert kept["record"].to_list() == [2, 3]
    assert kept["reasons"].to_list() == [
        [
            "plant_id: 0 is less than 1 (ge)",
            "fuel: 'wind' is none of coal, gas (isin)",
            "capacity_mw: 'x' is not a finite number (float64)",
        ],
        ["plant_id: is missing", "capacity_mw: 9999.0 is more than 5000 (le)"],
    ]
    assert kept.select("plant_id", "fuel", "capacity_mw").rows() == [("0", "wind", "x"), (None, "gas", "9999")]
    assert verdict.counts["published"] == 1
    assert verdict.reasons["quarantined"] == {
        "plant_id.nullable": 1, "plant_id.ge": 1, "fuel.isin": 1, "capacity_mw.type": 1, "capacity_mw.le": 1,
    }  # fmt: skip


def test_warnings_are_counted_and_the_rows_stay(tmp_path: Path) -> None:
    folder = author(tmp_path / "p", "a: int = pa.Field(ge=10, raise_warning=True)\nb: int = pa.Field(ge=10)")
    verdict = run(folder, {"a": ["1", "20", "2"], "b": ["10", "11", "1"]}, expect=LOOSE)
    assert published(folder).rows() == [(1, 10), (20, 11)]
    assert verdict.warnings == {"a.ge": 2}
    assert rule(folder, "a.ge")["verdict"] == "warning"
    assert quarantined(folder)["reasons"].to_list() == [["b: 1 is less than 10 (ge)"]]


def test_rules_across_columns_and_rows_see_the_whole_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that looks at other rows must not depend on where a batch ends."""
    monkeypatch.setattr(split, "BATCH", 2)
    fields = """
low: int
high: int
@pa.dataframe_check
def ordered(cls, data):
    return data.lazyframe.select(pl.col("low") <= pl.col("high"))
@pa.check("low", name="within_mean", error="is above twice the mean of all rows")
def _mean(cls, data):
    return data.lazyframe.select(pl.col(data.key) <= 2 * pl.col(data.key).mean())
"""
    folder = author(tmp_path / "p", fields)
    verdict = run(folder, {"low": ["1", "1", "1", "9", "1"], "high": ["2", "0", "3", "10", "x"]}, expect=LOOSE)
    assert quarantined(folder).select("record", "reasons").rows() == [
        (2, ["ordered: the row fails it"]),
        (4, ["low: 9 is above twice the mean of all rows (within_mean)"]),
        (5, ["high: 'x' is not a whole number (int64)"]),
    ]
    assert verdict.counts["published"] == 2


def test_a_check_that_cannot_run_names_its_line(tmp_path: Path) -> None:
    folder = author(tmp_path / "p", "a: str = pa.Field(ge=1)")
    with pytest.raises(ContractError, match=r"p/schema.py:8: a check of column 'a' can't run"):
        run(folder, {"a": ["x"]})
    scalar = '@pa.check("a")\ndef few(cls, data):\n    return data.lazyframe.select(pl.col("a").n_unique() < 3)'
    folder = author(tmp_path / "q", f"a: str\n{scalar}")
    with pytest.raises(ContractError, match="gave 1 answers, expected one for each of 2 rows"):
        run(folder, {"a": ["x", "y"]})


def test_values_in_restricted_columns_stay_out_of_reports(tmp_path: Path) -> None:
    folder = author(tmp_path / "p", 'code: str = pa.Field(str_matches="^T", metadata={"sensitivity": "restricted"})')
    run(folder, {"code": ["TX1", "SECRET-77"]}, expect=LOOSE)
    assert quarantined(folder)["reasons"].to_list() == [["code: 'SECRET-77' does not match ^T (str_matches)"]]
    for name in ("quality.json", "report.md", "report.html"):
        text = (folder / "version" / name).read_text()
        assert "masked" in text
        assert "SECRET" not in text
        assert "TX1" not in text


def test_columns_that_some_files_lack_are_missing_there(plants: Path) -> None:
    folder = plants / "extracted"
    folder.mkdir()
    pl.DataFrame({"_record": [1], "Plant ID": ["1"], "fuel": ["gas"]}).write_parquet(folder / "00000.parquet")
    more = {"_record": [2, 3], "Capacity MW": ["2", "2"], "fuel": ["gas", "gas"], "Plant ID": ["2", "2"]}
    pl.DataFrame(more).write_parquet(folder / "00001.parquet")
    promised = contract(repeats="merge", key=["plant_id"])
    verdict = validate(
        folder, load(plants), table_schema(plants, promised), promised, None, {}, plants / "version", 256, today=TODAY
    )
    assert published(plants).rows() == [(1, "gas", None), (2, "gas", 2.0)]
    assert verdict.counts["merged"] == 1


def test_the_account_holds_with_what_extract_counted(plants: Path) -> None:
    counted = Counted(5, rejected={"a broken line": 1}, merged={"melted": 2}, added={"one a month": 1})
    verdict = run(
        plants, columns(("1", "gas", "1"), ("2", "gas", "1"), ("3", "oil", "1")), counted=counted, expect=LOOSE
    )
    assert verdict.counts == {"records": 5, "added": 1, "published": 2, "quarantined": 1, "rejected": 1, "merged": 2}
    with pytest.raises(DataError, match="6 came in, 7 are accounted for"):
        run(plants, columns(*[("1", "gas", "1")] * 4), "other", counted=counted, repeats="keep")
    with pytest.raises(DataError, match="doesn't balance"):
        balance(verdict.counts | {"published": 3})


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


AGAIN = """
import sys
from pathlib import Path
from tests.validation import given
frame = given.pl.read_parquet(sys.argv[2]).drop("_record")
given.run(Path(sys.argv[1]), frame, sys.argv[3], key=["plant_id"], expect={"quarantine_pct": 100.0}, memory_mb=1)
"""


def test_the_same_input_gives_the_same_bytes_on_any_number_of_threads(tmp_path: Path) -> None:
    """With a memory so small that the table is sorted by way of several buckets."""
    folder = author(tmp_path / "plants", FIELDS)
    number = 30_000
    frame = pl.select(
        pl.int_range(number).shuffle(seed=1).cast(pl.String).alias("Plant ID"),
        pl.when(pl.int_range(number) % 97 == 0).then(pl.lit("oil")).otherwise(pl.lit("gas")).alias("fuel"),
        (pl.int_range(number) / 7).cast(pl.String).alias("Capacity MW"),
    )
    frame.with_row_index("_record").write_parquet(tmp_path / "in.parquet")
    for threads in ("1", "4"):
        environment = {**os.environ, "POLARS_MAX_THREADS": threads, "PYTHONHASHSEED": threads}
        command = [sys.executable, "-c", AGAIN, str(folder), str(tmp_path / "in.parquet"), f"v{threads}"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
    found = [_digests(folder / f"v{threads}") for threads in ("1", "4")]
    assert len(found[0]) == 5
    assert found[0] == found[1]
    assert published(folder, "v1")["plant_id"].is_sorted()
    assert published(folder, "v1").height + quarantined(folder, "v1").height == number
    assert quality(folder, "v1")["columns"]["capacity_mw"]["max"] == pytest.approx((number - 1) / 7)


def test_null_texts_and_formulas_come_out_as_they_went_in(tmp_path: Path) -> None:
    """Fault 19 and 20: "NA", "null" and formulas are values, stored faithfully."""
    texts = ["NA", "null", "None", "NaN", '=HYPERLINK("x")', "+1", "@x", "", " ", "a\x00b", "\ufeffé"]
    folder = author(tmp_path / "p", "n: int\ntext: str = pa.Field(nullable=True)")
    run(folder, {"n": [str(n) for n in range(len(texts))], "text": texts}, key=["n"])
    assert published(folder)["text"].to_list() == [text or None for text in texts]
    assert "<script" not in (folder / "version/report.html").read_text()


def test_partitions_are_one_folder_a_value(tmp_path: Path) -> None:
    folder = author(tmp_path / "p", "year: int\nid: int")
    run(folder, {"year": ["2020", "2019", "2020"], "id": ["2", "1", "1"]}, partition="year", key=["year", "id"])
    parts = sorted(
        p.relative_to(folder / "version/table").as_posix() for p in (folder / "version/table").rglob("*.parquet")
    )
    assert parts == ["year=2019/part-00000.parquet", "year=2020/part-00000.parquet"]
    assert published(folder).rows() == [(2019, 1), (2020, 1), (2020, 2)]


def test_an_optional_column_may_be_absent(tmp_path: Path) -> None:
    folder = author(tmp_path / "p", "a: int\nb: Optional[int] = pa.Field(nullable=True)")
    file = folder / "schema.py"
    file.write_text("from typing import Optional\n" + file.read_text())
    assert run(folder, {"a": ["1"]}, expect={"nulls_pct": {"b": 100.0}}).outcome == "done"
    assert published(folder).rows() == [(1, None)]


def test_signs_of_patterns_in_paths_are_letters(tmp_path: Path) -> None:
    folder = author(tmp_path / "a[1]*b?{c}", "id: int\nzone: str")
    decoy = author(tmp_path / "a1xb", "id: int\nzone: str")
    rows = {"id": ["2", "1", "1"], "zone": ["x", "y", "z"]}
    target = folder.parent / "zones[0]" / "zone=1" / "part.parquet"
    target.parent.mkdir(parents=True)
    pl.DataFrame({"zone": ["x", "y"]}).write_parquet(target)
    alike = folder.parent / "zones0" / "zone=1" / "part.parquet"  # what the name of the target matches as a pattern
    alike.parent.mkdir(parents=True)
    pl.DataFrame({"zone": ["z"]}).write_parquet(alike)
    references = [{"columns": ["zone"], "dataset": "zones", "to": ["zone"]}]
    expect = {
        "quarantine_pct": 100.0,
        "references": references,
        "drift": {"id": 100.0},
        "unique": [{"columns": ["id"]}],
    }
    for where in (decoy, folder):
        run(where, rows, partition="id", expect=expect, references={"zones": [target]})
    verdict = run(
        folder, rows, "next", partition="id", expect=expect, references={"zones": [target]}, previous=last(folder)
    )
    assert (verdict.outcome, verdict.counts["published"], verdict.counts["quarantined"]) == ("done", 2, 1)
    assert published(folder, "next").rows() == [(1, "y"), (2, "x")]


def test_a_partition_of_too_many_or_too_long_values_is_refused(tmp_path: Path) -> None:
    folder = author(tmp_path / "p", "name: str")
    with pytest.raises(DataError, match=r"'name' has 1,001 values, expected at most 1,000\. Partition by"):
        run(folder, {"name": [f"n{number}" for number in range(1001)]}, partition="name")
    assert not list((folder / "version" / "table").rglob("*.parquet"))
    with pytest.raises(
        DataError, match=r"1 values of 'name' give folder names of over 200 bytes, such as 'name=%C3%A9"
    ):
        run(folder, {"name": ["é" * 33, "é" * 32]}, "long", partition="name")
    assert run(folder, {"name": ["é" * 32, "n"]}, "short", partition="name").counts["published"] == 2


def test_lists_and_structs_are_refused_by_column_and_type(tmp_path: Path) -> None:
    folder = author(tmp_path / "p", "id: int\ntags: str\nplace: str")
    rows = pl.DataFrame({"id": ["1"], "tags": [["a", "b"]], "place": [{"lat": 1.0}]})
    with pytest.raises(ContractError) as caught:
        run(folder, rows)
    assert [problem.split(": ", 1)[1].partition(",")[0] for problem in caught.value.problems] == [
        "column 'tags' comes as List(String) under heading 'tags'",
        "column 'place' comes as Struct({'lat': Float64}) under heading 'place'",
    ]
    assert "Flatten it in extract.py" in str(caught.value)
    assert run(folder, rows.rename({"tags": "labels"}), "gone", previous=None).outcome == "blocked"
