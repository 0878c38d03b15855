"""The object store of runs, receipts and code archives: a folder (file:) or a bucket (s3:), with conditional writes."""

import datetime as dt
import errno
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import fsspec

from ..contracts.names import Names
from ..errors import EnvironmentFault
from ..settings import settings
from .hashing import Hashes, hashes


def own_store(address: str = "") -> "Store":
    """The part of the store at `address` (COMMONS_STORE) that is this environment's, or this developer's in it."""
    return Store(Names(settings().environment, settings().developer).store(address or settings().store))


class Store:
    """One address below which everything of a space lies; paths are relative to it, with `/`."""

    def __init__(self, url: str) -> None:
        """`url`: `file:///folder` or `s3://bucket/prefix`; s3 takes its endpoint and keys from AWS_* variables."""
        self.url = url.rstrip("/")
        protocol = self.url.partition(":")[0]
        if protocol not in ("file", "s3"):
            raise EnvironmentFault(f"COMMONS_STORE: {url!r} is no file: or s3: address. Set it to one of these.")
        self._local = protocol == "file"
        options: dict[str, Any] = {} if self._local else {"use_listings_cache": False}
        self._fs: Any = fsspec.filesystem(protocol, **options)
        self._root = str(self._fs._strip_protocol(self.url))

    def _at(self, path: str) -> str:
        if path.startswith("/") or ".." in path.split("/"):
            raise ValueError(f"not a path inside the store: {path!r}")
        return f"{self._root}/{path}"

    @contextmanager
    def _told(self, what: str, path: str) -> Iterator[None]:
        """Turns faults of disk and network into one sentence; a missing file passes through."""
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            why = f"{self._volume()} is full" if full else str(error) or type(error).__name__
            raise EnvironmentFault(
                f"{self.url}/{path}: can't {what}: {why}. Nothing was published; mend it, then retry."
            ) from error
        except Exception as error:  # botocore's exceptions share no base with OSError
            if not type(error).__module__.startswith(("botocore", "aiobotocore", "aiohttp")):
                raise
            raise EnvironmentFault(
                f"{self.url}/{path}: can't {what}: {error}. Check the store's address and key."
            ) from error

    def _volume(self) -> str:
        """The mount point that holds the store, for messages."""
        place = Path(self._root)
        while not place.is_mount() and place != place.parent:
            place = place.parent
        return f"the volume at {place}" if self._local else f"the bucket of {self.url}"

    def put_if_absent(self, path: str, content: bytes) -> bool:
        """Writes `content` whole, or nothing if something is there; True if it was ours."""
        with self._told("write", path):
            if not self._local:
                try:
                    self._fs.pipe_file(self._at(path), content, mode="create")
                except FileExistsError:
                    return False
                return True
            target = Path(self._at(path))
            part = self._part(target)
            try:
                self._write(part, content)
                os.link(part, target)
            except FileExistsError:
                return False
            finally:
                part.unlink(missing_ok=True)
            return True

    def put(self, path: str, content: bytes) -> None:
        """Writes `content` whole, over whatever is there."""
        with self._told("write", path):
            if not self._local:
                self._fs.pipe_file(self._at(path), content)
                return
            target = Path(self._at(path))
            part = self._part(target)
            try:
                self._write(part, content)
                part.replace(target)
            finally:
                part.unlink(missing_ok=True)

    def take(self, local: Path, path: str) -> None:
        """Moves the file `local` to `path`: a rename where store and scratch share a volume, else a copy."""
        with self._told("write", path):
            if not self._local:
                self._fs.put_file(str(local), self._at(path))
                local.unlink()
                return
            target = Path(self._at(path))
            part = self._part(target)
            try:
                shutil.move(local, part)
                part.replace(target)
            finally:
                part.unlink(missing_ok=True)

    def get(self, path: str) -> bytes | None:
        """The content at `path`, or None."""
        with self._told("read", path):
            try:
                return bytes(self._fs.cat_file(self._at(path)))
            except FileNotFoundError:
                return None

    def local(self, path: str, into: Path) -> Path:
        """A readable file with the content at `path`: the store's own where it is a folder, else a download in `into`.

        Raises FileNotFoundError where nothing is there. The caller never writes to it.
        """
        with self._told("read", path):
            if self._local:
                found = Path(self._at(path))
                if not found.is_file():
                    raise FileNotFoundError(found)
                return found
            target = into / path
            target.parent.mkdir(parents=True, exist_ok=True)
            self._fs.get_file(self._at(path), str(target))
            return target

    def copy(self, path: str, target: Path) -> Hashes:
        """The content at `path` as the file `target`, which no other process writes to, and its hashes.

        Raises FileNotFoundError where nothing is there.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        if self._local:
            return hashes(self.local(path, target.parent), target)
        with self._told("read", path):
            self._fs.get_file(self._at(path), str(target))
        return hashes(target)

    def list(self, prefix: str) -> list[str]:
        """Paths of all files below the folder `prefix`, sorted; empty where there is none."""
        with self._told("list", prefix):
            found = self._fs.find(self._at(prefix))
        return sorted(str(p).removeprefix(f"{self._root}/") for p in found if ".part-" not in p)

    def ages(self, prefix: str) -> Sequence[tuple[str, dt.datetime, int]]:
        """Path, time of the last change and bytes of all files below the folder `prefix`, the oldest first."""
        with self._told("list", prefix):
            found = self._fs.find(self._at(prefix), detail=True).items()
        known = [(path.removeprefix(f"{self._root}/"), _changed(info), int(info["size"])) for path, info in found]
        return sorted(known, key=lambda item: item[1])

    def remove(self, path: str) -> None:
        """Removes the file at `path`, if it is there: only what is derived, or older than it is kept."""
        with self._told("remove", path), suppress(FileNotFoundError):
            self._fs.rm_file(self._at(path))

    @staticmethod
    def _part(target: Path) -> Path:
        target.parent.mkdir(parents=True, exist_ok=True)
        return target.with_name(f"{target.name}.part-{uuid.uuid4().hex[:8]}")

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        with path.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def _changed(info: dict[str, Any]) -> dt.datetime:
    return info["LastModified"] if "LastModified" in info else dt.datetime.fromtimestamp(info["mtime"], dt.UTC)
