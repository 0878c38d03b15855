"""data.dvc in a working tree: read it, and change it whole or not at all."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import EnvironmentFault
from .pins import FILE, Pins, parse, render


def pins(root: Path) -> Pins:
    """The pins of the working tree at `root`; none where it has no data.dvc yet. Raises DataError as `parse`."""
    return parse(text(root), str(root / FILE))


def text(root: Path) -> str:
    """data.dvc as it stands in the working tree; empty where there is none."""
    file = root / FILE
    return file.read_text(encoding="utf-8", errors="surrogateescape") if file.exists() else ""


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Only one process of this machine at a time changes the pins; the lock goes with the process."""
    place = root / ".commons"
    place.mkdir(exist_ok=True)
    with (place / f"{FILE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write(root: Path, pins: Pins) -> None:
    """Put new pins in the place of the old; a reader sees either. Raises EnvironmentFault where the disk is full."""
    part = root / ".commons" / f"{FILE}.{os.getpid()}"
    try:
        with part.open("w", encoding="utf-8") as file:
            file.write(render(pins))
            file.flush()
            os.fsync(file.fileno())
        part.replace(root / FILE)
    except OSError as error:
        raise EnvironmentFault(
            f"{root / FILE}: can't be written: {error}. The old one stays; mend it, then retry."
        ) from error
    finally:
        part.unlink(missing_ok=True)
