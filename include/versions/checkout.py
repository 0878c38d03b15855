"""All datasets as one commit pins them, in a folder: verified, resumed where it was cut short."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..adapters import git
from ..adapters.cache import cache_folder, copy
from ..adapters.remote import md5_of
from ..errors import DataCommonsError, DataError, EnvironmentFault
from . import reading
from .accompanying import accompanying
from .pins import FILE, Entry, Pins, parse
from .record import record, version_at
from .revisions import resolve

MARK = ".commons-checkout.json"
SCRATCH = ".commons-parts"
RECORD = "version.json"
_PARALLEL = 4


@dataclass(frozen=True)
class Placed:
    """One dataset of a checkout; without files where `problem` says why."""

    entry: Entry
    files: int = 0
    problem: str | None = None
    withdrawn: bool = False
    note: str | None = None
    """Why there is no file for catalogues beside its record."""


@dataclass(frozen=True)
class Checkout:
    """Datasets of one commit and the folder that they go to."""

    repository: Path
    commit: str
    folder: Path
    entries: tuple[Entry, ...]
    pins: Pins
    """All that the commit pins."""


def begin(repository: Path, revision: str, folder: Path, names: Sequence[str] = ()) -> Checkout:
    """What a revision pins of `names` (of all where empty), to be put into `folder`, which is marked as a checkout.

    Raises DataError where a name has no version there, EnvironmentFault where there is no such revision or the folder
    holds anything but a checkout of the same commit.
    """
    commit = resolve(repository, revision)
    text = git.texts_at(repository, FILE, [commit])[0]
    pinned = parse(text, f"{revision}:{FILE}")
    pins = pinned.entries
    if unknown := sorted(set(names) - set(pins)):
        known = ", ".join(sorted(pins)) or "no dataset"
        raise DataError(*(f"{name}: no version at revision {revision}. It pins {known}." for name in unknown))
    _claim(folder, commit)
    return Checkout(repository, commit, folder, tuple(pins[name] for name in sorted(names or pins)), pinned)


def _claim(folder: Path, commit: str) -> None:
    mark = folder / MARK
    try:
        there = json.loads(mark.read_bytes())["commit"] if mark.is_file() else None
    except (ValueError, TypeError, LookupError):
        there = None
    if there == commit:
        return
    if folder.exists() and (not folder.is_dir() or any(path != mark for path in folder.iterdir())):
        what = f"a checkout of {there[:12]}" if isinstance(there, str) else "files that no checkout made"
        raise EnvironmentFault(f"{folder}: holds {what}, expected an empty folder or a checkout of {commit[:12]}.")
    _write(mark, json.dumps({"format": 1, "commit": commit}) + "\n")


def fill(checkout: Checkout, told: Callable[[int], None]) -> Iterator[Placed]:
    """Put each dataset into the folder of its name, as `dvc pull` does, with its record, also as catalogues read it.

    A file that is there whole is left; `told` hears of the bytes of a dataset that is done. One that was withdrawn, or
    whose bytes are not to be had, is told of and the others go on. Raises EnvironmentFault where the folder can't be
    written.
    """
    with ThreadPoolExecutor(_PARALLEL) as pool:
        for entry in checkout.entries:
            yield _placed(checkout, entry, pool)
            told(entry.size)
    shutil.rmtree(checkout.folder / SCRATCH, ignore_errors=True)


def _placed(checkout: Checkout, entry: Entry, pool: ThreadPoolExecutor) -> Placed:
    said = record(version_at(checkout.repository, entry.name, checkout.commit), checkout.repository)
    problem: str | None = None
    files: dict[str, str] = {}
    try:
        source, files = reading.located(entry, cache_folder(checkout.repository), checkout.repository)
        list(pool.map(lambda item: _put(checkout, entry, source, *item), files.items()))
    except DataCommonsError as error:
        problem = str(error) if str(error).startswith(f"{entry.name}:") else f"{entry.name}: {error}"
    note = _recorded(checkout, entry, said)
    return Placed(entry, len(files) if not problem else 0, problem, said["withdrawn"] is not None, note)


def _recorded(checkout: Checkout, entry: Entry, said: dict[str, Any]) -> str | None:
    """Write the record, and as catalogues read it; why not so, where its files are not what they should be."""
    texts, note = {RECORD: f"{json.dumps(said, indent=1, ensure_ascii=False)}\n"}, None
    try:
        texts |= accompanying(checkout.repository, entry, said, checkout.pins, checkout.commit)
    except (DataCommonsError, ValueError) as error:
        note = f"{entry.name}: only {RECORD} beside its files. {' '.join(str(error).split())}"
    for name, text in texts.items():
        _write(checkout.folder / entry.name / name, text, checkout.folder / SCRATCH)
    return note


def _put(checkout: Checkout, entry: Entry, source: Any, path: str, oid: str) -> None:
    target = checkout.folder / entry.name / path
    if target.is_file() and md5_of(target) == oid:
        return
    copy(oid, source, cache_folder(checkout.repository), target, checkout.folder / SCRATCH)


def _write(file: Path, text: str, scratch: Path | None = None) -> None:
    """By way of the folder `scratch`, so that never half a text is seen."""
    part = scratch / f"{file.parent.name}-{file.name}" if scratch else file
    try:
        for folder in {part.parent, file.parent}:
            folder.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    except OSError as error:
        why = error.strerror or str(error)
        raise EnvironmentFault(f"{file}: can't be written: {why}. Choose another place, or make room.") from error
