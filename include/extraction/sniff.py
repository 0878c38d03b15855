"""What a file is, from its content first and its name second."""

import codecs
import json
import re
from pathlib import Path, PurePosixPath
from typing import Literal

from ..contracts.model import Format
from ..errors import SourceError

Kind = Literal["zip", "gzip", "bz2", "xz", "tar", "excel", "parquet", "sqlite", "xml", "json", "jsonl", "csv"]
PACKED = ("zip", "gzip", "bz2", "xz", "tar")

_HEAD = 1 << 16
_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"PAR1", "parquet"),
    (b"SQLite format 3\x00", "sqlite"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "excel"),
)
_FOREIGN = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7z archive",
}
_HTML = re.compile(r"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*(<!doctype\s+html|<html|<head|<body|<title)", re.I | re.S)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.I | re.S)
_JSON = re.compile(r'\s*(\[\s*[\[{"\-\dtfn\]]|\{\s*["}])')
_PARTS = (b"[Content_Types].xml", b"_rels/.rels", b"xl/", b"docProps/")
_WORKBOOKS = (".xlsx", ".xlsm")
_TABLES = (".csv", ".tsv", ".tab", ".psv")


def kind_of(path: Path, place: str, wanted: Format | None) -> Kind:
    """What the file at `path` holds; `wanted` is the contract's word on it, which content may not contradict.

    Raises SourceError for an empty file, a web page, or what is none of the known formats.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise SourceError(f"{place}: is empty (0 bytes). Fetch it again, or ask the source.")
    binary = _binary(head)
    if binary == "zip" and (wanted == "excel" or _is_workbook(head, place)):
        return "excel"
    if binary in PACKED:
        return binary
    if binary and wanted and binary != wanted:
        raise SourceError(f"{place}: is {binary}, expected {wanted}. Correct source.format or source.url.")
    return binary or _text_file(head, place, wanted)


def _is_workbook(head: bytes, place: str) -> bool:
    """By the first name in the zip, which begins at byte 30, or by its own."""
    return head.startswith(_PARTS, 30) or PurePosixPath(place).suffix.lower() in _WORKBOOKS


def _text_file(head: bytes, place: str, wanted: Format | None) -> Kind:
    """The kind of a file that is none of the binary ones."""
    text = _decoded(head)
    if wanted != "xml" and _HTML.match(text):
        raise SourceError(f"{place}: is a web page{_title(text)}, not data. Look at the address in a browser.")
    if wanted in ("excel", "parquet", "sqlite"):
        raise SourceError(f"{place}: does not begin as {wanted} does, found {head[:16]!r}. Correct source.format.")
    if wanted:
        return wanted
    kind = _text_kind(head, text, place)
    if kind != "csv" and PurePosixPath(place).suffix.lower() in _TABLES:
        raise SourceError(
            f"{place}: is {kind.upper()}, not the CSV that its name says: {text.strip()[:80]!r}. "
            f"Set source.format: {kind} if that is meant, else look at the address."
        )
    return kind


def _binary(head: bytes) -> Kind | None:
    if head[257:262] == b"ustar":
        return "tar"
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)


def _text_kind(head: bytes, text: str, place: str) -> Kind:
    foreign = next((what for magic, what in _FOREIGN.items() if head.startswith(magic)), None)
    if foreign or sum(text.count(chr(code)) for code in (*range(1, 9), *range(14, 27))) > max(8, len(text) // 20):
        raise SourceError(
            f"{place}: is {foreign or 'none of the known formats'}, expected CSV, Excel, JSON, XML, Parquet or SQLite, "
            "also inside zip, gzip or tar. Choose files of an archive with source.member, else correct source.url."
        )
    if _JSON.match(text):
        return "jsonl" if _is_lines(text) else "json"
    return "xml" if text.lstrip().startswith("<") else "csv"


def _is_lines(text: str) -> bool:
    """Whether the first line is a whole JSON value and another follows."""
    first, _, rest = text.lstrip().partition("\n")
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return False
    return rest.lstrip()[:1] in ("{", "[") and rest.strip() != ""


def _decoded(head: bytes) -> str:
    """The head as text for a look; nothing of it is kept."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", "ignore")
    return head.decode("utf-8-sig", "replace")


def _title(text: str) -> str:
    found = _TITLE.search(text)
    return f" titled {' '.join(found[1].split())[:200]!r}" if found else ""
