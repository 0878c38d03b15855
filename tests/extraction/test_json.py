"""JSON: records as text, numbers as written."""

import json

import pytest

from include.errors import SourceError
from include.extraction.caps import Caps


def test_numbers_are_as_written_and_nested_values_are_json(read_bytes):
    data = b"""[{"a": 1.10, "b": 1e5, "c": -0, "d": 12345678901234567890123, "e": true, "f": null, "g": "NA"},
      {"a": "x\\ny", "h": {"k": [1.50, "\xc3\xa9", null], "l": false}, "f": ""}]"""
    table = read_bytes(data, name="t.json")
    assert table.headings == ["a", "b", "c", "d", "e", "f", "g", "h"]
    assert table.rows == [
        ("1.10", "1e5", "-0", "12345678901234567890123", "true", None, "NA", None),
        ("x\ny", None, None, None, None, None, None, '{"k": [1.50, "é", null], "l": false}'),
    ]


def test_a_path_leads_to_the_records(read_bytes):
    data = {"nhits": 2, "skip": [{"fields": 0}], "records": [{"id": 1, "fields": {"mw": 5}}, {"id": 2}], "facets": []}
    table = read_bytes(json.dumps(data).encode(), name="t.json", path="records[].fields")
    assert table.rows == [("5",)]
    assert table.reading.records == 2
    assert table.reading.rejected == {"no 'fields' in the record": 1}
    assert table.reading.rejected_rows[0].place == "t.json, record 2"
    deep = {"a": {"b": [{"c": [{"x": 1}, {"x": 2}]}, {"c": [{"x": 3}]}]}}
    assert read_bytes(json.dumps(deep).encode(), name="t.json", path="a.b[].c[]").rows == [("1",), ("2",), ("3",)]
    assert read_bytes(json.dumps(deep["a"]["b"]).encode(), name="t.json", path="[].c[]").rows[2] == ("3",)


def test_an_object_without_a_path_says_where_records_may_be(read_bytes):
    with pytest.raises(SourceError, match=r"its keys: nhits, records\. Set source\.path"):
        read_bytes(b'{"nhits": 1, "records": [{"a": 1}]}', name="t.json")
    with pytest.raises(SourceError, match=r"no 'rows', found nhits, records\. Correct source\.path"):
        read_bytes(b'{"nhits": 1, "records": [{"a": 1}]}', name="t.json", path="rows[]")


def test_json_lines_reject_line_by_line(read_bytes):
    data = b'{"a": 1}\n\n{"a": 2, "b": "x"}\n{"a": \n[1]\n{"a": 3, "a": 4}\n{"a": NaN}\n{"a": "\\ud800"}\n{"a": 5}'
    table = read_bytes(data, name="t.jsonl")
    assert table.rows == [("1", None), ("2", "x"), ("5", None)]
    assert table.numbers == [1, 2, 8]
    assert [sample.place for sample in table.reading.rejected_rows] == [f"t.jsonl, line {at}" for at in (4, 5, 6, 7, 8)]
    assert table.reading.rejected == {
        "not JSON": 2,
        "not an object": 1,
        "an object cannot be kept as it is": 1,
        "a value is not Unicode text": 1,
    }


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b'[{"a": 1},\n{"a": 2}', "line 2: not JSON: found 'the end'"),
        (b'[{"a": 1},\n{"a" 2}]', "line 2: not JSON"),
        (b'[{"a": 1}]\n[]', "line 2: not JSON: more text after the end"),
        (b'[{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]", "too many levels"),
        (b'{"records": [{"a": 1}]', "found 'the end'"),
    ],
)
def test_broken_json_has_a_line(read_bytes, data, what):
    with pytest.raises(SourceError, match=what):
        read_bytes(data, name="t.json", format="json", path="records[]" if data[:1] == b"{" else None)


def test_a_file_far_longer_than_the_window(read_bytes):
    records = [{"id": at, "text": "é" * (at % 50), "mw": at / 7} for at in range(20_000)]
    table = read_bytes(json.dumps({"n": 1, "d": records}).encode(), name="t.json", path="d[]", missing=())
    assert table.rows == [(str(each["id"]), each["text"], repr(each["mw"])) for each in records]


def test_a_record_over_the_cap(read_bytes):
    """Fault 20."""
    caps = Caps(record=200_000, cell=150_000)
    huge = json.dumps({"a": "x" * 300_000})
    with pytest.raises(SourceError, match=r"a value of more than 200,000 characters"):
        read_bytes(f'[{{"a": "1"}}, {huge}]'.encode(), name="t.json", caps=caps)
    lines = read_bytes(f'{{"a": "1"}}\n{huge}\n{{"a": "3"}}\n'.encode(), name="t.jsonl", caps=caps)
    assert lines.rows == [("1",), ("3",)]
    assert lines.reading.rejected_rows[0].place == "t.jsonl, line 2"


def test_the_french_grid(read_paths, shared):
    reading = read_paths(shared / "rte_eco2mix" / "eco2mix-national-tr_2023-09-21.json", path="records[].fields")
    assert (reading.records, reading.rejected) == (97, {})
    ((name, headings),) = reading.headings.items()
    assert (name, len(headings)) == ("eco2mix-national-tr_2023-09-21.json", 41)
