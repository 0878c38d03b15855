"""CSV: what is written is what is read, or it is rejected with its place."""

import csv
import io
import random

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.errors import SourceError
from include.extraction import delimited
from include.extraction.caps import Caps


def both_ways(read_bytes, monkeypatch, data, **source):
    """The table as read at full speed where that is allowed, and record by record; they must not differ."""
    table = read_bytes(data, **source)
    with monkeypatch.context() as patch:
        patch.setattr(delimited, "_fast", lambda *_: False)
        careful = read_bytes(data, **source)
    assert careful.frame.equals(table.frame)
    assert careful.reading.rejected_rows == table.reading.rejected_rows
    assert careful.reading.records == table.reading.records
    return table


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (b"a,b\n1,2\n3,4\n", [("1", "2"), ("3", "4")]),
        (b"a,b\n1,2\n3,4", [("1", "2"), ("3", "4")]),
        (b"a,b\r\n1,2\r\n3,4\r\n", [("1", "2"), ("3", "4")]),
        (b"a,b\r1,2\r3,4\r", [("1", "2"), ("3", "4")]),
        (b"\xef\xbb\xbfa,b\n1,2\n", [("1", "2")]),
        (b'a,b\n"","x"\n,y\n', [(None, "x"), (None, "y")]),
        (b"a,b\nNA,null\nNone,nan\n", [("NA", "null"), ("None", "nan")]),
        (b'a,b\n1,"x\ny"\n2,"x\r\ny"\n', [("1", "x\ny"), ("2", "x\r\ny")]),
        (b'a,b\n1,"say ""hi"""\n', [("1", 'say "hi"')]),
        (b'a,b\n1,5" pipe\n2,6" pipe\n', [("1", '5" pipe'), ("2", '6" pipe')]),
        (b'a,b\n1, "x"\n', [("1", ' "x"')]),
        (b"a,b\n1,x\x00y\n", [("1", "x\x00y")]),
        (b"a,b\n1,x\x1ay\n", [("1", "x\x1ay")]),
        (b"a,b\n1,2\n\n\n3,4\n\n", [("1", "2"), ("3", "4")]),
        (b"a,b,\n1,2,\n3,4,\n", [("1", "2", None), ("3", "4", None)]),
        (b"a,b\n  1 ,\t2\n", [("  1 ", "\t2")]),
        (b"a,b\n007,1.50\n1e5,-0\n", [("007", "1.50"), ("1e5", "-0")]),
        ("a,b\nœuvre,ß🙂\n".encode(), [("œuvre", "ß🙂")]),
        (b"a\nx\n\ny\n", [("x",), ("y",)]),
        (b'a,b\n=HYPERLINK("x"),@SUM(1)\n', [('=HYPERLINK("x")', "@SUM(1)")]),
    ],
)
def test_values_come_as_they_are_written(read_bytes, monkeypatch, data, rows):
    """Fault 19 and 20: formulas, NUL bytes, byte order marks, NA and null are text like any other."""
    table = both_ways(read_bytes, monkeypatch, data)
    assert table.rows == rows
    assert table.numbers == list(range(1, len(rows) + 1))
    assert table.reading.rejected == {}


@pytest.mark.parametrize(
    ("line", "reason", "detail"),
    [
        (b"3", "too few fields", "1, expected 2"),
        (b"3,4,5", "too many fields", "3, expected 2"),
        (b",,", "too many fields", "3, expected 2"),
        (b'"x"y,4', "a quote is not closed properly", "',' expected after '\"'"),
    ],
)
def test_a_broken_record_is_rejected_with_its_line(read_bytes, monkeypatch, line, reason, detail):
    table = both_ways(read_bytes, monkeypatch, b"a,b\n1,2\n" + line + b"\n5,6\n")
    assert table.rows == [("1", "2"), ("5", "6")]
    assert table.numbers == [1, 3]
    assert table.reading.records == 3
    assert table.reading.rejected == {reason: 1}
    (sample,) = table.reading.rejected_rows
    assert (sample.place, sample.reason) == ("t.csv, line 3", f"{reason}: {detail}")


def test_a_quote_that_swallows_lines_stops_the_reading(read_bytes):
    """Two stray quotes make one well-looking value of many records: nobody can tell what was meant."""
    data = b'a,b\n1,2\n2,"5 inch\n3,4\n4,"6 inch\n5,6\n'
    with pytest.raises(SourceError, match=r"t\.csv, lines 3 to 5: a quoted value is not closed .* source\.quote"):
        read_bytes(data)
    assert read_bytes(data, quote="").rows[1] == ("2", '"5 inch')


def test_a_quote_that_is_never_closed_stops_the_reading(read_bytes):
    with pytest.raises(SourceError, match=r"t\.csv, lines 3 to 4: a quoted value is not closed"):
        read_bytes(b'a,b\n1,2\n2,"x\n3,4\n')


def test_the_place_counts_lines_not_records(read_bytes):
    table = read_bytes(b'a,b\n\n"x\ny",2\n3\n')
    assert table.reading.rejected_rows[0].place == "t.csv, line 5"


def test_missing_is_what_the_contract_lists(read_bytes, monkeypatch):
    data = b'a,b\nNA,"NA"\n,-\n'
    assert both_ways(read_bytes, monkeypatch, data, missing=("NA", "-")).rows == [(None, None), ("", None)]
    assert both_ways(read_bytes, monkeypatch, data, missing=()).rows == [("NA", "NA"), ("", "-")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(read_bytes, delimiter):
    text = (
        "id;name;mw\n1;x, y;1,5\n2;z, w;2,5\n".replace(";", delimiter)
        if delimiter != ","
        else 'id,mw\n1,"1;5"\n2,3;4\n'
    )
    table = read_bytes(text.encode())
    assert table.headings[0] == "id"
    assert len(table.rows) == 2


def test_decimal_commas_do_not_pass_for_delimiters(read_bytes):
    assert read_bytes(b"a;b\n1,5;2,5\n3,5;4,5\n").rows == [("1,5", "2,5"), ("3,5", "4,5")]


def test_single_quotes_are_found_and_the_contract_goes_first(read_bytes):
    data = b"'a','b'\n'x, y','it''s'\n"
    assert read_bytes(data).rows == [("x, y", "it's")]
    assert read_bytes(b"a~b\n1~2\n", delimiter="~").rows == [("1", "2")]


@pytest.mark.parametrize(
    ("source", "headings", "rows"),
    [
        ({"preamble": 1, "footer": 2}, ["a", "b"], [("1", "2"), ("3", "4")]),
        ({"header": 2, "footer": 2}, ["a", "b"], [("1", "2"), ("3", "4")]),
        ({"header": (2, 3), "footer": 2}, ["a 1", "b 2"], [("3", "4")]),
        ({"header": 0, "preamble": 2, "footer": 2}, ["column_1", "column_2"], [("1", "2"), ("3", "4")]),
    ],
)
def test_preamble_footer_and_header(read_bytes, monkeypatch, source, headings, rows):
    data = b'NOTE: 5" of text, with "quotes\na,b\n1,2\n3,4\nTotal: "4\n(c) somebody, 2020, all\n\n'
    table = both_ways(read_bytes, monkeypatch, data, **source)
    assert table.headings == headings
    assert table.rows == rows


def test_merged_headings_are_filled_and_joined(read_bytes):
    table = read_bytes(b"Plant,,Capacity,\nid,name,gross,net\n1,x,2,3\n", header=(1, 2))
    assert table.headings == ["Plant id", "Plant name", "Capacity gross", "Capacity net"]


def test_headings_are_each_once(read_bytes):
    table = read_bytes(b"a,a,,_record\n1,2,3,4\n")
    assert table.headings == ["a", "a (2)", "column_3", "_record (2)"]
    assert table.rows == [("1", "2", "3", "4")]


def test_a_header_that_is_not_there(read_bytes):
    with pytest.raises(SourceError, match=r"no header in row 9, the file has 2 lines"):
        read_bytes(b"a,b\n1,2\n", header=9)


def test_a_wrong_header_row_rejects_everything_and_says_so(read_bytes):
    """WRI's first release has a note above each header."""
    with pytest.raises(SourceError, match=r"none of its 2 records can be read; t\.csv, line 2: too many"):
        read_bytes(b"NOTE\na,b\n1,2\n")


def test_a_header_without_records_is_an_empty_table(read_bytes):
    table = read_bytes(b"a,b\n")
    assert (table.rows, table.headings, table.reading.records) == ([], ["a", "b"], 0)


def test_a_value_over_the_cap_is_rejected_with_its_line(read_bytes, monkeypatch):
    """Fault 20: one huge value."""
    caps = Caps(cell=100_000, record=300_000)
    huge = b"x" * 150_000
    data = b"a,b\n1,2\n3," + huge + b"\n5,6\n"
    for source in ({}, {"quote": ""}):
        table = read_bytes(data, caps=caps, **source)
        assert table.rows == [("1", "2"), ("5", "6")]
        assert table.reading.rejected == {"a value is too long": 1}
        assert table.reading.rejected_rows[0].place == "t.csv, line 3"


def test_a_quoted_value_over_the_cap_is_passed_over_as_a_whole(read_bytes):
    caps = Caps(cell=1_000, record=3_000)
    data = b'a,b\n1,"' + b"x, y\n" * 3_000 + b'"\n5,"6"\n'
    table = read_bytes(data, caps=caps)
    assert table.rows == [("5", "6")]
    assert table.reading.rejected_rows[0].place == "t.csv, lines 2 to 3002"


def test_a_line_over_the_cap_is_passed_over_in_pieces(read_bytes):
    caps = Caps(cell=1_000, record=3_000)
    table = read_bytes(b"a,b\n1," + b"x" * 50_000 + b"\n5,6\n", caps=caps)
    assert table.rows == [("5", "6")]
    assert table.reading.rejected_rows[0].place == "t.csv, line 2"


def test_a_value_within_the_cap_is_kept_to_the_last_byte(read_bytes):
    value = "é" * 4_000_000
    assert read_bytes(f"a,b\n1,{value}\n".encode()).rows == [("1", value)]


def test_too_many_columns_or_rows(read_bytes):
    """Fault 20: a million columns."""
    header = ",".join(f"c{at}" for at in range(1_000_000)).encode()
    with pytest.raises(SourceError, match=r"t\.csv: line 1: 1,000,000 columns, expected 1 to 16,384"):
        read_bytes(header + b"\n" + header + b"\n")
    wide = read_bytes(b",".join(b"c%d" % at for at in range(5_000)) + b"\n" + b",".join([b"1"] * 5_000) + b"\n")
    assert wide.rows == [("1",) * 5_000]
    with pytest.raises(SourceError, match=r"more than 2 records"):
        read_bytes(b"a\n1\n2\n3\n", caps=Caps(rows=2))


def test_wall_time_is_capped(read_bytes):
    with pytest.raises(SourceError, match=r"reading took more than -1 s"):
        read_bytes(b"a\n1\n", caps=Caps(seconds=-1.0))


def test_a_large_file_takes_the_fast_way_and_keeps_every_number(read_bytes, monkeypatch):
    """Several of Arrow's blocks, with quotes and line breaks in values at their borders."""
    monkeypatch.setattr(delimited, "write_rows", lambda *_: pytest.fail("the careful way was taken"))
    chance = random.Random(7)
    rows = [(str(at), chance.choice(["x", 'say "hi"', "two\nlines", "a,b", ""]) * 40) for at in range(150_000)]
    text = io.StringIO()
    csv.writer(text).writerows([("a", "b"), *rows])
    table = read_bytes(text.getvalue().encode())
    assert len(text.getvalue()) > 4 * delimited._BLOCK
    assert table.numbers == list(range(1, 150_001))
    assert table.rows == [(a, b or None) for a, b in rows]


CELLS = st.text(
    st.sampled_from(list("ab1 ,;\t|\"'\n\r\x00é🙂")) | st.characters(exclude_categories=["Cs", "Cc"]), max_size=6
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_table_in_any_dialect_comes_back_exactly(read_bytes, data):
    width = data.draw(st.integers(2, 4))
    rows = data.draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=8))
    delimiter, quote = data.draw(st.sampled_from(",;\t|~")), data.draw(st.sampled_from("\"'"))
    text = io.StringIO()
    writer = csv.writer(
        text,
        delimiter=delimiter,
        quotechar=quote,
        quoting=data.draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])),
        # With \n alone, csv.writer leaves \r unquoted, which then ends a line for every reader.
        lineterminator="\r\n",
    )
    writer.writerows([[f"c{at}" for at in range(width)], *rows])
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    table = read_bytes(text.getvalue().encode(encoding), delimiter=delimiter, quote=quote, missing=())
    assert table.rows == [tuple(row) for row in rows]
    assert table.reading.rejected == {}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.lists(st.sampled_from([b"a", b",", b'"', b"\n", b"\r", b"1", b"\x00", b" ", b'""', b'","']), max_size=25)
)
def test_both_ways_read_any_bytes_alike(read_bytes, body):
    """The fast way may be taken only where it says what the careful one says."""
    data, patch = b"h,i\n" + b"".join(body), pytest.MonkeyPatch()

    def outcome():
        try:
            table = read_bytes(data, delimiter=",", quote='"')
        except SourceError as error:
            return str(error)
        return table.rows, table.numbers, table.reading.records, table.reading.rejected

    fast = outcome()
    with patch.context() as context:
        context.setattr(delimited, "_fast", lambda *_: False)
        assert outcome() == fast


def test_frames_hold_text_and_numbers_only(read_bytes):
    frame = read_bytes(b"a,b\n1,2\n").frame
    assert dict(frame.schema) == {"_record": pl.Int64, "a": pl.String, "b": pl.String}
