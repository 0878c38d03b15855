"""Encodings: strict, and a fault has a line and a column."""

import pytest

from include.errors import SourceError

ROWS = [("1", "Société"), ("2", "Łódź")]
TEXT = "id,name\n1,Société\n2,Łódź\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_byte_order_mark_decides(read_bytes, encoding):
    table = read_bytes(TEXT.encode(encoding))
    assert (table.headings, table.rows) == (["id", "name"], ROWS)


def test_big_endian_utf16(read_bytes):
    assert read_bytes(b"\xfe\xff" + TEXT.encode("utf-16-be")).rows == ROWS


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "iso-8859-2", "utf-16", "UTF8"])
def test_the_contract_names_the_encoding(read_bytes, encoding):
    assert read_bytes(TEXT.encode(encoding), encoding=encoding).rows == ROWS


def test_windows_1252_is_proposed_never_assumed(read_bytes):
    data = ("id,name\n" + "1,Société Générale à Paris “the” bank\n" * 40).encode("cp1252")
    with pytest.raises(
        SourceError, match=r"t\.csv: line 2, column 7: 0xE9 is not UTF-8 text; as windows-1252 it reads '.*Société"
    ):
        read_bytes(data)
    assert read_bytes(data, encoding="windows-1252").rows[0] == ("1", "Société Générale à Paris “the” bank")


def test_mixed_encodings_are_found_far_into_the_file(read_bytes):
    """Fault 20: one line in another encoding, beyond the first block."""
    data = b"a,b\n" + "1,é\n".encode() * 1_000_000 + b"22,caf" + b"\xe9\n" + b"3,x\n"
    with pytest.raises(SourceError, match=r"line 1000002, column 7: 0xE9 is not UTF-8 text"):
        read_bytes(data)


def test_a_lone_surrogate_is_not_text(read_bytes):
    """Fault 20."""
    with pytest.raises(SourceError, match=r"line 2, column 3: 0xED is not UTF-8 text"):
        read_bytes(b"a,b\n1,\xed\xa0\x80\n")


def test_a_wrong_encoding_in_the_contract_is_named_as_such(read_bytes):
    with pytest.raises(
        SourceError, match=r"line 2, column 3: 0x81 is not windows-1252 text\. Correct source\.encoding"
    ):
        read_bytes(b"a,b\n1,\x81\n", encoding="windows-1252")


def test_utf16_without_a_mark_is_proposed(read_bytes):
    with pytest.raises(SourceError, match=r"every second byte is zero.*source\.encoding: utf-16-le"):
        read_bytes(TEXT.encode("utf-16-le"))


def test_text_cut_inside_a_character(read_bytes):
    with pytest.raises(SourceError, match=r"line 2, column 3: 0xC3 is not UTF-8"):
        read_bytes("a,b\n1,é".encode()[:-1])
