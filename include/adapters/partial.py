"""Parts of a stored object, verified block by block: where it lies on this machine, else fetched into the cache."""

import errno
import hashlib
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..errors import EnvironmentFault
from .cache import aside, cached
from .remote import Remote, told

FOLDER = "parts"
_RUN = 8
_PARALLEL = 8
_FEW = 8
"""So many blocks are hashed sooner than threads are started."""


@dataclass(frozen=True)
class Object:
    """An object of a remote; `hashes` are the SHA-256 of its blocks of `block` bytes each, the last one shorter."""

    oid: str
    block: int
    hashes: tuple[bytes, ...]
    source: Remote
    cache: Path

    def blocks(self, places: Iterable[range]) -> set[int]:
        """The numbers of the blocks that hold these bytes; what lies beyond the end counts for nothing."""
        count = len(self.hashes)
        ends = ((place.start // self.block, min(-(-place.stop // self.block), count)) for place in places)
        return {number for start, end in ends for number in range(start, end)}


def bring(wanted: Object, blocks: Iterable[int]) -> Path:
    """A local file as long as the object, whose `blocks` (counted from 0) hold its verified bytes; others may not.

    That is the object in the cache, or where it lies in a folder of this machine, else a sparse file in the cache that
    keeps what was fetched. A copy in the cache that is damaged is moved aside to `cache/corrupt/`.
    Raises EnvironmentFault where the remote lacks the object, or holds other bytes than were published.
    """
    asked = sorted(set(blocks))
    if (whole := cached(wanted.oid, wanted.cache)).is_file():
        if not _bad(whole, wanted, asked):
            return whole
        aside(whole, wanted.oid, wanted.cache)
    if wanted.source.is_local:
        return _in_place(wanted, asked)
    return _fetched(wanted, asked)


def sparse(oid: str, cache: Path) -> Path:
    """Where the cache keeps parts of an object."""
    return cache / FOLDER / oid[:2] / oid[2:]


def _in_place(wanted: Object, asked: list[int]) -> Path:
    file = Path(wanted.source.path(wanted.oid))
    with told(wanted.source, "read", wanted.oid):
        bad = _bad(file, wanted, asked)
    if bad:
        raise _damaged(wanted, bad[0])
    return file


def _fetched(wanted: Object, asked: list[int]) -> Path:
    file = sparse(wanted.oid, wanted.cache)
    with told(wanted.source, "read", wanted.oid):
        _make(file, wanted)
        with file.open("rb+") as opened, ThreadPoolExecutor(_PARALLEL) as pool:
            runs = _runs(_bad(file, wanted, asked))
            list(pool.map(lambda run: _fetch(wanted, run, opened.fileno()), runs))
    return file


def _make(file: Path, wanted: Object) -> None:
    """A file of holes, where there is none yet of the right length."""
    low, high = (len(wanted.hashes) - 1) * wanted.block, len(wanted.hashes) * wanted.block
    if file.is_file() and low < file.stat().st_size <= high:
        return
    size = int(wanted.source.fs.info(wanted.source.path(wanted.oid))["size"])
    if not low < size <= high:
        raise _damaged(wanted, len(wanted.hashes) - 1)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as opened:
        opened.truncate(size)


def _fetch(wanted: Object, run: range, into: int) -> None:
    """Bring some adjacent blocks, asking once more where they are not those that were published."""
    start, end = run.start * wanted.block, min(run.stop * wanted.block, os.fstat(into).st_size)
    for last in (False, True):
        content = memoryview(_read(wanted, start, end))
        wrong = [i for i in run if not _right(content[(i - run.start) * wanted.block :][: wanted.block], wanted, i)]
        if not wrong:
            os.pwrite(into, content, start)
            return
        if last:
            raise _damaged(wanted, wrong[0])


def _read(wanted: Object, start: int, end: int) -> bytes:
    try:
        return bytes(wanted.source.fs.cat_file(wanted.source.path(wanted.oid), start=start, end=end))
    except OSError as error:
        if error.errno == errno.EINVAL:  # the object ends before these bytes
            return b""
        raise


def _runs(blocks: list[int]) -> Iterator[range]:
    """Adjacent blocks, at most _RUN of them, that one request brings."""
    start = 0
    for at in range(1, len(blocks) + 1):
        if at == len(blocks) or blocks[at] != blocks[at - 1] + 1 or at - start == _RUN:
            yield range(blocks[start], blocks[at - 1] + 1)
            start = at


def _bad(file: Path, wanted: Object, asked: list[int]) -> list[int]:
    """Those of the blocks that are not what was published; each is hashed once in a process while the file stays."""
    found = file.stat()
    state = (file, found.st_mtime_ns, found.st_size, found.st_ino, wanted.block)
    if len(asked) < _FEW:
        return [block for block in asked if _digest(*state, block) != wanted.hashes[block]]
    with ThreadPoolExecutor(2) as pool:
        digests = list(pool.map(lambda block: _digest(*state, block), asked))
    return [block for block, digest in zip(asked, digests, strict=True) if digest != wanted.hashes[block]]


@lru_cache(maxsize=1 << 16)
def _digest(file: Path, _changed: int, _size: int, _inode: int, block: int, number: int) -> bytes:
    with file.open("rb", buffering=0) as opened:
        return hashlib.sha256(os.pread(opened.fileno(), block, number * block)).digest()


def _right(content: memoryview, wanted: Object, number: int) -> bool:
    return hashlib.sha256(content).digest() == wanted.hashes[number]


def _damaged(wanted: Object, number: int) -> EnvironmentFault:
    start = number * wanted.block
    return EnvironmentFault(
        f"{wanted.source.url}: object {wanted.oid} is damaged in the {wanted.block:,} bytes from byte {start:,}: their "
        "SHA-256 is not the one that the version pins. They were not used. `commons verify` says what else is; "
        "delete the object there, then restore it: `dvc push` from a machine whose cache has it, or a backup."
    )
