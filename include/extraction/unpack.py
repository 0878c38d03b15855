"""The files to read: what came, or what lies in it packed, unpacked below the work folder under hard caps."""

import bz2
import gzip
import io
import lzma
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from ..contracts.model import Source
from ..errors import SourceError
from .archives import BROKEN, Member, tar_members, zip_members
from .caps import Tally
from .faults import is_machine
from .sniff import Kind, kind_of

_CHUNK = 1 << 20
_FREE = 64 << 20
"""Unpacked bytes below which the ratio is not judged."""
_XZ_MEMORY = 256 << 20
_ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")
_JUNK = (".DS_Store", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class Found:
    """One file to read; `place` names it in messages: FILE, or ARCHIVE/MEMBER."""

    path: Path
    place: str
    kind: Kind


def unpacked(path: Path, place: str, source: Source, work: Path, tally: Tally, depth: int = 0) -> Iterator[Found]:
    """The tables in the file at `path`, in the order of their names; what was unpacked for one is gone at the next.

    Raises SourceError for an archive that is broken, hostile or over the caps, or holds nothing wanted.
    """
    kind = kind_of(path, place, source.format)
    if kind in ("gzip", "bz2", "xz"):
        yield from _decompressed(path, place, kind, source, work, tally, depth)
    elif kind in ("zip", "tar"):
        if depth >= tally.caps.depth:
            raise SourceError(f"{place}: an archive {depth + 1} deep, expected at most {tally.caps.depth}. Refused.")
        yield from _members(path, place, kind, source, work, tally, depth)
    else:
        yield Found(path, place, kind)


def _decompressed(
    path: Path, place: str, kind: Kind, source: Source, work: Path, tally: Tally, depth: int
) -> Iterator[Found]:
    out = work / f"{path.name}.{kind}"
    try:
        with closing(_stream(path, kind)) as stream:
            _copy(stream, out, place, path.stat().st_size, tally)
    except BROKEN as error:
        if is_machine(error):
            raise
        raise SourceError(_broken(place, error)) from error
    inner = kind_of(out, place, source.format)
    if inner in ("gzip", "bz2", "xz"):
        raise SourceError(f"{place}: {inner} inside {kind}, expected a table or an archive. Refused.")
    try:
        yield from unpacked(out, place, source, work, tally, depth)
    finally:
        out.unlink(missing_ok=True)


def _stream(path: Path, kind: Kind) -> BinaryIO:
    if kind == "gzip":
        return cast(BinaryIO, gzip.open(path, "rb"))
    return cast(BinaryIO, bz2.open(path, "rb") if kind == "bz2" else io.BufferedReader(_Xz(path)))


class _Xz(io.RawIOBase):
    """An xz file under a limit on the decoder's memory, which lzma.open does not know."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._decoder = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fills `buffer` as far as the decoder yields; 0 at the end of the last stream."""
        while True:
            data = b""
            if self._decoder.eof:
                data = (self._decoder.unused_data or self._file.read(_CHUNK)).lstrip(b"\0")
                if not data:
                    return 0
                self._decoder = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
            elif self._decoder.needs_input and not (data := self._file.read(_CHUNK)):
                raise EOFError("it was cut short")
            piece = self._decoder.decompress(data, len(buffer))
            if piece:
                buffer[: len(piece)] = piece
                return len(piece)

    def close(self) -> None:
        self._file.close()
        super().close()


def _members(
    path: Path, place: str, kind: Kind, source: Source, work: Path, tally: Tally, depth: int
) -> Iterator[Found]:
    opened = zip_members if kind == "zip" else tar_members
    try:
        with opened(path, place, tally.caps) as members:
            for member in _wanted(members, place, source):
                inner = f"{place}/{member.name}"
                out = work / f"{depth}.member"
                with closing(member.open()) as stream:
                    _copy(stream, out, inner, member.packed, tally)
                yield from unpacked(out, inner, source, work, tally, depth + 1)
                out.unlink(missing_ok=True)
    except BROKEN as error:
        if is_machine(error):
            raise
        raise SourceError(_broken(place, error)) from error


def _wanted(members: list[Member], place: str, source: Source) -> list[Member]:
    """Those that source.member names; archives inside are looked into anyway."""
    sound = [each for each in members if not _is_junk(each.name)]
    wanted = [each for each in sound if source.member is None or _matches(each.name, source.member)]
    if not wanted:
        some = ", ".join(each.name for each in sound[:10]) or "no files"
        raise SourceError(f"{place}: nothing matches source.member '{source.member or '*'}', found {some}. Correct it.")
    return wanted


def _matches(name: str, member: str) -> bool:
    return fnmatchcase(name, member) or name.lower().endswith(_ARCHIVES)


def _is_junk(name: str) -> bool:
    return name.startswith("__MACOSX/") or PurePosixPath(name).name in _JUNK


def _copy(stream: IO[bytes], out: Path, place: str, packed: int, tally: Tally) -> None:
    """Unpacks `stream` to `out`, each piece judged before it is written."""
    size = 0
    with out.open("wb") as file:
        while piece := stream.read(_CHUNK):
            size += len(piece)
            tally.unpack(place, len(piece))
            if size > _FREE and size > packed * tally.caps.ratio:
                raise SourceError(
                    f"{place}: {packed:,} bytes unpack to more than {size - len(piece):,}, "
                    f"expected at most {tally.caps.ratio} times as many. It looks like a bomb; refused."
                )
            file.write(piece)


def _broken(place: str, error: BaseException) -> str:
    return f"{place}: cannot be unpacked: {error or type(error).__name__}. Fetch it again, or ask the source."
