"""An xlsx file made safe to open: repacked under caps, its sheets measured, its error cells noted."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from ..errors import SourceError
from .archives import zip_members
from .caps import Tally

_CHUNK = 1 << 20
_CELL = re.compile(rb"""<(?:\w+:)?c\s[^>]*?\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_ERROR = re.compile(
    rb"""<(?:\w+:)?c\s(?=[^>]*\br=["']([A-Z]{1,3})([0-9]{1,7})["'])(?=[^>]*\bt=["']e["'])[^>]*>"""
    rb"""(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>([^<]*)</""",
    re.S,
)
_RELATIONSHIP = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass
class Sheet:
    """How far a sheet reaches, and its error values ("#N/A") by row and column from 0, which readers leave out."""

    rows: int = 0
    columns: int = 0
    errors: dict[tuple[int, int], str] = field(default_factory=dict)


def checked(path: Path, place: str, out: Path, tally: Tally) -> dict[str, Sheet]:
    """Repacks the workbook to `out`, uncompressed, so that what is opened is what was measured; its sheets by name.

    Raises SourceError for an archive over the caps, XML with a document type, or a sheet of too many cells.
    """
    sheets: dict[str, Sheet] = {}
    parts: dict[str, bytes] = {}
    size = 0
    with zip_members(path, place, tally.caps) as members, zipfile.ZipFile(out, "w") as book:
        for member in members:
            with member.open() as stream, book.open(member.name, "w", force_zip64=True) as copy:
                sheet = Sheet() if member.name.startswith("xl/worksheets/") else None
                for piece in _pieces(stream, f"{place}/{member.name}", sheet, tally):
                    size += len(piece)
                    if size > tally.caps.workbook:
                        raise SourceError(f"{place}: unpacks to more than {tally.caps.workbook:,} bytes. Refused.")
                    if member.name in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
                        parts[member.name] = parts.get(member.name, b"") + piece
                    copy.write(piece)
            if sheet:
                sheets[member.name] = sheet
    return _by_name(sheets, parts, place)


def _pieces(stream: IO[bytes], place: str, sheet: Sheet | None, tally: Tally) -> Iterator[bytes]:
    """The bytes of one part as they are, looked at on the way."""
    kept, first = b"", True
    while piece := stream.read(_CHUNK):
        tally.unpack(place, len(piece))
        if first and b"<!DOCTYPE" in piece.upper():
            raise SourceError(f"{place}: declares a document type, which no workbook does. Refused.")
        first = False
        if sheet:
            kept += piece
            # A cell never spans rows, so that what follows the last whole row waits for the next piece.
            end = kept.rfind(b"row>") + 4 if b"row>" in kept else 0
            _measure(kept[:end], place, sheet, tally)
            kept = kept[end:]
            if len(kept) > tally.caps.record:
                raise SourceError(f"{place}: a row of more than {tally.caps.record:,} bytes. Refused.")
        yield piece
    if sheet:
        _measure(kept, place, sheet, tally)


def _measure(xml: bytes, place: str, sheet: Sheet, tally: Tally) -> None:
    """Raises SourceError when the rectangle of all cells, which readers hold in memory, is too large."""
    found = _CELL.findall(xml)
    if found:
        sheet.columns = max(sheet.columns, *(_column(letters) + 1 for letters in {letters for letters, _ in found}))
        sheet.rows = max(sheet.rows, *(int(row) for row in {row for _, row in found}))
    if sheet.rows * sheet.columns > tally.caps.workbook_cells:
        raise SourceError(
            f"{place}: its cells reach row {sheet.rows:,} and column {sheet.columns:,}, "
            f"expected at most {tally.caps.workbook_cells:,} cells. Ask the source for CSV, or delete stray cells."
        )
    for letters, row, text in _ERROR.findall(xml):
        sheet.errors[int(row) - 1, _column(letters)] = text.decode("ascii", "replace")


def _column(letters: bytes) -> int:
    """The number of a column, from 0: A is 0, AA is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _by_name(sheets: dict[str, Sheet], parts: dict[str, bytes], place: str) -> dict[str, Sheet]:
    try:
        relations = {each.get("Id"): each.get("Target", "") for each in fromstring(parts["xl/_rels/workbook.xml.rels"])}
        names = {
            each.get("name", ""): relations.get(each.get(_RELATIONSHIP), "")
            for each in fromstring(parts["xl/workbook.xml"]).iter()
            if each.tag.rpartition("}")[2] == "sheet"
        }
    except (ParseError, ValueError, LookupError, DefusedXmlException) as error:
        raise SourceError(f"{place}: not a sound Excel file: {error}. Fetch it again, or ask the source.") from error
    targets = {name: target.removeprefix("/xl/") for name, target in names.items()}
    return {name: sheets[f"xl/{target}"] for name, target in targets.items() if f"xl/{target}" in sheets}
