"""Bytes on their way to a file: hashed and counted while they pass, kept under their SHA-256."""

import errno
import hashlib
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from ..errors import EnvironmentFault, SourceError

Progress = Callable[[str, int, int | None], None]
"""Called with a file's name, its bytes so far, and its bytes in all where they are known."""


def quiet(_name: str, _so_far: int, _all: int | None) -> None:
    """Progress that nobody sees."""


def check_size(address: str, size: int, max_bytes: int) -> None:
    """Raises SourceError where `size`, declared or come so far, is over `max_bytes`."""
    if size > max_bytes:
        raise SourceError(
            f"{address}: larger than the {max_bytes:,} bytes allowed ({size:,} are declared or came so far). "
            "If that is right, raise `source.max_mb` in the contract."
        )


@dataclass
class Landing:
    """One file on its way: `took()` adds bytes; `restart()` drops them; `keep()` names the file by its hash."""

    address: str
    name: str
    into: Path
    file: IO[bytes]
    max_bytes: int
    deadline: float
    progress: Progress
    aside: Executor
    size: int = 0
    total: int | None = None
    _hash: Any = field(default_factory=hashlib.sha256)

    def took(self, chunk: bytes) -> None:
        """Writes `chunk`. Raises SourceError beyond the cap or the deadline."""
        self.size += len(chunk)
        self.allow(self.size)
        self.in_time()
        hashing = self.aside.submit(self._hash.update, chunk)
        self.file.write(chunk)
        hashing.result()
        self.progress(self.name, self.size, self.total)

    def allow(self, size: int) -> None:
        """Raises SourceError where a file of `size` bytes is over the cap."""
        check_size(self.address, size, self.max_bytes)

    def in_time(self) -> None:
        """Raises SourceError after the deadline."""
        if time.monotonic() > self.deadline:
            raise SourceError(
                f"{self.address}: not finished within the time allowed, {self.size:,} bytes had come. "
                "Try again later, or ask its publisher for a faster address."
            )

    def restart(self) -> None:
        """Forgets what came so far."""
        self.file.seek(0)
        self.file.truncate()
        self.size, self._hash = 0, hashlib.sha256()

    def head(self, most: int) -> bytes:
        """The first bytes of what came so far."""
        self.file.flush()
        with Path(self.file.name).open("rb") as file:
            return file.read(most)

    @property
    def sha256(self) -> str:
        """Hash of what came so far, in hexadecimal."""
        return str(self._hash.hexdigest())

    def keep(self, folder: str = ".") -> Path:
        """The file under its hash in `into`, or in `folder` of it."""
        self.file.flush()
        path = self.into / folder / self.sha256
        path.parent.mkdir(parents=True, exist_ok=True)
        Path(self.file.name).replace(path)
        return path


@contextmanager
def landing(
    address: str, name: str, into: Path, max_bytes: int, deadline: float, progress: Progress = quiet
) -> Iterator[Landing]:
    """A file on its way into the folder `into`; what is not kept is removed."""
    into.mkdir(parents=True, exist_ok=True)
    part = into / f".part-{uuid.uuid4().hex}"
    try:
        with part.open("xb") as file, ThreadPoolExecutor(1) as aside:
            yield Landing(address, name, into, file, max_bytes, deadline, progress, aside)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise EnvironmentFault(
            f"{into}: its volume is full. Free some space, or set COMMONS_WORK; then retry."
        ) from error
    finally:
        part.unlink(missing_ok=True)


def chunks(file: IO[bytes], size: int = 1 << 20) -> Iterator[bytes]:
    """The rest of `file` in pieces."""
    while piece := file.read(size):
        yield piece
