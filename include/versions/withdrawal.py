"""Withdrawal: a version may have to go; its tombstone stays in data.dvc and is respected at every older commit too."""

import datetime as dt
import logging
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from ..adapters import git
from ..adapters.stillness import remembered
from ..errors import DataError, EnvironmentFault
from ..settings import settings
from . import worktree
from .pins import FILE, Entry, Withdrawn, parse_withdrawn

GRACE = dt.timedelta(days=7)
"""Bytes stay that long, aside, before they are deleted: an error is found, and taken back, in that time."""
log = logging.getLogger("commons")


def tombstone(repository: Path, entry: Entry) -> Withdrawn | None:
    """Who withdrew the version that `entry` pins, when and why; None where nobody did, as far as this clone knows."""
    known = (gone for gone in entries(repository) if gone.identity == entry.identity)
    return entry.meta.withdrawn or next((gone.meta.withdrawn for gone in known), None)


@remembered
def entries(repository: Path) -> list[Entry]:
    """All versions that were withdrawn, as the newest says that this clone knows.

    That is: its working tree, what is checked out, and the publication ref, the remote's included.
    """
    return withdrawn([*_tips(repository), worktree.text(repository)])


def withdrawn(texts: Sequence[str]) -> list[Entry]:
    """The withdrawn versions that these texts of data.dvc know; one that can't be read is left out with a warning."""
    found: dict[tuple[str, str, str], Entry] = {}
    for text in dict.fromkeys(texts):
        try:
            found |= {entry.identity: entry for entry in parse_withdrawn(text)}
        except DataError as error:
            log.warning("which versions were withdrawn is not known from this: %s", error)
    return list(found.values())


def _tips(repository: Path) -> list[str]:
    ref = settings().ref
    try:
        blobs = git.blobs(repository, FILE, ["HEAD", f"refs/heads/{ref}", f"refs/remotes/origin/{ref}"])
        return [_text(repository, blob) for blob in dict.fromkeys(blobs)]
    except EnvironmentFault:  # no Git repository, or one that can't fetch what it lacks
        return []


@lru_cache(maxsize=8)
def _text(repository: Path, blob: str) -> str:
    return git.texts(repository, [blob])[0]


def withdrawn_by(repository: Path, entry: Entry, at: str) -> Entry | None:
    """The version with its tombstone, where it was withdrawn by that time (ISO 8601), as far as this clone knows."""
    gone = tombstone(repository, entry)
    if gone is None or due(gone) - GRACE > _moment(at):
        return None
    return entry.model_copy(update={"meta": entry.meta.model_copy(update={"withdrawn": gone})})


def due(tombstone: Withdrawn) -> dt.datetime:
    """When the bytes of a withdrawn version have to be gone."""
    return _moment(tombstone.at) + GRACE


def _moment(text: str) -> dt.datetime:
    at = dt.datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC)
