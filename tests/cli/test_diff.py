"""`commons diff` as people and programs call it: what it prints, writes and exits with."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from include.settings import REPOSITORY
from tests.clone import environment, make_clone
from tests.clone import run as typed
from tests.versions.house import git


def commons(*arguments: str, at: Path = REPOSITORY, code: int = 0) -> subprocess.CompletedProcess[str]:
    """What the command says; its exit code must be `code`."""
    command = [sys.executable, "-P", "-m", "include.cli", *arguments]
    known = environment() | {"PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, cwd=at, env=known, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def written(file: Path, *rows: Any) -> str:
    with file.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows(rows)
    return str(file)


@pytest.fixture
def before(tmp_path: Path) -> str:
    return written(tmp_path / "a.csv", ("Plant ID", "Owner"), *((f"P{n:03}", f"Owner {n}") for n in range(200)))


def test_equal_files_exit_with_0_and_say_so(before: str, tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_bytes(Path(before).read_bytes())
    assert "no row differs" in commons("diff", before, str(tmp_path / "b.csv"), "--key", "Plant ID").stdout


def test_files_that_differ_exit_with_1_and_are_compared_by_their_key(before: str, tmp_path: Path) -> None:
    rows = [(f"P{n:03}", f"Owner {n}") for n in range(1, 201)]
    rows[4] = ("P005", "NA")
    after = written(tmp_path / "b.csv", ("Plant ID", "Owner"), *rows)
    said = commons("diff", before, after, "--key", "plant_id", code=1).stdout
    assert "200 rows before, 200 after: 1 added, 1 removed, 1 changed." in said
    assert " ".join(next(line for line in said.splitlines() if "P005" in line).split()) == (
        "changed plant_id P005 owner Owner 5 NA"
    )


def test_a_changed_row_is_shown_however_many_came_and_went(tmp_path: Path) -> None:
    heading = ("id", *(f"c{at}" for at in range(9)))
    rows = [(f"P{n:03}", *(f"{n} {at}" for at in range(9))) for n in range(60)]
    changed = [(*row[:-1], "corrected") if row[0] == "P030" else row for row in rows]
    sides = (written(tmp_path / "a.csv", heading, *rows[:50]), written(tmp_path / "b.csv", heading, *changed[10:]))
    said = commons("diff", *sides, "--key", "id", code=1).stdout
    assert "50 rows before, 50 after: 10 added, 10 removed, 1 changed." in said
    line = next(line for line in said.splitlines() if "P030" in line)
    assert re.sub(" +", " ", line).strip() == "changed id P030 c8 30 8 corrected"
    assert len(line) < 100, "filled up with spaces"


def test_without_a_key_rows_are_a_multiset_and_that_is_said(before: str, tmp_path: Path) -> None:
    rows = [(f"P{n:03}", f"Owner {n}") for n in (0, *range(200))]
    said = commons("diff", before, written(tmp_path / "b.csv", ("Plant ID", "Owner"), *rows), code=1).stdout
    assert "200 rows before, 201 after: 1 added." in said
    assert "There is no key" in said


def test_a_column_renamed_between_two_files_is_proposed_as_such(before: str, tmp_path: Path) -> None:
    rows = [(f"P{n:03}", f"Owner {n}") for n in range(200)]
    after = written(tmp_path / "b.csv", ("gppd_idnr", "Owner"), *rows)
    diff = json.loads(commons("diff", before, after, "--json", code=1).stdout)
    changes = diff["datasets"][0]["table"]["schema_changes"]
    renamed = [change for change in changes if change["kind"] == "renamed"]
    assert [(change["before"], change["after"], change["proposed"]) for change in renamed] == [
        ("plant_id", "gppd_idnr", True)
    ]
    assert diff["datasets"][0]["table"]["counts"]["unchanged"] == 200


def test_parquet_keeps_its_types_and_csv_is_read_as_text(tmp_path: Path) -> None:
    frame = pl.DataFrame({"code": ["01", "1", "NA"], "share": [0.1, None, 2.0], "day": ["2020-01-01"] * 3})
    frame = frame.with_columns(pl.col("day").str.to_datetime("%Y-%m-%d", time_unit="ns"))
    one, other = tmp_path / "a.parquet", tmp_path / "b.parquet"
    frame.write_parquet(one)
    frame.with_columns(share=pl.lit(0.25)).write_parquet(other)
    table = json.loads(commons("diff", str(one), str(other), "--key", "code", "--json", code=1).stdout)["datasets"][0]
    types = {column["name"]: column["type"] for column in table["table"]["columns"]}
    assert types == {"code": "string", "share": "float64", "day": "timestamp_naive"}
    assert table["table"]["counts"]["changed"] == 3
    text = written(tmp_path / "c.csv", ("code", "share"), ("01", "0.10"), ("1", ""))
    same = written(tmp_path / "d.csv", ("code", "share"), ("01", "0.1"), ("1", ""))
    assert "1 changed" in commons("diff", text, same, "--key", "code", code=1).stdout


@pytest.mark.parametrize(
    ("values", "other"),
    [
        (pl.Series([1, 0]).cast(pl.Datetime("ns")), pl.Series([2, 0]).cast(pl.Datetime("ns"))),
        (pl.Series([{"a": 1}, {"a": 2}]), pl.Series([{"b": 1}, {"b": 2}])),
        (pl.Series([2**60, 0]).cast(pl.Datetime("us", "UTC")), pl.Series([0, 0]).cast(pl.Datetime("us", "UTC"))),
        (pl.Series([2**62, 0]).cast(pl.Datetime("ms")), pl.Series([0, 0]).cast(pl.Datetime("ms"))),
        (pl.Series([-(10**6), 0], dtype=pl.Int32).cast(pl.Date), pl.Series([0, 0], dtype=pl.Int32).cast(pl.Date)),
        (pl.Series([b"\xff", b""]), pl.Series([b"\xfe", b""])),
        (pl.Series([1, 0]).cast(pl.Duration("us")), pl.Series([2, 0]).cast(pl.Duration("us"))),
    ],
)
def test_values_that_would_not_stay_apart_are_not_compared(tmp_path: Path, values: pl.Series, other: pl.Series) -> None:
    for name, held in (("a.parquet", values), ("b.parquet", other)):
        pl.DataFrame({"id": [1, 2], "held": held, "fine": [float("nan"), None]}).write_parquet(tmp_path / name)
    done = commons("diff", str(tmp_path / "a.parquet"), str(tmp_path / "b.parquet"), "--key", "id", code=2)
    assert "a.parquet: can't be compared: some values of held (" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.csv", "nothing.csv"], "nothing.csv: no such file"),
        (["a.csv", "a.csv", "--key", "owner,nope"], "has no column 'nope' for --key, only plant_id, owner"),
        (["HEAD", "--key", "a"], "--key: is for two files"),
        (["no-such-revision"], "no revision 'no-such-revision'"),
        (["a.csv", "a.csv", "--markdown", "nowhere/at/all.md"], "nowhere/at/all.md: can't be written"),
    ],
)
def test_what_cannot_be_compared_exits_with_2_and_a_sentence(before: str, arguments: list[str], said: str) -> None:
    words = [str(Path(before).parent / word) if word.endswith(".csv") else word for word in arguments]
    done = commons("diff", *words, at=Path(before).parent if "--markdown" in words else REPOSITORY, code=2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_records_that_cannot_be_read_are_told(before: str, tmp_path: Path) -> None:
    after = tmp_path / "b.csv"
    after.write_text(Path(before).read_text() + "too,many,cells\n")
    done = commons("diff", before, str(after), "--key", "plant_id", code=2)
    assert "b.csv: 1 record can't be read, and so not compared" in done.stdout


def test_reports_go_where_they_are_told(before: str, tmp_path: Path) -> None:
    after = written(tmp_path / "b.csv", ("Plant ID", "Owner"), ("P001", "Owner | 1"))
    page = tmp_path / "page.html"
    printed = commons("diff", before, after, "--key", "plant_id", "--markdown", "-", "--html", str(page), code=1).stdout
    assert printed.startswith("## Data:")
    assert "`Owner \\| 1`" in printed
    assert "Owner | 1" in page.read_text()
    file = tmp_path / "diff.md"
    shown = commons("diff", before, after, "--key", "plant_id", "--markdown", str(file), code=1).stdout
    assert file.read_text() == printed
    assert f"wrote {file}" in shown


def test_revisions_the_working_tree_and_datasets(tmp_path: Path, shared: Path) -> None:
    clone = make_clone(tmp_path)
    contract = clone / "include/datasets/owid_co2/contract.yaml"
    december, november = "2a6c4a26fafc29000d1ee0deebf083d60b563c78", "da0fcf795b9efb73166d75fd6f55f00c7296a650"
    place = "/{}/owid-co2-data.csv"
    for old, new in ((december, november), (november, december)):
        contract.write_text(contract.read_text().replace(place.format(old), place.format(new)))
        git("commit", "-qam", f"Release {new}", at=clone)
        done = typed(f"env COMMONS_MIRROR={shared} .venv/bin/commons run owid_co2", clone)
        assert done.returncode == 0, done.stdout + done.stderr
        if new == november:
            git("commit", "-qam", "First version", at=clone)
            assert typed(".venv/bin/commons diff", clone).returncode == 0
    # Both releases joined by hand: three countries renamed in 189 rows, one column corrected in 159 others.
    for command in ("diff", "diff owid_co2", "diff HEAD owid_co2"):
        done = typed(f".venv/bin/commons {command}", clone)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "24,016 rows before, 24,016 after: 159 changed, 189 moved." in done.stdout
        assert "the dataset's contract.yaml changed." in done.stdout
    git("commit", "-qam", "Second version", at=clone)
    assert "189 moved" in typed(".venv/bin/commons diff HEAD~2 HEAD owid_co2", clone).stdout
    assert typed(".venv/bin/commons diff HEAD HEAD", clone).returncode == 0
