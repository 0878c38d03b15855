"""Both hashes of a file from one reading, and of a copy while it is written."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from .landing import chunks


@dataclass(frozen=True)
class Hashes:
    """Of one file, in hexadecimal: what receipts name it by, and what DVC does."""

    sha256: str
    md5: str


def hashes(file: Path, copy: Path | None = None) -> Hashes:
    """The hashes of `file`, or of what was written to `copy`: each byte is read once, each use has a thread."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    uses: list[Callable[[bytes], object]] = [sha256.update, md5.update]
    with ExitStack() as stack:
        source = stack.enter_context(file.open("rb"))
        if copy:
            uses.append(stack.enter_context(copy.open("wb")).write)
        pool = stack.enter_context(ThreadPoolExecutor(len(uses)))
        for piece in chunks(source):
            for done in [pool.submit(use, piece) for use in uses]:
                done.result()
    return Hashes(sha256.hexdigest(), md5.hexdigest())
