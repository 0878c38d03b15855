"""The DVC cache: content of versions on this machine, read back verified."""

import json
import os
import uuid
from functools import lru_cache
from pathlib import Path

from ..errors import EnvironmentFault
from .remote import Listing, Remote, config_of, md5_of, place, told


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
    cached = cache / "files" / "md5" / oid[:2] / oid[2:]
    if cached.is_file():
        if _verified(cached, oid):
            return cached
        aside = cache / "corrupt" / f"{oid}-{uuid.uuid4().hex[:8]}"
        aside.parent.mkdir(parents=True, exist_ok=True)
        cached.replace(aside)
    if source.is_local:
        return _inplace(oid, source)
    _download(oid, source, cached, cache / "tmp")
    return cached


def listing(oid: str, source: Remote, cache: Path) -> Listing:
    """The files of the version whose directory object is `oid`. Raises EnvironmentFault as `fetch`."""
    items = json.loads(fetch(oid, source, cache).read_bytes())
    return Listing({item["relpath"]: item["md5"] for item in items}, {})


def place_in_cache(folder: Path, listing: Listing, cache: Path) -> None:
    """Copy a version into the DVC cache (by reflink where the volume can), so that `dvc checkout` needs no remote."""
    for path, oid in listing.files.items():
        cached = cache / "files" / "md5" / oid[:2] / oid[2:]
        if not cached.exists():
            place(folder / path, cached, cache / "tmp")
    cached = cache / "files" / "md5" / listing.md5[:2] / listing.md5[2:]
    if not cached.exists():
        place(listing.to_bytes(), cached, cache / "tmp")


def _verified(file: Path, oid: str) -> bool:
    found = file.stat()
    return _md5_once(file, found.st_mtime_ns, found.st_size, found.st_ino) == oid.removesuffix(".dir")


@lru_cache(maxsize=4096)
def _md5_once(file: Path, _changed: int, _size: int, _inode: int) -> str:
    return md5_of(file)


def _download(oid: str, source: Remote, target: Path, scratch: Path) -> None:
    scratch.mkdir(parents=True, exist_ok=True)
    part = scratch / uuid.uuid4().hex
    try:
        for _ in range(2):
            with told(source, "read", oid):
                source.fs.get_file(source.path(oid), str(part))
            if md5_of(part) == oid.removesuffix(".dir"):
                place(part, target, scratch)
                return
        raise _damaged(source, oid, part)
    finally:
        part.unlink(missing_ok=True)


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
