"""Every version that a repository pins, on whatever ref, and what else its .dvc files name: what must not get lost."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..adapters import git
from ..errors import DataError
from .pins import FILE, Entry, Pins, parse

PATHS = ("*.dvc", "dvc.lock", "*/dvc.lock")
BATCH = 64
_HEAD = "meta:\n  format: 1\nouts:\n"
_MD5 = re.compile(r"\b[0-9a-f]{32}(?:\.dir)?\b")


@dataclass(frozen=True)
class Pinned:
    """A version, and the first commit that pins it; empty where only a working tree does."""

    entry: Entry
    commit: str = ""

    @property
    def label(self) -> str:
        """The version as people find it again."""
        place = f"commit {self.commit[:12]}" if self.commit else "not committed"
        return f"{self.entry.name} {self.entry.md5[:12]} ({place}, run {self.entry.meta.run})"


@dataclass
class Census:
    """Versions by dataset, byte hash and remote; `others` are md5s that a file names which isn't ours, or is broken."""

    versions: dict[tuple[str, str, str], Pinned] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)

    def add(self, entries: Iterable[Entry], commit: str = "") -> None:
        """Count `entries` in, unless they were known."""
        for entry in entries:
            self.versions.setdefault((entry.name, entry.md5, entry.remote), Pinned(entry, commit))


def census(*repositories: Path) -> Census:
    """What every ref of these repositories pins or ever pinned; each distinct text is read once.

    A data.dvc that can't be read counts by the hashes that stand in it, so that nothing is missed for it.
    Raises EnvironmentFault where Git is at fault.
    """
    found = Census()
    for repository in repositories:
        seen: set[str] = set()
        for commit, path, text in _texts(repository):
            if path == FILE:
                _count(found, text, commit, seen)
            else:
                found.others.update(_MD5.findall(text))
    return found


def count_tree(found: Census, pins: Pins) -> Census:
    """`found`, with what a working tree pins."""
    found.add(pins.entries.values())
    return found


def _texts(repository: Path) -> Iterator[tuple[str, str, str]]:
    """Commit, path and text of each distinct blob."""
    first: dict[str, tuple[str, str]] = {}
    for commit, path, blob in git.writings(repository, *PATHS):
        if blob.strip("0"):
            first.setdefault(blob, (commit, path))
    blobs = list(first)
    for start in range(0, len(blobs), BATCH):
        batch = blobs[start : start + BATCH]
        for blob, text in zip(batch, git.texts(repository, batch), strict=True):
            yield *first[blob], text


def _count(found: Census, text: str, commit: str, seen: set[str]) -> None:
    """Neighbouring versions of a data.dvc differ by an entry, so only entries not seen before are parsed."""
    _, ours, outs = text.partition("\nouts:\n- ")
    blocks = [block for block in outs.rstrip("\n").split("\n- ") if block not in seen] if ours else []
    try:
        known = parse(_HEAD + "".join(f"- {block}\n" for block in blocks) if ours else text, commit)
    except DataError:
        found.others.update(md5 for md5 in _MD5.findall(text) if md5.endswith(".dir"))
        return
    seen.update(blocks)
    found.add(known.entries.values(), commit)
