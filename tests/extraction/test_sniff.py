"""What a file is, told by what is in it."""

import gzip
import io

import polars as pl
import pytest

from include.errors import SourceError


def test_an_error_page_is_not_a_table(read_bytes):
    """Fault 14: an HTML page with status 200."""
    page = b"\n<!DOCTYPE html>\n<html><head><title>503\n Service  Unavailable</title></head><body>,;</body></html>"
    for source in ({}, {"format": "csv"}, {"format": "json"}):
        with pytest.raises(SourceError, match=r"t\.csv: is a web page titled '503 Service Unavailable', not data"):
            read_bytes(page, **source)
    with pytest.raises(SourceError, match="is a web page"):
        read_bytes(gzip.compress(page), name="t.csv.gz")


def test_an_empty_file(read_bytes):
    """Fault 14."""
    with pytest.raises(SourceError, match=r"t\.csv: is empty \(0 bytes\)"):
        read_bytes(b"")


@pytest.mark.parametrize(
    ("data", "kind"), [(b'{"error": "rate limit"}', "JSON"), (b"<?xml version='1.0'?><Error>no</Error>", "XML")]
)
def test_an_error_message_is_not_the_csv_its_name_says(read_bytes, data, kind):
    with pytest.raises(SourceError, match=rf"t\.csv: is {kind}, not the CSV that its name says: .*source\.format"):
        read_bytes(data)


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", bytes(range(256)) * 4, b"\x89PNG\r\n"])
def test_what_is_no_known_format(read_bytes, data):
    with pytest.raises(SourceError, match=r"expected CSV, Excel, JSON, XML, Parquet or SQLite"):
        read_bytes(data, name="report")


def test_content_goes_before_the_name(read_bytes):
    data = io.BytesIO()
    pl.DataFrame({"a": [1]}).write_parquet(data)
    assert read_bytes(data.getvalue(), name="t.csv").rows == [(1,)]
    with pytest.raises(SourceError, match=r"t\.csv: is parquet, expected csv"):
        read_bytes(data.getvalue(), name="t.csv", format="csv")
    with pytest.raises(SourceError, match=r"does not begin as parquet does"):
        read_bytes(b"a,b\n1,2\n", format="parquet")


def test_brackets_alone_do_not_make_json(read_bytes):
    assert read_bytes(b"[id],[name]\n1,2\n").headings == ["[id]", "[name]"]
