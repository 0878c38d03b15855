"""Indexes of registers in a folder: each whole or not there, told what it was made of, the last used ones kept."""

import json
import logging
import shutil
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ..adapters.hashing import hashes
from ..errors import EnvironmentFault
from ..matching import index
from ..matching.index import Index

FILE = "manifest.json"
KEPT_HERE = ".commons/indexes"
"""Where a clone keeps those that its commands use."""
KEPT = 2
"""Indexes of a register that stay: the one in use, and the one before, for runs that began with it."""
ABANDONED = 86_400
"""Seconds after which what a process left half built is nobody's any more."""
log = logging.getLogger("commons")


@dataclass(frozen=True)
class Manifest:
    """What an index was made of; `left_out` counts the register's rows by what is wrong with them, `files` has the
    SHA-256 of each file of the index."""

    dataset: str
    content: str
    columns: dict[str, str]
    folding: str
    rows: int
    left_out: dict[str, int]
    files: dict[str, str]


_MANIFEST = TypeAdapter(Manifest)


def manifest(folder: Path) -> Manifest:
    """What the index in `folder` was made of. Raises EnvironmentFault where that isn't to be read."""
    try:
        told: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
        if (found := told.pop("format", None)) != index.FORMAT:
            raise ValueError(f"format {found!r}, expected {index.FORMAT}")
        return _MANIFEST.validate_python(told)
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:  # ValidationError is a ValueError
        said = " ".join(str(error).split())[:200]
        raise EnvironmentFault(f"{folder / FILE}: not what was written with an index ({said}). {index.NEXT}") from error


def write(folder: Path, *, dataset: str, columns: dict[str, str], rows: int, left_out: dict[str, int]) -> None:
    """Writes beside an index what it was made of: `rows` of the register's table, `left_out` among them by reason."""
    header = index.open_index(folder).header
    files = {path.relative_to(folder).as_posix(): hashes(path).sha256 for path in folder.rglob("*") if path.is_file()}
    told = Manifest(dataset, header.register, columns, header.folding, rows, left_out, dict(sorted(files.items())))
    text = json.dumps({"format": index.FORMAT, **asdict(told)}, indent=1) + "\n"
    (folder / FILE).write_text(text, encoding="utf-8")


def opened(folder: Path, tell: int = logging.WARNING) -> Index | None:
    """The index in `folder`; None, which is told, where it is damaged, and where there is none."""
    if not folder.exists():
        return None
    try:
        known = manifest(folder)
        return index.open_index(folder, register=known.content, folding=known.folding)
    except (EnvironmentFault, ValueError, TypeError, LookupError, OSError, RecursionError) as error:
        why = str(error) if str(folder) in str(error) else f"{folder}: damaged ({error!r}). {index.NEXT}"
        log.log(tell, "%s It is built again.", why.removesuffix(f" {index.NEXT}"))
        return None


def made(folder: Path) -> list[tuple[Path, Manifest]]:
    """The indexes in `folder` and what they were made of, the last used first; damaged ones are passed over."""
    found = []
    for place in folder.glob(f"[!.]*/{FILE}"):
        try:
            found.append((place.parent.stat().st_mtime_ns, place.parent, manifest(place.parent)))
        except (EnvironmentFault, OSError):  # somebody removes it, or it is damaged
            continue
    return [(place, known) for _, place, known in sorted(found, key=lambda one: (-one[0], one[1]))]


def placed(whole: Path, place: Path) -> None:
    """Moves a whole index to its place, unless another process was first; one that is damaged there goes."""
    if place.exists() and opened(place, logging.DEBUG) is None:
        gone = place.with_name(f".partial-{uuid.uuid4().hex[:8]}")
        place.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
    if not place.exists():
        try:
            whole.rename(place)
        except OSError:
            if not place.exists():
                raise


def tidy(folder: Path) -> None:
    """Removes all but the newest indexes of each register, and what processes that were killed left."""
    seen: dict[str, int] = {}
    for place, known in made(folder):
        seen[known.dataset] = seen.get(known.dataset, 0) + 1
        if seen[known.dataset] > KEPT:
            shutil.rmtree(place, ignore_errors=True)
    for left in folder.glob(".partial-*"):
        if left.stat().st_mtime < time.time() - ABANDONED:
            shutil.rmtree(left, ignore_errors=True)
