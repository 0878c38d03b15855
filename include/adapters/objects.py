"""All objects of a remote, or of a cache, which is laid out alike: listed, read whole, set aside, brought back."""

import datetime as dt
import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import fsspec

from ..errors import EnvironmentFault
from .remote import Remote, md5_of, remote_at, told

QUARANTINE = "quarantine"
UNFINISHED = "tmp"
CHUNK = 1 << 23
PARALLEL = 8
FEW = 1000
Why = Literal["unused", "damaged"]
_STAMP = "%Y%m%dT%H%M%S.%fZ"


@dataclass(frozen=True)
class Held:
    """One object as a remote holds it."""

    oid: str
    size: int
    modified: dt.datetime


@dataclass(frozen=True)
class Aside:
    """One object in quarantine: since when, and why."""

    oid: str
    size: int
    since: dt.datetime
    why: Why
    path: str


def cache_as_remote(cache: Path) -> Remote:
    """The DVC cache on this machine, read and kept as if it were a remote."""
    return remote_at("cache", str(cache))


def held(where: Remote) -> dict[str, Held]:
    """All objects by id. Raises EnvironmentFault."""
    found = (_held(*item) for item in found_below(where, "files/md5"))
    return {item.oid: item for item in found if item}


def aside(where: Remote) -> list[Aside]:
    """What lies in quarantine, oldest first."""
    found = (_aside(path, size) for path, size, _ in found_below(where, QUARANTINE))
    return sorted(found, key=lambda item: item.since)


def unfinished(where: Remote) -> list[Held]:
    """Parts of uploads that were cut short, by the name of the part."""
    return [Held(path.rpartition("/")[2], size, when) for path, size, when in found_below(where, UNFINISHED)]


def part(where: Remote, name: str) -> str:
    """Where an upload that is not finished lies."""
    return f"{where.root}/{UNFINISHED}/{name}"


def sizes(where: Remote, oids: Collection[str]) -> dict[str, int]:
    """Bytes of those of the objects that are there: asked one by one where they are few, else by a listing of all."""
    if len(oids) > FEW:
        there = held(where)
        return {oid: there[oid].size for oid in oids if oid in there}
    with ThreadPoolExecutor(PARALLEL) as pool:
        found = dict(zip(oids, pool.map(where.size, oids), strict=True))
    return {oid: size for oid, size in found.items() if size is not None}


def digest(where: Remote, oid: str, tell: Callable[[int], None] = lambda _: None) -> str:
    """MD5 of an object's bytes, all of them read and none kept; read again once where it is not the right one.

    `tell` is told how many bytes came. Raises EnvironmentFault where the object is absent, or can't be read.
    """
    found = _md5(where, oid, tell)
    return found if found == oid.removesuffix(".dir") else _md5(where, oid, lambda _: None)


def _md5(where: Remote, oid: str, tell: Callable[[int], None]) -> str:
    if where.is_local:
        file = Path(where.path(oid))
        with told(where, "read", oid):
            found = md5_of(file)
            tell(file.stat().st_size)
        return found
    hashed = hashlib.md5(usedforsecurity=False)
    for piece in _pieces(where, where.path(oid), oid):
        hashed.update(piece)
        tell(len(piece))
    return hashed.hexdigest()


def copy(where: Remote, path: str, oid: str, into: Path) -> bool:
    """Copies the file `path` of a remote to `into`; whether it holds the bytes of the object `oid`.

    Raises EnvironmentFault where it can't be read, OSError where `into` can't be written.
    """
    hashed = hashlib.md5(usedforsecurity=False)
    with into.open("wb") as file:
        for piece in _pieces(where, path, oid):
            hashed.update(piece)
            file.write(piece)
    return hashed.hexdigest() == oid.removesuffix(".dir")


def listing(where: Remote, path: str, oid: str) -> dict[str, str]:
    """The md5 of each file of a version by its path, as the file at `path` of a remote lists them.

    Raises EnvironmentFault where the listing is absent, can't be read, or holds other bytes than were published.
    """
    content = b"".join(_pieces(where, path, oid))
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != oid.removesuffix(".dir"):
        raise EnvironmentFault(f"{where.url}: the listing {oid} is damaged.")
    return {item["relpath"]: item["md5"] for item in json.loads(content)}


def set_aside(where: Remote, oid: str, why: Why, now: dt.datetime) -> None:
    """Moves an object into quarantine; nothing is done where it is gone already."""
    _move(where, oid, where.path(oid), f"{where.root}/{QUARANTINE}/{now:{_STAMP}}/{why}/{oid}")


def bring_back(where: Remote, item: Aside) -> None:
    """Moves an object out of quarantine to where readers look for it."""
    _move(where, item.oid, item.path, where.path(item.oid))


def remove(where: Remote, oid: str, path: str = "") -> None:
    """Deletes an object, or the file at `path` that holds it; for good."""
    with told(where, "remove", oid):
        try:
            files(where).rm_file(path or where.path(oid))
        except FileNotFoundError:
            return


def files(where: Remote) -> Any:
    """The remote's file system as fsspec has it, which unlike DVC's tells sizes and times of a whole listing."""
    return fsspec.filesystem("file") if where.is_local else where.fs.fs


def found_below(where: Remote, folder: str) -> Iterator[tuple[str, int, dt.datetime]]:
    """Path, size and time of change of every file below a folder of the remote, as it is now."""
    root = f"{where.root}/{folder}"
    with told(where, "list", folder):
        if where.is_local:
            yield from _local(root)
            return
        files(where).invalidate_cache()
        listed = files(where).find(root, detail=True)
    for path, info in listed.items():
        yield path, int(info["size"]), info["LastModified"]


def _local(root: str) -> Iterator[tuple[str, int, dt.datetime]]:
    for place, _, names in os.walk(root):
        for path in (f"{place}/{name}" for name in names):
            with suppress(FileNotFoundError):  # it went away since it was listed
                found = Path(path).stat()
                yield path, found.st_size, dt.datetime.fromtimestamp(found.st_mtime, dt.UTC)


def _held(path: str, size: int, modified: dt.datetime) -> Held | None:
    """The object at `path`; None for what only looks like one."""
    *_, first, rest = path.split("/")
    plain = first + rest.removesuffix(".dir")
    known = len(first) == 2 and len(plain) == 32 and all(digit in "0123456789abcdef" for digit in plain)
    return Held(first + rest, size, modified) if known else None


def _aside(path: str, size: int) -> Aside:
    *_, stamp, why, oid = path.split("/")
    since = dt.datetime.strptime(stamp, _STAMP).replace(tzinfo=dt.UTC)
    return Aside(oid, size, since, "damaged" if why == "damaged" else "unused", path)


def _pieces(where: Remote, path: str, oid: str) -> Iterator[bytes]:
    """The bytes of a file, a range at a time: a broken connection costs a range and not all of it."""
    system = files(where)
    with told(where, "read", oid):
        size = int(system.info(path)["size"])
        for start in range(0, size, CHUNK):
            yield system.cat_file(path, start=start, end=min(start + CHUNK, size))


def _move(where: Remote, oid: str, source: str, target: str) -> None:
    system = files(where)
    with told(where, "move", oid):
        system.makedirs(target.rpartition("/")[0], exist_ok=True)
        try:
            system.mv(source, target)
        except FileNotFoundError:
            return
