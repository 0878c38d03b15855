"""The members of a zip or tar archive, judged as a whole before any is unpacked."""

import lzma
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from ..errors import SourceError
from .caps import Caps

_ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
_ENTRY = 1_024
"""Bytes that one member may take in a zip's directory, its name included."""
_EXTENSION = 1 << 20
"""Bytes of a tar's extension header (a long name, pax records), which tarfile reads into memory."""

BROKEN = (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError, NotImplementedError)
"""What the packers raise for bad bytes."""


@dataclass(frozen=True)
class Member:
    """One regular file of an archive; `packed` is the bytes it takes in there."""

    name: str
    packed: int
    open: Callable[[], IO[bytes]]


@contextmanager
def zip_members(path: Path, place: str, caps: Caps) -> Iterator[list[Member]]:
    """The files of a zip, by name. Raises SourceError for too many, for links, encrypted ones, and odd names."""
    _check_directory(path, place, caps)
    with _opened(path) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        problems = [f"{place}: {info.filename!r} is {what}." for info in infos if (what := _odd(info))]
        _judge([info.filename for info in infos], place, caps, problems)
        yield [Member(info.filename, info.compress_size, partial(archive.open, info)) for info in _sorted(infos)]


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except UnicodeDecodeError as error:
        raise zipfile.BadZipFile("the name of a member is not UTF-8, though marked so") from error


def _sorted(infos: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    return sorted(infos, key=lambda info: info.filename)


def _odd(info: zipfile.ZipInfo) -> str | None:
    """What makes a member of a zip one that is not read."""
    mode = info.external_attr >> 16
    if info.create_system == 3 and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "a link or a device, expected a regular file"
    if info.flag_bits & 0x1:
        return "encrypted, expected plain"
    if info.compress_type not in _ZIP_METHODS:
        return f"packed with method {info.compress_type}, expected stored, deflate or bzip2"
    return None


def _check_directory(path: Path, place: str, caps: Caps) -> None:
    """Refuses a zip with too many members from its last bytes, before its directory is read into memory."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 66_000))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22:
        raise SourceError(f"{place}: the end of the zip is missing, so it was cut short. Fetch it again.")
    count, length = struct.unpack("<HL", tail[at + 10 : at + 16])
    big = tail.rfind(b"PK\x06\x06", 0, at)
    if big >= 0 and len(tail) - big >= 48:
        count, length = struct.unpack("<QQ", tail[big + 32 : big + 48])
    if count > caps.members or length > caps.members * _ENTRY:
        raise SourceError(_too_many(place, caps, f"{count:,} members in a directory of {length:,} bytes"))


def _too_many(place: str, caps: Caps, found: str) -> str:
    return f"{place}: {found}, expected at most {caps.members:,}. Nothing was unpacked. Take a smaller archive."


@contextmanager
def tar_members(path: Path, place: str, caps: Caps) -> Iterator[list[Member]]:
    """The files of an uncompressed tar, by name. Raises SourceError as `zip_members` does."""
    _check_headers(path, place, caps)
    with tarfile.open(path, "r:") as archive:
        infos = [info for info in archive if not info.isdir()]
        odd = [info.name for info in infos if not info.isreg() or info.issparse()]
        problems = [f"{place}: {name!r} is a link, a device or sparse, expected a regular file." for name in odd]
        _judge([info.name for info in infos], place, caps, problems)
        infos.sort(key=lambda info: info.name)
        yield [Member(info.name, info.size, partial(_open_tar, archive, info)) for info in infos]


def _open_tar(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(info)
    if file is None:
        raise tarfile.ReadError(f"{info.name} is not a file")
    return file


def _check_headers(path: Path, place: str, caps: Caps) -> None:
    """Counts the headers of a tar, and refuses one whose extension headers would fill memory."""
    with path.open("rb") as file:
        for _ in range(3 * caps.members + 1):
            header = file.read(512)
            if len(header) < 512 or not header.strip(b"\0"):
                return
            kind, size = header[156:157], tarfile.nti(header[124:136])  # type: ignore[attr-defined]
            if size < 0 or (kind in b"xgLKNX" and size > _EXTENSION):
                raise SourceError(f"{place}: a header of {size:,} bytes, expected at most {_EXTENSION:,}. Refused.")
            file.seek(-(-size // 512) * 512, 1)
    raise SourceError(_too_many(place, caps, f"more than {3 * caps.members:,} headers"))


def _judge(names: list[str], place: str, caps: Caps, problems: list[str]) -> None:
    """Raises SourceError for all that is wrong with the members of an archive."""
    if len(names) > caps.members:
        raise SourceError(_too_many(place, caps, f"{len(names):,} members"))
    problems += [f"{place}: {name!r} leads outside the archive." for name in names if _leads_outside(name)]
    seen: dict[str, str] = {}
    for name in names:
        twin = seen.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
        if twin is not name:
            problems.append(f"{place}: {name!r} and {twin!r} are the same name on some systems.")
    if problems:
        raise SourceError(*problems[:20], f"{place}: nothing was unpacked. Take a sound archive from the source.")


def _leads_outside(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return not name or path.is_absolute() or ".." in path.parts or "\0" in name or name[1:2] == ":"
