"""XML: rows by a path, nothing declared, nothing fetched."""

import socket

import pytest

from include.errors import ContractError, SourceError
from include.extraction.caps import Caps

PLANTS = """<?xml version="1.0" encoding="{encoding}"?>
<d:data xmlns:d="urn:x"><head><row>no</row></head>
<d:row id="1"><name>Société</name><mw unit="MW">1.50</mw><fuel>gas</fuel><fuel>oil</fuel></d:row>
<d:row id="2"><name> a &amp; b </name><owner><n>x</n><n>y</n></owner>note</d:row>
</d:data>"""
HEADINGS = ["id", "name", "mw", "fuel", "owner", "row"]
ROWS = [
    ("1", "Société", '{"unit": "MW", "mw": "1.50"}', '["gas", "oil"]', None, None),
    ("2", " a & b ", None, None, '{"n": ["x", "y"]}', "note"),
]


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "utf-16"])
def test_attributes_and_children_are_columns(read_bytes, encoding):
    table = read_bytes(PLANTS.format(encoding=encoding).encode(encoding), name="t.xml", path="data/row", format="xml")
    assert (table.headings, table.rows) == (HEADINGS, ROWS)


def test_the_contract_names_the_encoding(read_bytes):
    data = PLANTS.replace(' encoding="{encoding}"', "").encode("iso-8859-1")
    with pytest.raises(SourceError, match=r"not sound XML: .*line 3, column"):
        read_bytes(data, name="t.xml", path="data/row")
    assert read_bytes(data, name="t.xml", path="data/row", encoding="iso-8859-1", format="xml").rows == ROWS


def test_a_name_alone_is_found_anywhere(read_bytes):
    assert read_bytes(b"<a><b><row x='1'/></b><row x='2'/></a>", name="t.xml", path="row").rows == [("1",), ("2",)]


def test_a_path_that_leads_nowhere(read_bytes):
    with pytest.raises(SourceError, match=r"no element at 'a/c'\. Correct source\.path"):
        read_bytes(b"<a><b/></a>", name="t.xml", path="a/c")
    with pytest.raises(ContractError, match=r"XML needs source\.path"):
        read_bytes(b"<a><b/></a>", name="t.xml")


LAUGHS = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10 if at else "lol"}">' for at in range(12))


@pytest.mark.parametrize(
    "declared",
    [
        f"<!DOCTYPE a [{LAUGHS}]><a><row x='1'>&l11;</row></a>",
        f"<!DOCTYPE a [<!ENTITY q '{'x' * 100_000}'>]><a><row>{'&q;' * 1000}</row></a>",
        "<!DOCTYPE a [<!ENTITY f SYSTEM 'file:///etc/passwd'>]><a><row>&f;</row></a>",
        "<!DOCTYPE a [<!ENTITY f SYSTEM 'http://127.0.0.1:{port}/'>]><a><row>&f;</row></a>",
        "<!DOCTYPE a [<!ENTITY % f SYSTEM 'http://127.0.0.1:{port}/'> %f;]><a><row>1</row></a>",
    ],
)
def test_bombs_and_external_entities(read_bytes, declared):
    """Fault 17: refused, and nobody is called."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        data = declared.replace("{port}", str(server.getsockname()[1])).encode()
        with pytest.raises(SourceError, match="declares entities or refers to other files"):
            read_bytes(data, name="t.xml", path="a/row")
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_document_type_elsewhere_is_not_fetched(read_bytes):
    """Fault 17."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        data = f"<!DOCTYPE a SYSTEM 'http://127.0.0.1:{server.getsockname()[1]}/a.dtd'><a><row>1</row></a>"
        assert read_bytes(data.encode(), name="t.xml", path="a/row").rows == [("1",)]
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"<a><row>1</row>", "not sound XML"),
        (b"<a><row x='1' x='2'/></a>", "not sound XML: duplicate attribute"),
        (b"<a>" * 500 + b"</a>" * 500, "more than 200 levels"),
        (b"<a><row>" + b"x" * 3_000_000 + b"</row></a>", "an element of more than 1,000,000 bytes"),
        (b"<a><row><c>\xff</c></row></a>", "not sound XML"),
    ],
)
def test_broken_or_oversized_xml(read_bytes, data, what):
    """Fault 17 and 20."""
    with pytest.raises(SourceError, match=what):
        read_bytes(data, name="t.xml", path="a/row", caps=Caps(record=1_000_000))


def test_a_long_file_is_read_record_by_record(read_bytes):
    data = b"<a>" + b"".join(b"<row><n>%d</n></row>\n" % at for at in range(10_000)) + b"</a>"
    table = read_bytes(data, name="t.xml", path="a/row", caps=Caps(record=200_000))
    assert table.rows == [(str(at),) for at in range(10_000)]
