"""Text files in any encoding as UTF-8, strictly: what cannot be decoded is named by line and column."""

import codecs
import io
from collections.abc import Iterator
from pathlib import Path

from charset_normalizer import from_bytes

from ..errors import ContractError, SourceError
from .caps import Tally

_CHUNK = 1 << 20
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
    Raises SourceError with line and column of what cannot be decoded; ContractError for an unknown encoding.
    """
    mark = _mark(path)
    named = codec(encoding, place) if encoding else _MARKS.get(mark, "utf-8")
    skip = len(mark) if named.startswith(_MARKS.get(mark, "-")) or (mark and named == "utf-16") else 0
    if named == "utf-16" and mark:
        named = _MARKS[mark]
    if named in ("utf-8", "utf-8-sig"):
        return path, skip
    copy = work / f"{path.name}.utf8"
    with copy.open("wb") as out:
        for text in decoded(path, skip, named, place, encoding):
            out.write(tally_bytes(text.encode(), place, tally))
    return copy, 0


def tally_bytes(data: bytes, place: str, tally: Tally) -> bytes:
    """`data`, counted as unpacked."""
    tally.unpack(place, len(data))
    return data


def codec(encoding: str, place: str) -> str:
    """Python's name of a text encoding; raises ContractError for one it does not know."""
    try:
        info = codecs.lookup(encoding)
    except LookupError:
        info = None
    if info is None or not info._is_text_encoding:
        raise ContractError(
            f"{place}: source.encoding '{encoding}' is not known, expected a name such as windows-1252. Correct it."
        )
    return info.name


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
        return f"{where}. Correct source.encoding, or have the source repaired."
    proposal = propose(path)
    hint = f"; it looks like {proposal}. If that is right, set source.encoding: {proposal}" if proposal else ""
    return f"{where}{hint or '. Set source.encoding to the one it is in'}."


def propose(path: Path) -> str | None:
    """The encoding that a sample of the file looks like, for a person to judge; None if nothing fits."""
    with path.open("rb") as file:
        best = from_bytes(file.read(_CHUNK)).best()
    return best.encoding.replace("cp125", "windows-125").replace("_", "-") if best else None


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
