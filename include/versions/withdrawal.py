"""Withdrawal: a version may have to go; its tombstone stays in data.dvc and is respected at every older commit too."""

import logging
from pathlib import Path

from ..adapters import git
from ..errors import DataError, EnvironmentFault
from ..settings import settings
from .pins import FILE, Entry, Withdrawn, parse_withdrawn

log = logging.getLogger("commons")


def tombstone(repository: Path, entry: Entry) -> Withdrawn | None:
    """Who withdrew the version that `entry` pins, when and why; None where nobody did, as far as this clone knows."""
    return entry.meta.withdrawn or tombstones(repository).get(entry.md5)


def tombstones(repository: Path) -> dict[str, Withdrawn]:
    """All tombstones by the version's byte hash, from the newest that this clone knows.

    That is: its working tree, what is checked out, and the publication ref, the remote's included.
    """
    texts = [text for text in (*_tips(repository), _tree(repository)) if text]
    return {entry.md5: entry.meta.withdrawn for entry in withdrawn(texts) if entry.meta.withdrawn}


def withdrawn(texts: list[str]) -> list[Entry]:
    """The withdrawn versions that these texts of data.dvc know; one that can't be read is left out with a warning."""
    found: list[Entry] = []
    for text in dict.fromkeys(texts):
        try:
            found += parse_withdrawn(text)
        except DataError as error:
            log.warning("which versions were withdrawn is not known from this: %s", error)
    return found


def _tips(repository: Path) -> list[str]:
    ref = settings().ref
    try:
        return git.texts_at(repository, FILE, ["HEAD", f"refs/heads/{ref}", f"refs/remotes/origin/{ref}"])
    except EnvironmentFault:  # no Git repository, or one that can't fetch what it lacks
        return []


def _tree(repository: Path) -> str:
    file = repository / FILE
    return file.read_text(encoding="utf-8", errors="surrogateescape") if file.exists() else ""
