"""Indexes of registers in the store: whole before anybody sees them, verified before they are trusted (FORMAT.md)."""

import datetime as dt
import logging
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ..adapters.store import Store
from ..contracts import layout
from ..errors import EnvironmentFault
from . import indexes
from .indexes import ABANDONED, FILE, KEPT

log = logging.getLogger("commons")


def bring(store: Store, register: str, place: Path) -> bool:
    """Copies the index that is named as `place` from the store to there; whether it was there, each file as it was
    written. One that is damaged is told."""
    text = store.get(layout.index(register, place.name, FILE))
    if text is None:
        return False
    beside = place.with_name(f".partial-{uuid.uuid4().hex[:8]}") / place.name
    try:
        beside.mkdir(parents=True)
        (beside / FILE).write_bytes(text)
        if wrong := list(_copied(store, register, beside)):
            log.warning("%s. The index is built here instead.", "; ".join(wrong))
            return False
        indexes.placed(beside, place)
    except EnvironmentFault as error:  # the manifest is damaged
        log.warning(
            "%s The index is built here instead.", str(error).replace(str(beside), _told(store, register, place))
        )
        return False
    finally:
        shutil.rmtree(beside.parent, ignore_errors=True)
    return True


def _copied(store: Store, register: str, beside: Path) -> Iterator[str]:
    """Copies the files that the manifest names; says which are not as it says."""
    for name, sha256 in indexes.manifest(beside).files.items():
        path = PurePosixPath(name)
        there = layout.index(register, beside.name, name)
        if path.is_absolute() or ".." in path.parts:
            yield f"{store.url}/{there}: leads out of the index"
            return
        try:
            found = store.copy(there, beside / name).sha256
        except FileNotFoundError:
            found = "nothing"
        if found != sha256:
            yield f"{store.url}/{there}: expected sha256 {sha256}, found {found}"


def keep(store: Store, register: str, place: Path) -> None:
    """Copies the index at `place` to the store, its manifest last; then removes there all but the newest KEPT."""
    files = sorted(path for path in place.rglob("*") if path.is_file() and path.name != FILE)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".partial-") as beside:
        for file in (*files, place / FILE):
            link = Path(beside) / "file"
            os.link(file, link)
            store.take(link, layout.index(register, place.name, file.relative_to(place).as_posix()))
    _tidy(store, register)


def last(store: Store, register: str) -> str | None:
    """The key of the newest index of a register in the store."""
    return next((path.split("/")[2] for path in reversed(_whole(store, register))), None)


def _whole(store: Store, register: str) -> list[str]:
    """The manifests there, the oldest first: they are written when all else is."""
    return [path for path, _, _ in store.ages(layout.indexes(register)) if path.endswith(f"/{FILE}")]


def _tidy(store: Store, register: str) -> None:
    """Removes older indexes, the manifest first, and what was never finished."""
    stay = {path.split("/")[2] for path in _whole(store, register)[-KEPT:]}
    began = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=ABANDONED)
    found = [(path, at, path.split("/")[2]) for path, at, _ in store.ages(layout.indexes(register))]
    stay |= {key for _, at, key in found if at > began} - {path.split("/")[2] for path in _whole(store, register)}
    gone = [path for path, _, key in found if key not in stay]
    for path in sorted(gone, key=lambda path: not path.endswith(f"/{FILE}")):
        store.remove(path)


def _told(store: Store, register: str, place: Path) -> str:
    return f"{store.url}/{layout.index(register, place.name, '').rstrip('/')}"
