"""Excel: what a reader of the sheet sees, as text."""

import datetime as dt
import io
import random
import re
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from include.errors import SourceError
from include.extraction.caps import Caps


def workbook(fill, *names):
    """The bytes of a workbook with the sheets `names`; `fill` writes to the last."""
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data, {"in_memory": True})
    sheets = [book.add_worksheet(name) for name in names or ("Sheet1",)]
    fill(book, sheets[-1])
    book.close()
    return data.getvalue()


def repacked(data, member, change):
    """The workbook with one part changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info.filename, change(content) if info.filename == member else content)
    return out.getvalue()


def simple(book, sheet):
    for at, row in enumerate([["a", "b"], [1, 2], [3, 4]]):
        sheet.write_row(at, 0, row)


def test_values_as_text(read_bytes):
    def fill(book, sheet):
        date, moment = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "d/m/yy hh:mm"})
        clock, long = book.add_format({"num_format": "hh:mm:ss"}), book.add_format({"num_format": "[h]:mm:ss"})
        sheet.write_row(0, 0, list("abcdefgh"))
        sheet.write_row(1, 0, [63560, 55.339722, 1e20, 1e300, -0.5, True, "007", "NA"])
        sheet.write_datetime(2, 0, dt.date(2020, 1, 2), date)
        sheet.write_datetime(2, 1, dt.datetime(2020, 1, 2, 3, 4, 5), moment)
        sheet.write_datetime(2, 2, dt.time(1, 2, 3), clock)
        sheet.write_datetime(2, 3, dt.timedelta(hours=30, seconds=1.5), long)
        sheet.write_formula(2, 4, '=HYPERLINK("x")', None, "x")
        sheet.write_string(2, 5, "  two\nlines ")
        sheet.write_formula(2, 6, "=NA()", None, "#N/A")
        sheet.write_formula(2, 7, "=1/0", None, "#DIV/0!")

    assert read_bytes(workbook(fill), name="t.xlsx").rows == [
        ("63560", "55.339722", "100000000000000000000", "1e+300", "-0.5", "true", "007", "NA"),
        ("2020-01-02", "2020-01-02T03:04:05", "01:02:03", "30:00:01.5", "x", "  two\nlines ", "#N/A", "#DIV/0!"),
    ]


def test_error_values_are_of_the_sheet_that_is_read(read_bytes):
    def fill(book, sheet):
        simple(book, sheet)
        book.get_worksheet_by_name("One").write_formula(1, 0, "=NA()", None, "#N/A")

    data = workbook(fill, "One", "Two")
    assert read_bytes(data, name="t.xlsx", sheet="Two").rows == [("1", "2"), ("3", "4")]
    with pytest.raises(SourceError, match=r"t\.xlsx: no sheet 'Three', found 'One', 'Two'\. Correct source\.sheet"):
        read_bytes(data, name="t.xlsx", sheet="Three")


def test_merged_headings_preamble_footer_and_empty_rows(read_bytes):
    def fill(book, sheet):
        sheet.write(0, 1, "A title")
        sheet.merge_range(2, 1, 3, 1, "Plant id")
        sheet.merge_range(2, 2, 2, 3, "Capacity")
        sheet.write_row(3, 2, ["gross", "net"])
        sheet.write_row(4, 1, [1, 2, 3])
        sheet.write_row(6, 1, [4, 5, 6, "stray"])
        sheet.write(8, 1, "Source: somebody")

    table = read_bytes(workbook(fill), name="t.xlsx", header=(3, 4), footer=1)
    assert table.headings == ["column_1", "Plant id", "Capacity gross", "Capacity net", "column_5"]
    assert table.rows == [(None, "1", "2", "3", None), (None, "4", "5", "6", "stray")]
    bare = read_bytes(workbook(simple), name="t.xlsx", header=0)
    assert (bare.headings, bare.rows[0]) == (["column_1", "column_2"], ("a", "b"))
    with pytest.raises(SourceError, match=r"sheet Sheet1: no header in row 9\. Correct source\.header"):
        read_bytes(workbook(simple), name="t.xlsx", header=9)


def test_an_excel_file_is_known_by_content_or_contract(read_bytes):
    assert read_bytes(workbook(simple), name="download").rows == [("1", "2"), ("3", "4")]
    inside = io.BytesIO()
    with zipfile.ZipFile(inside, "w") as archive:
        archive.writestr("data/t.xlsx", workbook(simple))
    assert read_bytes(inside.getvalue(), name="t.zip").rows == [("1", "2"), ("3", "4")]


def test_a_cell_far_out_does_not_fill_memory(read_bytes):
    """Fault 15: two cells whose rectangle is 17 thousand million."""

    def fill(book, sheet):
        simple(book, sheet)
        sheet.write(1_048_575, 16_383, "stray")

    with pytest.raises(SourceError, match=r"its cells reach row 1,048,576 and column 16,384, expected at most"):
        read_bytes(workbook(fill), name="t.xlsx")


def test_a_workbook_that_unpacks_to_too_much(read_bytes):
    """Fault 15."""
    data = repacked(workbook(simple), "xl/styles.xml", lambda content: content + b" " * 50_000_000)
    with pytest.raises(SourceError, match=r"unpacks to more than 10,000,000 bytes\. Refused"):
        read_bytes(data, name="t.xlsx", caps=Caps(workbook=10_000_000))


def test_entities_in_a_sheet(read_bytes):
    """Fault 17."""
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet '
    data = repacked(workbook(simple), "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"<worksheet ", bomb))
    with pytest.raises(SourceError, match=r"sheet1\.xml: declares a document type"):
        read_bytes(data, name="t.xlsx")


def test_malformed_workbooks_are_refused_or_read_never_a_crash(read_bytes):
    """Fault 17: bytes flipped, cut and dropped at random places."""
    chance, data, refused = random.Random(17), workbook(simple), []
    for _ in range(150):
        broken = bytearray(data)
        if chance.random() < 0.3:
            del broken[chance.randrange(30, len(broken)) :]
        else:
            for _ in range(chance.randint(1, 20)):
                broken[chance.randrange(4, len(broken))] = chance.randrange(256)
        try:
            read_bytes(bytes(broken), name="t.xlsx")
        except SourceError as error:
            refused.append(str(error))
    assert len(refused) > 50
    assert all(each.startswith("t.xlsx") for each in refused)


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"]
)
def test_malformed_parts_are_refused_or_read_never_a_crash(read_bytes, part):
    """Fault 17: the archive is sound, the XML in it is not."""
    chance, data = random.Random(part), workbook(simple)
    told = []
    for _ in range(40):
        at, junk = chance.random(), bytes(chance.randrange(256) for _ in range(chance.randint(1, 8)))

        def change(xml, at=at, junk=junk):
            here = int(at * len(xml))
            return re.sub(rb"\d", junk[:1], xml[:here]) + junk + xml[here + len(junk) :]

        try:
            read_bytes(repacked(data, part, change), name="t.xlsx")
            told.append("t.xlsx is read")
        except SourceError as error:
            told.append(str(error))
    assert len(told) == 40
    assert all(each.startswith("t.xlsx") for each in told)


def test_eia_plants(read_paths, shared):
    """A title in row 1, the header in row 2."""
    reading = read_paths(shared / "eia860_plants" / "2___Plant_Y2019.xlsx", header=2)
    (headings,) = reading.headings.values()
    assert (reading.records, reading.rejected, len(headings)) == (11_833, {}, 42)
    assert headings[:3] == ["Utility ID", "Utility Name", "Plant Code"]


def test_epa_parents(read_paths, shared):
    path = shared / "epa_ghgrp_parents" / "ghgp_data_parent_company_10_2021.xlsx"
    reading = read_paths(path, sheet="DE_parentcompanies")
    (headings,) = reading.headings.values()
    assert (reading.records, len(headings), headings[0]) == (9_144, 19, "column_1")


@pytest.mark.parametrize(
    ("date", "rows", "columns"), [("2020-06-25_bbd15d4", 911, 9), ("2023-01-18_8eb0c06", 4_418, 21)]
)
def test_sbti_companies(read_paths, shared, date, rows, columns):
    reading = read_paths(shared / "sbti_companies" / f"companies-taking-action_{date}.xlsx")
    (headings,) = reading.headings.values()
    assert (reading.records, len(headings)) == (rows, columns)


@pytest.mark.parametrize("name", ["plants.xls", "download"])
def test_a_legacy_xls_file_is_read_like_any_other(read_bytes, name):
    """plants.xls (BIFF8, made with xlwt): a title over merged cells, headings in row 2."""
    data = Path(__file__).with_name("plants.xls").read_bytes()
    table = read_bytes(data, name=name, header=2)
    assert table.headings == ["Plant ID", "Name", "Capacity MW", "Opened", "Seen at", "Operating", "Share"]
    assert table.rows == [
        ("1", "Ørsted Øst", "12.5", "2019-03-31", "2019-03-31T13:45:00", "true", "0.255"),
        ("2", "NA", "100", "1999-12-31", "1999-12-31T00:00:01", "false", "1"),
        ("12345678901", "null", "0.1", None, None, None, None),
        ("4", "broken", "7", None, None, None, None),
    ]


def test_a_legacy_xls_file_that_is_cut_off_is_told(read_bytes):
    data = Path(__file__).with_name("plants.xls").read_bytes()
    with pytest.raises(SourceError, match=r"plants\.xls: not a sound Excel file"):
        read_bytes(data[: len(data) // 2], name="plants.xls", header=2)
