"""Content of versions on DVC remotes, laid out as DVC does, and the cache that reads it back verified."""

import errno
import hashlib
import json
import os
import shutil
import stat
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote, urlsplit

from dvc.config import Config  # type: ignore[import-untyped]
from dvc.fs import get_cloud_fs  # type: ignore[import-untyped]
from dvc_objects.fs.system import reflink

from ..errors import EnvironmentFault

CLASSES = ("public", "internal", "restricted")
_READ_ONLY = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
_PARALLEL = 8
_SPARING = {"chunksize": 1 << 24, "max_concurrency": 2}
"""Of a file being uploaded to S3, so much is held in memory at once, and _PARALLEL files are."""
_NETWORK = ("botocore", "aiobotocore", "aiohttp")


@dataclass(frozen=True)
class Listing:
    """A folder as DVC pins it: the md5 of each file by its relative path, and their sizes where they are known."""

    files: dict[str, str]
    sizes: dict[str, int]

    def to_bytes(self) -> bytes:
        """The directory object, byte for byte as DVC writes it."""
        return json.dumps([{"md5": self.files[path], "relpath": path} for path in sorted(self.files)]).encode()

    @property
    def md5(self) -> str:
        """The directory object's id, ending in `.dir`: the byte hash of a version."""
        return hashlib.md5(self.to_bytes(), usedforsecurity=False).hexdigest() + ".dir"

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(self.sizes.values())


@dataclass(frozen=True)
class Remote:
    """A DVC remote: its name, and where its objects lie."""

    name: str
    url: str
    fs: Any
    root: str

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine."""
        return bool(self.fs.protocol == "local")

    def path(self, oid: str) -> str:
        """Where DVC keeps the object `oid`."""
        return f"{self.root}/files/md5/{oid[:2]}/{oid[2:]}"

    def address(self, oid: str) -> str:
        """The same with the remote's scheme, for other programs."""
        return f"{self.url.rstrip('/')}/files/md5/{oid[:2]}/{oid[2:]}"

    def size(self, oid: str) -> int | None:
        """Bytes of the object, None where it is absent. Raises EnvironmentFault."""
        with told(self, "look for", oid):
            try:
                return int(self.fs.info(self.path(oid))["size"])
            except FileNotFoundError:
                return None


def listing_of(folder: Path, known: Mapping[str, str] | None = None) -> Listing:
    """Hash all files below `folder`, but those whose md5 by relative path is `known`."""
    known = known or {}
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = [path.relative_to(folder).as_posix() for path in files]
    with ThreadPoolExecutor(2) as pool:
        hashes = list(pool.map(lambda name: known.get(name) or md5_of(folder / name), names))
    return Listing(
        dict(zip(names, hashes, strict=True)), {n: f.stat().st_size for n, f in zip(names, files, strict=True)}
    )


def md5_of(path: Path) -> str:
    """DVC's hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def remote(name: str, repository: Path | None, override: str = "") -> Remote:
    """The DVC remote `name`: below the address `override` (COMMONS_REMOTE) if given, else as `.dvc/config` says.

    Raises EnvironmentFault where neither knows it.
    """
    config = config_of(repository)
    known = dict(config["remote"].get(name, {}))
    if override:
        url = f"{override.rstrip('/')}/{name}"
        # Options of a folder mean nothing to a bucket, and DVC refuses them there.
        known = (known if _protocol(known.get("url", "")) == _protocol(url) else {}) | {"url": url}
    if "url" not in known:
        raise EnvironmentFault(
            f"{repository}/.dvc/config: no remote named {name!r}. "
            f"Add it with `dvc remote add {name} ADDRESS`, or set COMMONS_REMOTE to the folder of all remotes."
        )
    return _opened(name, known, config)


def _protocol(url: str) -> str:
    return urlsplit(url).scheme or "file"


def remote_at(name: str, url: str) -> Remote:
    """The remote at an address, whether `.dvc/config` knows it or not."""
    return _opened(name, {"url": url}, config_of(None))


def remotes(repository: Path, override: str = "") -> dict[str, Remote]:
    """All DVC remotes by name: those of the access classes, and what else `.dvc/config` names, such as a backup.

    Raises EnvironmentFault where there is none.
    """
    named = config_of(repository)["remote"]
    classes = CLASSES if override else [name for name in CLASSES if name in named]
    known = [*classes, *sorted({*named} - {*CLASSES})]
    if not known:
        raise EnvironmentFault(f"{repository}/.dvc/config: names no remote. Add one: `dvc remote add NAME ADDRESS`.")
    return {name: remote(name, repository, override if name in CLASSES else "") for name in known}


def _opened(name: str, known: dict[str, Any], config: Any) -> Remote:
    if known["url"].startswith("file:"):
        known["url"] = unquote(urlsplit(known["url"]).path)
    if known["url"].startswith("s3:"):  # DVC itself would wait for ever for a server that went silent
        known = {"read_timeout": 60, "connect_timeout": 10} | known
    cls, options, root = get_cloud_fs(config, **known)
    return Remote(name, str(known["url"]), cls(**options), str(root).rstrip("/"))


def point_remotes(repository: Path, parent: Path) -> None:
    """Write into `.dvc/config` that the remote of each access class is the folder of its name in `parent`."""
    with Config(str(repository / ".dvc")).edit("repo") as config:
        for name in CLASSES:
            config["remote"][name] = {"url": str(parent / name), "verify": True}


def config_of(repository: Path | None) -> Any:
    folder = repository / ".dvc" if repository else None
    return Config(dvc_dir=str(folder) if folder and folder.is_dir() else None)


def put_version(folder: Path, listing: Listing, to: Remote, own: Collection[str] = ()) -> None:
    """Bring a version's files to the remote, its directory object last; what is there already stays.

    Each object is read back: its size, and its checksum where the remote tells it. Harmless if repeated. On the volume
    of a local remote, files that are this process's `own`, hashed as it wrote them, become the objects themselves.
    Raises EnvironmentFault where the remote is full, refuses or does not answer.
    """
    by_oid = {oid: path for path, oid in listing.files.items()}
    with ThreadPoolExecutor(_PARALLEL) as pool:
        list(pool.map(lambda oid: put(folder / by_oid[oid], oid, to, own=by_oid[oid] in own), by_oid))
    put_bytes(listing.to_bytes(), listing.md5, to)


def put(file: Path, oid: str, to: Remote, *, own: bool = False) -> None:
    """Bring one file to the remote as the object `oid`, if it is not there whole; `own` as in `put_version`."""
    size = file.stat().st_size
    if is_whole(to, oid, size):
        return
    with told(to, "write", oid):
        if to.is_local:
            place(file, Path(to.path(oid)), Path(to.root) / "tmp", link=own)
            if own and file.samefile(to.path(oid)):
                return
        else:
            to.fs.put_file(str(file), to.path(oid), **_SPARING)
    if not is_whole(to, oid, size):
        raise EnvironmentFault(
            f"{to.url}: object {oid} is not what was written: expected {size:,} bytes with that md5. "
            "Nothing was published. Check the remote's volume, then run it again."
        )


def put_bytes(content: bytes, oid: str, to: Remote) -> None:
    """As `put`, for a small object."""
    with TemporaryDirectory(prefix="commons-") as folder:
        file = Path(folder) / "object"
        file.write_bytes(content)
        put(file, oid, to)


def is_whole(where: Remote, oid: str, size: int) -> bool:
    """Whether the object is there with that size and, as far as the remote tells, its md5."""
    with told(where, "look for", oid):
        try:
            info = where.fs.info(where.path(oid))
        except FileNotFoundError:
            return False
        if info["size"] != size:
            return False
        if where.is_local:
            return md5_of(Path(where.path(oid))) == oid.removesuffix(".dir")
    tag = str(info.get("ETag", "")).strip('"')
    plain = len(tag) == 32 and "-" not in tag and info.get("ServerSideEncryption") in (None, "AES256")
    return not plain or tag == oid.removesuffix(".dir")


def absent(objects: Iterable[str], where: Remote) -> list[str]:
    """Those of the objects that the remote lacks."""
    oids = list(objects)
    with ThreadPoolExecutor(_PARALLEL) as pool:
        return [oid for oid, size in zip(oids, pool.map(where.size, oids), strict=True) if size is None]


def place(content: Path | bytes, target: Path, scratch: Path, *, link: bool = False) -> None:
    """Write whole or not at all: beside the objects, to disk, read-only, then renamed into its place.

    With `link` it is the file itself, where it lies on that volume: for what no other process writes to.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = scratch / uuid.uuid4().hex
    try:
        if isinstance(content, bytes):
            part.write_bytes(content)
        else:
            _copy(content, part, link)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.chmod(_READ_ONLY)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _copy(source: Path, target: Path, link: bool) -> None:
    """A reflink where the volume can, else a copy; no hardlink unasked, through which a writer would change both."""
    if link:
        with suppress(OSError):
            target.hardlink_to(source)
            return
    try:
        reflink(str(source), str(target))  # type: ignore[no-untyped-call]
    except OSError:
        shutil.copyfile(source, target)


@contextmanager
def told(where: Remote, what: str, oid: str) -> Iterator[None]:
    """Turns faults of disk, network and S3 into one sentence."""
    try:
        yield
    except FileNotFoundError as error:
        raise EnvironmentFault(
            f"{where.url}: object {oid} is absent from remote {where.name!r}. "
            "Push it from the machine that published it (`dvc push`), restore it from a backup, or make it again: "
            "`commons rebuild --from-source --restore`."
        ) from error
    except Exception as error:
        if not isinstance(error, OSError) and not type(error).__module__.startswith(_NETWORK):
            raise
        raise EnvironmentFault(
            f"{where.url}: can't {what} object {oid}: {_reason(where, error)}. "
            f"{'Nothing was published. ' if what in ('write', 'look for') else ''}Mend it, then run it again."
        ) from error


def _reason(where: Remote, error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT) and where.is_local:
        place = Path(where.root).resolve()
        while not place.is_mount():
            place = place.parent
        return f"the volume at {place} is full"
    return (
        f"{str(error) or type(error).__name__} (bucket {where.root.partition('/')[0]})"
        if not where.is_local
        else str(error)
    )
