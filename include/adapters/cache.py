"""The DVC cache: content of versions on this machine, read back verified."""

import errno
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from ..errors import EnvironmentFault
from .remote import Listing, Remote, config_of, md5_of, place, told
from .stillness import remembered


@remembered
def cache_folder(repository: Path | None) -> Path:
    """The DVC cache of a repository, else one of this user."""
    if repository is None or not (repository / ".dvc").is_dir():
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "data_commons"
    return Path(config_of(repository)["cache"].get("dir") or repository / ".dvc" / "cache")


def fetch(oid: str, source: Remote, cache: Path) -> Path:
    """A local file with the object's bytes, verified: from the DVC cache, else from the remote.

    What is on another machine is kept in the cache. A corrupt copy there is moved aside to `cache/corrupt/` and
    fetched again.
    Raises EnvironmentFault where the remote lacks the object, or holds other bytes than were published.
    """
    kept = cached(oid, cache)
    if kept.is_file():
        if _verified(kept, oid):
            return kept
        aside(kept, oid, cache)
    if source.is_local:
        return _inplace(oid, source)
    _download(oid, source, kept, cache / "tmp")
    return kept


def cached(oid: str, cache: Path) -> Path:
    """Where the cache keeps an object, as DVC does."""
    return cache / "files" / "md5" / oid[:2] / oid[2:]


def aside(file: Path, oid: str, cache: Path) -> None:
    """Move a damaged copy out of the way of readers, to `cache/corrupt/`; nothing is deleted."""
    corrupt = cache / "corrupt" / f"{oid}-{uuid.uuid4().hex[:8]}"
    corrupt.parent.mkdir(parents=True, exist_ok=True)
    file.replace(corrupt)


def listing(oid: str, source: Remote, cache: Path) -> Listing:
    """The files of the version whose directory object is `oid`. Raises EnvironmentFault as `fetch`."""
    items = json.loads(fetch(oid, source, cache).read_bytes())
    if odd := [item["relpath"] for item in items if not _below(item["relpath"])]:
        raise EnvironmentFault(
            f"{source.url}: listing {oid} names {odd[0]!r}, which leads out of its folder: not used."
        )
    return Listing({item["relpath"]: item["md5"] for item in items}, {})


def _below(path: str) -> bool:
    return not path.startswith("/") and not {"", ".", ".."} & set(path.split("/"))


def place_in_cache(folder: Path, listing: Listing, cache: Path) -> None:
    """Copy a version into the DVC cache (by reflink where the volume can), so that `dvc checkout` needs no remote."""
    contents: dict[str, Path | bytes] = {oid: folder / path for path, oid in listing.files.items()}
    for oid, content in (contents | {listing.md5: listing.to_bytes()}).items():
        if not (kept := cached(oid, cache)).exists():
            place(content, kept, cache / "tmp")


def _verified(file: Path, oid: str) -> bool:
    found = file.stat()
    return _md5_once(file, found.st_mtime_ns, found.st_size, found.st_ino) == oid.removesuffix(".dir")


@lru_cache(maxsize=4096)
def _md5_once(file: Path, _changed: int, _size: int, _inode: int) -> str:
    return md5_of(file)


def copy(oid: str, source: Remote, cache: Path, target: Path, scratch: Path) -> None:
    """Put the object's bytes at `target`, verified, whole or not at all: from the DVC cache, else from the remote.

    `scratch` is a folder on the volume of `target`. The copy is the reader's own; the cache keeps none.
    Raises EnvironmentFault as `fetch`, or where the volume is full.
    """
    kept = cached(oid, cache)
    with _part(scratch) as part:
        with _room(scratch):
            sound = kept.is_file() and md5_of(Path(shutil.copyfile(kept, part))) == oid.removesuffix(".dir")
        if not sound:
            if kept.is_file():
                aside(kept, oid, cache)
            _bring(oid, source, part)
        with _room(scratch):
            target.parent.mkdir(parents=True, exist_ok=True)
            part.replace(target)


def _download(oid: str, source: Remote, target: Path, scratch: Path) -> None:
    with _part(scratch) as part:
        _bring(oid, source, part)
        place(part, target, scratch)


@contextmanager
def _part(scratch: Path) -> Iterator[Path]:
    scratch.mkdir(parents=True, exist_ok=True)
    part = scratch / uuid.uuid4().hex
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _room(folder: Path) -> Iterator[None]:
    """Turns a full volume into one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise EnvironmentFault(f"{folder}: its volume is full. Make room, then run it again; it goes on.") from error


def _bring(oid: str, source: Remote, part: Path) -> None:
    """Fill `part` with the object's bytes, asking once more where they are not those that were published."""
    for _ in range(2):
        with told(source, "read", oid), _room(part.parent):
            if source.is_local:
                shutil.copyfile(Path(source.path(oid)), part)
            else:
                source.fs.get_file(source.path(oid), str(part))
        if md5_of(part) == oid.removesuffix(".dir"):
            return
    raise _damaged(source, oid, part)


def _inplace(oid: str, source: Remote) -> Path:
    """The object where it lies in a folder of this machine; nobody writes to it."""
    with told(source, "read", oid):
        file = Path(source.path(oid))
        if not _verified(file, oid):
            raise _damaged(source, oid, file)
        return file


def _damaged(source: Remote, oid: str, file: Path) -> EnvironmentFault:
    return EnvironmentFault(
        f"{source.url}: object {oid} is damaged: its md5 is {md5_of(file)}, it has {file.stat().st_size:,} bytes. "
        "It was not used. Delete it there, then restore it: `dvc push` from a machine whose cache has it, or a backup."
    )
