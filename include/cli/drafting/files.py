"""How a file is written: what of `source:` a contract has to say, and why."""

import csv
import glob
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from ...contracts.model import Source
from ...errors import SourceError
from ...extraction.archives import tar_members, zip_members
from ...extraction.caps import Caps, Tally
from ...extraction.dialect import DELIMITERS, dialect_of
from ...extraction.raw import RawFile
from ...extraction.sniff import Kind, kind_of
from ...extraction.unpack import Found, unpacked
from . import rows, trees
from .encodings import encoding_of, text_of
from .wording import shortened

_HEAD, _TAIL = 1 << 20, 1 << 16
_ROWS = 400
_PROSE = (".txt", ".md", ".rst", ".pdf", ".html", ".htm", ".xsd", ".yaml", ".yml")


@dataclass
class Look:
    """Keys of `source:` that are not as by default, and a comment for each."""

    keys: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    kind: Kind = "csv"
    delimiter: str = ","
    """What separates fields of a text file, said or not."""
    header: tuple[int, ...] | None = None
    """Rows of the header that somebody gave, (0,) for none."""
    sheet: str | None = None
    """The sheet that somebody gave."""
    remarks: list[str] = field(default_factory=list)
    """What to look at besides."""

    def add(self, key: str, value: object, note: str) -> None:
        """One key with its comment."""
        self.keys[key], self.notes[key] = value, note

    def source(self, url: str) -> Source:
        """The source section as the engine reads it."""
        return Source(url=(url,), **self.keys)


def look(raw: RawFile, work: Path, header: tuple[int, ...] | None = None, sheet: str | None = None) -> Look:
    """What `raw` needs under `source:`, where `header` and `sheet` are not given; `work` is scratch.

    Raises SourceError for what is no table, or has no such header or sheet.
    """
    found = Look(header=header, sheet=sheet)
    kind = kind_of(raw.path, raw.name, None)
    if kind in ("zip", "tar"):
        _choose_member(raw, kind, work, found)
    source = found.source(raw.address) if found.keys else Source()
    for file in unpacked(raw.path, raw.name, source, work, Tally(Caps())):
        found.kind = file.kind
        _refuse_unfit(file, found)
        reader = _LOOKS.get(file.kind)
        if reader:
            reader(file, work, found)
        break  # several files of an archive are written alike, or a member was chosen
    return found


def _refuse_unfit(file: Found, found: Look) -> None:
    if found.header is not None and file.kind not in ("csv", "excel"):
        raise SourceError(f"{file.place}: {file.kind} has no header rows. Leave --header out.")
    if found.sheet is not None and file.kind != "excel":
        raise SourceError(f"{file.place}: {file.kind} has no sheets. Leave --sheet out.")


def _choose_member(raw: RawFile, kind: Kind, work: Path, found: Look) -> None:
    """The members that hold the largest table, where not all do."""
    opened = zip_members if kind == "zip" else tar_members
    with opened(raw.path, raw.name, Caps()) as members:
        names = [member.name for member in members if not member.name.startswith("__MACOSX/")]
    groups: dict[object, list[str]] = {}
    sizes: dict[str, int] = {}
    for name in names:
        try:
            source = Source(member=glob.escape(name))
            for file in unpacked(raw.path, raw.name, source, work, Tally(Caps())):
                groups.setdefault(_shape(file), []).append(name)
                sizes[name] = file.path.stat().st_size
        except SourceError:
            continue  # not a table
    if not groups:
        raise SourceError(f"{raw.name}: holds no table, found {', '.join(names[:10])}. Name another file.")
    best = max(groups.values(), key=lambda group: (not _is_prose(group), sum(sizes[name] for name in group)))
    if len(best) == len(names):
        return
    alike = [name for name in names if name.endswith(suffix := Path(best[0]).suffix)]
    if len(best) > 1 and best == alike:
        member = f"*{suffix}"
    else:
        best = [max(best if len(best) == 1 else sizes, key=lambda name: (not _is_prose([name]), sizes[name]))]
        member = glob.escape(best[0])
    found.add("member", member, f"the archive also holds {', '.join(name for name in names if name not in best)}")


def _shape(file: Found) -> object:
    """Files of one shape make one table: same kind and, for text, same first line."""
    with file.path.open("rb") as stream:
        return file.kind, stream.readline(_HEAD).strip() if file.kind == "csv" else b""


def _is_prose(names: list[str]) -> bool:
    return all(name.lower().endswith(_PROSE) for name in names)


def _csv(file: Found, _work: Path, found: Look) -> None:
    encoding = encoding_of(file.path, file.place)
    if encoding:
        found.add("encoding", encoding, "it is not UTF-8; all bytes can be read so")
    head, tail, after = text_of(file.path, encoding, _HEAD, _TAIL)
    lines = head.splitlines(keepends=True)[:_ROWS]
    delimiter = found.delimiter = _delimiter(lines)
    records = _records(lines, delimiter, 1)
    ends = [(number, cells) for number, cells in _records(tail.splitlines(keepends=True)[after:], delimiter, 1)]
    layout = rows.find(records, ends if _closed(file.path) else [], found.header)
    _say(layout, found, skipped="title lines above the header")
    if _by_spaces(lines, records):
        found.remarks.append(
            "the delimiter may be wrong: runs of spaces seem to separate the fields. "
            "No delimiter can say so: take the lines apart in extract.py"
        )
    begin = min(layout.header, default=1) - 1
    if dialect_of(lines[begin:], Source()).delimiter != delimiter:
        found.add("delimiter", delimiter, "what separates the fields")


def _closed(path: Path) -> bool:
    """Whether each quote that opens closes again; where not, the last records look like anything."""
    with path.open("rb") as file:
        return sum(block.count(b'"') for block in iter(lambda: file.read(_HEAD), b"")) % 2 == 0


def _by_spaces(lines: list[str], records: list[rows.Numbered]) -> bool:
    """Whether runs of spaces split most lines into more fields than the delimiter does."""
    width = Counter(len(cells) for _, cells in records).most_common(1)[0][0] if records else 0
    widths = Counter(len(re.split(r" {2,}", line.strip())) for line in lines if line.strip())
    fields, times = widths.most_common(1)[0] if widths else (0, 0)
    return fields > max(width, 1) and times >= 0.6 * widths.total()


def _delimiter(lines: list[str]) -> str:
    """What splits most lines into one number of fields."""

    def score(delimiter: str) -> tuple[float, int]:
        widths = Counter(len(cells) for _, cells in _records(lines, delimiter, 1) if len(cells) > 1)
        width, times = widths.most_common(1)[0] if widths else (0, 0)
        return (round(times / max(len(lines), 1), 1), width)

    return max(DELIMITERS, key=lambda each: (*score(each), -DELIMITERS.index(each)))


def _records(lines: list[str], delimiter: str, first: int) -> list[rows.Numbered]:
    """Records that are not empty, by the number of their first line."""
    reader, before = csv.reader(lines, delimiter=delimiter), first
    found: list[rows.Numbered] = []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.append((before, cells))
            before = first + reader.line_num
    except csv.Error:
        pass  # the engine names the line
    return found


def _say(layout: rows.Layout, found: Look, skipped: str) -> None:
    if found.header is not None:
        given = layout.header if len(layout.header) > 1 else (*layout.header, 0)[0]
        found.add("header", given, "as it was given")
    elif not layout.header:
        found.add("header", 0, "the first row is data already; columns are called column_1 and so on")
    elif len(layout.header) > 1:
        found.add("header", layout.header, "rows of the header, from 1; their texts are joined")
    elif layout.header[0] > 1:
        found.add("header", layout.header[0], f"row of the header, from 1: {skipped} are passed over")
    if layout.footer:
        said = ", ".join(repr(shortened(text, 40)) for text in layout.passed[:3])
        more = f" and {len(layout.passed) - 3} more" if len(layout.passed) > 3 else ""
        found.add("footer", layout.footer, f"lines at the end that are notes or totals: {said}{more}")


def _excel(file: Found, work: Path, found: Look) -> None:
    from python_calamine import CalamineWorkbook

    from ...extraction.workbook import checked

    safe = work / "look.xlsx"
    if zipped := file.path.read_bytes()[:2] == b"PK":
        checked(file.path, file.place, safe, Tally(Caps()))
    with CalamineWorkbook.from_path(str(safe if zipped else file.path)) as book:
        sheets = {
            name: _grid(book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in book.sheet_names
        }
    safe.unlink(missing_ok=True)
    if found.sheet is not None and found.sheet not in sheets:
        names = ", ".join(map(repr, sheets))
        raise SourceError(f"{file.place}: no sheet {found.sheet!r}, found {names}. Give one of them.")
    name = found.sheet or max(sheets, key=lambda each: sum(len(cells) for _, cells in sheets[each]), default="")
    if not name or not sheets[name]:
        what = f"sheet {name!r} holds nothing" if found.sheet else "no sheet holds anything"
        raise SourceError(f"{file.place}: {what}. Name another {'sheet' if found.sheet else 'file'}.")
    if found.sheet:
        found.add("sheet", name, "as it was given")
    elif len(sheets) > 1:
        others = ", ".join(each for each in sheets if each != name)[:200]
        found.add("sheet", name, f"the largest; the workbook also has {others}")
    records = sheets[name]
    # Excel's footer counts rows that hold something.
    ends = [(at, cells) for at, (_, cells) in enumerate(records, 1)][-_ROWS:]
    _say(rows.find(records[:_ROWS], ends, found.header), found, skipped="rows above it")


def _grid(cells: list[list[Any]]) -> list[rows.Numbered]:
    texts = [(at, list(map(_cell, row))) for at, row in enumerate(cells, 1)]
    return [(at, row) for at, row in texts if any(cell.strip() for cell in row)]


def _cell(value: Any) -> str:
    """A cell as text; a whole number without a decimal point, as the engine reads it."""
    whole = isinstance(value, float) and value.is_integer()
    return "" if value is None else str(int(value) if whole else value)


def _json(file: Found, _work: Path, found: Look) -> None:
    path, beside = trees.json_path(file.path)
    if path:
        found.add("path", path, "where the records are")
    if beside:
        found.remarks.append(
            f"geometry is not read; to have it, and properties, as JSON text: path: {beside} instead of {path}"
        )


def _xml(file: Found, _work: Path, found: Look) -> None:
    if path := trees.xml_path(file.path):
        found.add("path", path, "the element that is a record")


def _sqlite(file: Found, _work: Path, found: Look) -> None:
    tables = trees.sqlite_tables(file.path)
    if not tables:
        raise SourceError(f"{file.place}: holds no table. Name another file.")
    others = ", ".join(islice(tables, 1, 20))
    found.add("table", next(iter(tables)), f"the one of most rows; also there: {others}" if others else "the only one")


_LOOKS: dict[Kind, Callable[[Found, Path, Look], None]] = {
    "csv": _csv,
    "excel": _excel,
    "json": _json,
    "xml": _xml,
    "sqlite": _sqlite,
}
