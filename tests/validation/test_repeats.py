"""Repeated records and keys, references and sums, against the real lists where they are known."""

from pathlib import Path

import polars as pl
import pytest

from include.errors import DataError
from tests.validation.given import author, published, quality, quarantined, rule, run

LOOSE = {"quarantine_pct": 100.0}
FIELDS = "a: str\nb: int\nc: str = pa.Field(nullable=True)"
ROWS = {"a": ["x", "y", "x", "x", "y"], "b": ["1", "1", "1", "1", "2"], "c": ["p", "q", "p", "r", None]}


def test_equal_records_and_equal_keys_are_kept_back_and_name_the_first(tmp_path: Path) -> None:
    folder = author(tmp_path / "p", FIELDS)
    verdict = run(folder, ROWS, key=["a", "b"], expect=LOOSE)
    assert quarantined(folder).select("record", "reasons").rows() == [
        (3, ["repeats: equal in every column to record 1"]),
        (4, ["key (a, b): repeats record 1"]),
    ]
    assert published(folder).rows() == [("x", 1, "p"), ("y", 1, "q"), ("y", 2, None)]
    assert verdict.reasons["quarantined"] == {"repeats": 1, "key": 1}


def test_equal_records_are_merged_where_the_contract_says_so(tmp_path: Path) -> None:
    folder = author(tmp_path / "p", FIELDS)
    verdict = run(folder, ROWS, key=["a", "b"], repeats="merge", expect=LOOSE)
    assert verdict.counts == {"records": 5, "added": 0, "published": 3, "quarantined": 1, "rejected": 0, "merged": 1}
    assert quarantined(folder)["record"].to_list() == [4]


def test_a_merged_record_is_judged_once(tmp_path: Path) -> None:
    folder = author(tmp_path / "p", "a: str\nb: int = pa.Field(ge=5)")
    verdict = run(folder, {"a": ["x", "x"], "b": ["1", "1"]}, repeats="merge", expect=LOOSE)
    assert (verdict.counts["merged"], verdict.counts["quarantined"]) == (1, 1)
    assert rule(folder, "b.ge")["failures"] == 1


def test_without_a_key_rows_may_repeat_if_kept(tmp_path: Path) -> None:
    folder = author(tmp_path / "p", FIELDS)
    assert run(folder, ROWS, repeats="keep").counts["published"] == 5
    assert published(folder)["c"].to_list() == ["p", "p", "r", "q", None]
    assert run(folder, ROWS, "other", expect=LOOSE).reasons["quarantined"] == {"repeats": 1}


def test_a_missing_part_of_a_key_is_a_value_of_its_own(tmp_path: Path) -> None:
    folder = author(tmp_path / "p", "a: str\nb: str = pa.Field(nullable=True)\nn: int")
    rows = {"a": ["x", "x", "x"], "b": [None, "1", None], "n": ["1", "2", "3"]}
    run(folder, rows, key=["a", "b"], expect=LOOSE)
    assert quarantined(folder)["reasons"].to_list() == [["key (a, b): repeats record 1"]]
    assert published(folder)["b"].to_list() == [None, "1"]


def test_a_key_that_cannot_be_read_repeats_nothing(tmp_path: Path) -> None:
    folder = author(tmp_path / "p", "a: int\nb: int")
    run(folder, {"a": ["x", "y", None, None, "1"], "b": ["1", "2", "3", "4", "5"]}, key=["a"], expect=LOOSE)
    assert [reasons for reasons in quarantined(folder)["reasons"].to_list() if len(reasons) != 1] == []
    assert quarantined(folder).height == 4


def test_unique_columns_count_surplus_rows_and_repeated_values(tmp_path: Path) -> None:
    folder = author(tmp_path / "p", "a: int\nb: str = pa.Field(unique=True, nullable=True)")
    rows = {"a": ["1", "2", "3", "4", "5", "6"], "b": ["x", "x", "x", "y", None, None]}
    run(folder, rows, expect={**LOOSE, "unique": [{"columns": ["b"], "severity": "warning"}]})
    assert quarantined(folder)["reasons"].to_list() == [["unique (b): repeats record 1"]] * 2
    assert rule(folder, "b.unique")["failures"] == 2
    assert rule(folder, "b.unique")["groups"] == 1
    assert rule(folder, "unique.b")["verdict"] == "warning"


def test_references_name_the_rows_without_a_counterpart(tmp_path: Path) -> None:
    pl.DataFrame({"code": ["DE", "FR"], "name": ["Germany", "France"]}).write_parquet(tmp_path / "countries.parquet")
    folder = author(tmp_path / "p", "n: int\ncountry: str = pa.Field(nullable=True)")
    rows = {"n": ["1", "2", "3"], "country": ["DE", "XX", None]}
    reference = {"columns": ["country"], "dataset": "countries", "to": ["code"]}
    expect = {**LOOSE, "references": [reference]}
    verdict = run(folder, rows, expect=expect, references={"countries": [tmp_path / "countries.parquet"]})
    assert quarantined(folder)["reasons"].to_list() == [["country: not in countries (code)"]]
    assert verdict.outcome == "done"
    absent = run(folder, rows, "absent", expect=expect)
    assert absent.outcome == "blocked"
    assert "references.countries: found no published version" in absent.problems[0]
    warned = run(
        folder, rows, "warned", references={"countries": [tmp_path / "countries.parquet"]},
        expect={"references": [{**reference, "severity": "warning"}]},
    )  # fmt: skip
    assert warned.warnings == {"references.countries": 1}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (pl.Series(["1", "2"]), "'n' is int64, 'code' is string, expected one type"),
        (pl.Series([1.0, 2.0]), "'n' is int64, 'code' is float64, expected one type"),
        (pl.Series(["DE", "FR"]).alias("other"), "there is no column 'code'"),
    ],
)
def test_a_reference_never_casts_one_type_to_another(tmp_path: Path, values: pl.Series, said: str) -> None:
    folder = author(tmp_path / "p", "n: int")
    values.alias(values.name or "code").to_frame().write_parquet(tmp_path / "codes.parquet")
    with pytest.raises(DataError, match=f"reference of n to code can't be checked: {said}"):
        run(
            folder, {"n": ["1", "3"]}, references={"codes": [tmp_path / "codes.parquet"]},
            expect={"references": [{"columns": ["n"], "dataset": "codes", "to": ["code"]}]},
        )  # fmt: skip


def test_a_reference_compares_integers_of_any_width(tmp_path: Path) -> None:
    folder = author(tmp_path / "p", "n: int")
    pl.DataFrame({"code": [1, 2]}, schema={"code": pl.UInt8}).write_parquet(tmp_path / "codes.parquet")
    reference = {"columns": ["n"], "dataset": "codes", "to": ["code"]}
    run(
        folder, {"n": ["1", "300"]}, references={"codes": [tmp_path / "codes.parquet"]},
        expect={**LOOSE, "references": [reference]},
    )  # fmt: skip
    assert quarantined(folder)["record"].to_list() == [2]


def test_a_reference_reads_columns_not_names_of_folders(tmp_path: Path) -> None:
    """DuckDB would take the value of a partition's folder, as a number, for that of every row."""
    part = tmp_path / "zone=7" / "part.parquet"
    part.parent.mkdir()
    pl.DataFrame({"zone": ["07", "08"]}).write_parquet(part)
    folder = author(tmp_path / "p", "zone: str")
    reference = {"columns": ["zone"], "dataset": "zones", "to": ["zone"]}
    expect = {**LOOSE, "references": [reference]}
    run(folder, {"zone": ["07", "7"]}, expect=expect, references={"zones": [part]})
    assert quarantined(folder)["record"].to_list() == [2]


def test_sums_by_group_count_a_missing_value_as_nothing(tmp_path: Path) -> None:
    folder = author(tmp_path / "p", "plant: str\nshare: float = pa.Field(nullable=True)")
    rows = {"plant": ["a", "a", "b", "b", "c"], "share": ["60", "40", "60", None, "99.6"]}
    sums = {"column": "share", "by": ["plant"], "total": 100, "tolerance": 0.5}
    verdict = run(folder, rows, repeats="keep", expect={"sums": [sums]})
    assert verdict.warnings == {"sums.share": 2}
    assert rule(folder, "sums.share")["groups"] == 1
    run(folder, rows, "strict", repeats="keep", expect={**LOOSE, "sums": [{**sums, "severity": "error"}]})
    assert quarantined(folder, "strict")["record"].to_list() == [3, 4]


def test_quotes_in_headings_are_no_sql(tmp_path: Path) -> None:
    """Fault 21: SQL in a heading is a heading."""
    heading = 'x" FROM t; DROP TABLE t; --'
    folder = author(tmp_path / "p", f"n: int\nx: str = pa.Field(metadata={{'source': {heading!r}}})")
    verdict = run(folder, {"n": ["1", "1"], heading: ["a", "a"]}, key=["n"], repeats="merge")
    assert verdict.counts["merged"] == 1
    assert quality(folder)["outcome"] == "done"
