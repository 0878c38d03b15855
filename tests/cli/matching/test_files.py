"""Files of names as people have them: every row and column comes, as written, in its order."""

import json
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from include.cli.matching.columns import column_or_code, identifiers, named, numbers, texts
from include.cli.matching.files import table
from include.errors import DataError, EnvironmentFault, SourceError

ROWS = [["Nr", "Firma", "Land"], ["007", "Enel S.p.A.", "IT"], ["008", "Total", "FR"]]


def test_a_text_file_keeps_its_last_line_and_its_zeros(tmp_path: Path) -> None:
    file = tmp_path / "names.csv"
    file.write_bytes("\n".join(";".join(row) for row in [*ROWS, ["009", "", "Österreich"]]).encode("cp1252"))
    read = table(file)
    assert read.rows.columns == ROWS[0]
    assert read.rows.rows() == [("007", "Enel S.p.A.", "IT"), ("008", "Total", "FR"), ("009", None, "Österreich")]
    assert (read.delimiter, read.marked) == (";", True)
    assert read.remarks == ()
    file.write_text("name,country\nEnel S.p.A.,IT\nØrsted,DK\n", encoding="utf-8")
    assert (table(file).delimiter, table(file).marked) == (",", False)
    file.write_text("name,country\nEnel S.p.A.,IT\n", encoding="utf-8-sig")
    assert table(file).marked


def test_a_workbook_with_a_title_and_other_sheets(tmp_path: Path) -> None:
    file = tmp_path / "names.xlsx"
    with xlsxwriter.Workbook(file) as book:
        book.add_worksheet("about").write_row(0, 0, ["who made this"])
        sheet = book.add_worksheet("companies")
        sheet.write_row(0, 0, ["Our companies"])
        for at, row in enumerate(ROWS, 2):
            sheet.write_row(at, 0, row)
    read = table(file)
    assert read.rows.rows() == [tuple(row) for row in ROWS[1:]]
    assert "read sheet 'companies'" in read.remarks[0]
    assert "header was found in row 3" in read.remarks[1]
    assert table(file, sheet="about").rows.height <= 1
    with pytest.raises(SourceError, match="no sheet 'other', found 'about', 'companies'"):
        table(file, sheet="other")


def test_json_and_parquet(tmp_path: Path) -> None:
    rows = [dict(zip(ROWS[0], row, strict=True)) for row in ROWS[1:]]
    (tmp_path / "names.json").write_text(json.dumps({"data": rows}))
    pl.DataFrame(rows).with_columns(size=pl.Series([1.5, 2.5])).write_parquet(tmp_path / "names.parquet")
    assert table(tmp_path / "names.json").rows.to_dicts() == rows
    typed = table(tmp_path / "names.parquet").rows
    assert typed["size"].to_list() == [1.5, 2.5]


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    file = tmp_path / "names.csv"
    lines = [f"company {number},IT" for number in range(50)]
    file.write_text("\n".join(["name,country", *lines[:25], "a,b,c,d", *lines[25:]]))
    read = table(file)
    assert read.rows.height == 50
    assert (
        "1 record can't be read, and so not matched; the first, names.csv, line 27: too many fields" in read.remarks[0]
    )
    with pytest.raises(EnvironmentFault, match=r"absent.csv: there is no such file\. Give a CSV"):
        table(tmp_path / "absent.csv")
    with pytest.raises(EnvironmentFault, match="is a folder"):
        table(tmp_path)


FRAME = pl.DataFrame(
    {
        "Company Name": ["A", None, "B"], "country": ["IT", "ITA", "Italy"], "size": ["1.200,5", "-", "900"],
        "code": ["1", "2", "3"], "year": [2020, 2021, 2022],
    }
)  # fmt: skip


def test_the_wrong_column_names_the_nearest() -> None:
    for typed in ("company_name", "Compnay Name", "COMPANY NAME"):
        with pytest.raises(
            DataError, match=r"--column: no column '.*' \(did you mean 'Company Name'\?\)\. The file has"
        ):
            named(FRAME, typed, "--column")
    with pytest.raises(EnvironmentFault, match=r"--column: say which .* The file has Company Name, country, size"):
        named(FRAME, "", "--column")
    with pytest.raises(DataError, match=r"--column: no column 'xyz'\. The file has Company Name, country, size"):
        named(FRAME, "xyz", "--column")


def test_names_are_text_and_no_numbers() -> None:
    """Fault: a name column that is a number."""
    assert texts(FRAME, "Company Name", "--column").to_list() == ["A", None, "B"]
    with pytest.raises(DataError, match=r"column 'code' holds numbers \(1, 2, 3\), expected names of companies"):
        texts(FRAME, "code", "--column")
    with pytest.raises(DataError, match=r"column 'year' holds Int64 .*text is in Company Name, country, size, code"):
        texts(FRAME, "year", "--column")
    named = ["3M", "1&1", "NA", "null"]
    assert texts(pl.DataFrame({"n": named}), "n", "--column").to_list() == named
    with pytest.raises(DataError, match="holds numbers"):
        texts(pl.DataFrame({"n": ["1,5", "2", "3", "-", "n.a."]}), "n", "--column")


def test_what_only_says_that_a_value_is_missing_is_none() -> None:
    frame = pl.DataFrame({"n": ["n/a", "A", "-", " "], "land": ["NA", "n/a", "-", "IT"]})
    assert texts(frame, "n", "--column").to_list() == [None, "A", None, " "]
    assert identifiers(frame, "n", "--lei").to_list() == [None, "A", None, " "]
    assert column_or_code(frame, "land", "--country").to_list() == ["NA", None, None, "IT"]


def test_a_country_is_a_column_or_a_code() -> None:
    assert column_or_code(FRAME, "country", "--country").to_list() == ["IT", "ITA", "Italy"]
    assert column_or_code(FRAME, "US", "--country").to_list() == ["US"] * 3
    assert column_or_code(FRAME, "Germany", "--country").to_list() == ["Germany"] * 3
    assert column_or_code(FRAME, "", "--country").to_list() == [None] * 3
    with pytest.raises(DataError, match="XX is no country of ISO 3166-1"):
        column_or_code(FRAME, "XX", "--country")
    with pytest.raises(DataError, match=r"no column 'contry' \(did you mean 'country'\?\)"):
        column_or_code(FRAME, "contry", "--country")


def test_weights_in_either_style() -> None:
    assert numbers(FRAME, "size", "--weight", ";").to_list() == [1200.5, None, 900.0]
    assert numbers(pl.DataFrame({"w": ["1,200.5", "3"]}), "w", "--weight", ",").to_list() == [1200.5, 3.0]
    assert numbers(FRAME, "year", "--weight", ",").to_list() == [2020.0, 2021.0, 2022.0]
    with pytest.raises(DataError, match=r"column 'country' holds 3 texts, expected numbers: IT, ITA, Italy"):
        numbers(FRAME, "country", "--weight", ",")
