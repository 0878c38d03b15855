"""Text files in any encoding as UTF-8, strictly: what cannot be decoded is named by line and column."""

import codecs
import io
import re
from collections.abc import Iterator
from pathlib import Path

from charset_normalizer import from_bytes

from ..errors import SourceError
from .caps import Tally

_CHUNK = 1 << 20
_SAMPLE = 1 << 18
_SPOKEN = re.compile(r"^cp(125\d)$")
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class Part(io.RawIOBase):
    """The bytes of a file from `start` to `end`."""

    def __init__(self, path: Path, start: int, end: int | None = None) -> None:
        self._file = io.FileIO(path)
        self._file.seek(start)
        self._left = (path.stat().st_size if end is None else end) - start

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fills `buffer` as far as the part goes."""
        count = self._file.readinto(memoryview(buffer)[: self._left])
        self._left -= count
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


def lines_of(path: Path, start: int = 0, end: int | None = None) -> io.TextIOWrapper:
    """The UTF-8 text of a part of a file, line endings as they are."""
    return io.TextIOWrapper(io.BufferedReader(Part(path, start, end), _CHUNK), "utf-8", "strict", newline="")


def as_utf8(path: Path, place: str, encoding: str | None, work: Path, tally: Tally) -> tuple[Path, int]:
    """The file in UTF-8 and the offset at which its text begins: itself after its mark, or a copy below `work`.

    Without an `encoding` a byte order mark decides, else the file counts as UTF-8, to be decoded strictly.
    Raises SourceError with line and column of what cannot be decoded.
    """
    mark = _mark(path)
    named = codecs.lookup(encoding).name if encoding else _MARKS.get(mark, "utf-8")
    skip = len(mark) if named.startswith(_MARKS.get(mark, "-")) or (mark and named == "utf-16") else 0
    if named == "utf-16" and mark:
        named = _MARKS[mark]
    if named in ("utf-8", "utf-8-sig"):
        _refuse_wide(path, place)
        return path, skip
    copy = work / f"{path.name}.utf8"
    with copy.open("wb") as out:
        for text in decoded(path, skip, named, place, encoding):
            out.write(tally_bytes(text.encode(), place, tally))
    return copy, 0


def _refuse_wide(path: Path, place: str) -> None:
    """UTF-16 without a mark is sound UTF-8 full of zero bytes: too odd to be meant."""
    with path.open("rb") as file:
        head = file.read(1_000)
    for first, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(head) > 3 and head[first::2].count(0) > len(head) * 0.4:
            raise SourceError(f"{place}: every second byte is zero. If it is UTF-16, set source.encoding: {name}.")


def tally_bytes(data: bytes, place: str, tally: Tally) -> bytes:
    """`data`, counted as unpacked."""
    tally.unpack(place, len(data))
    return data


def decoded(path: Path, start: int, name: str, place: str, asked: str | None) -> Iterator[str]:
    """The text of a file in pieces; raises SourceError with line and column of what cannot be decoded."""
    decoder, line, column = codecs.getincrementaldecoder(name)("strict"), 1, 1
    with io.BufferedReader(Part(path, start), _CHUNK) as file:
        while True:
            data = file.read(_CHUNK)
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                before = error.object[: error.start].decode(name, "strict")
                line, column = _after(before, line, column)
                raise SourceError(_undecodable(error, place, line, column, asked, path)) from error
            yield text
            line, column = _after(text, line, column)
            if not data:
                return


def check_utf8(path: Path, start: int, place: str, asked: str | None) -> None:
    """Raises SourceError with line and column of the first bytes that are not UTF-8."""
    for _ in decoded(path, start, "utf-8", place, asked):
        pass


def _after(text: str, line: int, column: int) -> tuple[int, int]:
    breaks = text.count("\n")
    return (line + breaks, len(text) - text.rfind("\n")) if breaks else (line, column + len(text))


def _undecodable(error: UnicodeDecodeError, place: str, line: int, column: int, asked: str | None, path: Path) -> str:
    found = " ".join(f"0x{byte:02X}" for byte in error.object[error.start : error.end])
    where = f"{place}: line {line}, column {column}: {found} is not {asked or error.encoding.upper()} text"
    if asked:
        return f"{where}. Correct source.encoding, or ask the source."
    readings = "; ".join(f"{name} it reads {text!r}" for name, text in _readings(path, error).items())
    return f"{where}; as {readings}. Set source.encoding to the one that reads right."


def _readings(path: Path, error: UnicodeDecodeError) -> dict[str, str]:
    """What stands around the fault in the encodings that come first to mind, for a person to judge."""
    with path.open("rb") as file:
        best = from_bytes(file.read(_SAMPLE)).best()
    around = error.object[max(0, error.start - 20) : error.end + 20]
    names = ["windows-1252", *([_SPOKEN.sub(r"windows-\1", best.encoding)] if best else [])]
    return {name: around.decode(name, "replace") for name in names if name != "utf_8"}


def _mark(path: Path) -> bytes:
    with path.open("rb") as file:
        head = file.read(3)
    return next((mark for mark in _MARKS if head.startswith(mark)), b"")


def footer_start(path: Path, start: int, lines: int) -> int:
    """The offset of the last `lines` lines of a UTF-8 file, empty ones at its end not counted; its size for none."""
    size = path.stat().st_size
    if not lines:
        return size
    take = 1 << 16
    while True:
        with io.BufferedReader(Part(path, max(start, size - take))) as file:
            tail = file.read()
        at = len(tail.rstrip(b"\r\n"))
        for _ in range(lines):
            at = tail.rfind(b"\n", 0, max(at, 0))
        if at >= 0 or len(tail) < take:
            return size - len(tail) + at + 1
        take *= 4
