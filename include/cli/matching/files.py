"""A file of names as a table: every row and column as they stand there, in their order."""

import codecs
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ...contracts.model import Source
from ...contracts.words import counted
from ...errors import DataError, EnvironmentFault
from ...extraction.raw import RawFile
from ...extraction.read import Reading, read
from ...extraction.sink import RECORD
from ...settings import settings
from ..drafting.files import Look, look

_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Table:
    """The `rows` of a file, without those that can't be read; `remarks` tell of these, and of what was chosen."""

    rows: pl.DataFrame
    remarks: tuple[str, ...]
    delimiter: str
    """What separates its fields; a comma where nothing does."""
    marked: bool
    """Whether a spreadsheet knows its encoding only by a byte order mark, or it is no text."""


def table(file: Path, sheet: str | None = None, header: tuple[int, ...] | None = None) -> Table:
    """The table in a CSV, Excel, JSON, XML, SQLite or Parquet `file`; the largest `sheet` of a workbook by default.

    Values of all but Parquet and SQLite are text as written, so that no zero is lost; an empty one is null. `header`
    has the numbers of its rows, from 1, where they are not to be guessed. Raises EnvironmentFault where there is no
    such file, SourceError where it can't be read, DataError where it holds several tables.
    """
    if not file.is_file():
        what = "is a folder" if file.is_dir() else "there is no such file"
        raise EnvironmentFault(f"{file}: {what}. Give a CSV, Excel, JSON or Parquet file with a column of names.")
    raw = RawFile(address=file.name, name=file.name, path=file, sha256="", bytes=file.stat().st_size)
    with tempfile.TemporaryDirectory(prefix="commons-match-", dir=settings().work or None) as place:
        found = look(raw, Path(place), header, sheet)
        found.keys.pop("footer", None)  # a last line "Total" is a company, too
        reading = read([raw], Source(**found.keys), Path(place) / "frames")
        if len(reading.frames) != 1:
            raise DataError(f"{file}: holds {len(reading.frames)} tables ({', '.join(reading.frames)}). Unpack one.")
        (frame,) = reading.frames.values()
        rows = pl.read_parquet(frame).drop(RECORD)
    return Table(rows, tuple(_remarks(file, found, reading)), found.delimiter, _is_marked(file, found))


def _is_marked(file: Path, found: Look) -> bool:
    with file.open("rb") as stream:
        begins = stream.read(len(codecs.BOM_UTF8))
    return found.kind == "excel" or "encoding" in found.keys or begins.startswith(_MARKS)


def _remarks(file: Path, found: Look, reading: Reading) -> Iterable[str]:
    if "sheet" in found.keys and found.sheet is None:
        yield f"{file.name}: read sheet {found.keys['sheet']!r}, {found.notes['sheet']}. --sheet takes another."
    if found.keys.get("header") == 0 and found.header is None:
        yield f"{file.name}: no header was found, so columns are column_1 and so on. --header 1 takes the first row."
    elif "header" in found.keys and found.header is None:
        yield f"{file.name}: the header was found in row {_listed(found.keys['header'])}. --header says another."
    if reading.rejected_rows:
        first, count = reading.rejected_rows[0], sum(reading.rejected.values())
        yield (
            f"{counted(count, 'record')} can't be read, and so not matched; the first, {first.place}: {first.reason}. "
            "Mend the file to have them."
        )


def _listed(rows: int | Iterable[int]) -> str:
    return str(rows) if isinstance(rows, int) else " and ".join(map(str, rows))
