"""Every version that a repository pins, on whatever ref, and what else its .dvc files name: what must not get lost."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..adapters import clone, git
from ..errors import DataError, EnvironmentFault
from ..settings import settings
from . import worktree
from .pins import FILE, Entry, parse
from .revisions import resolve
from .withdrawal import entries

PATHS = ("*.dvc", "dvc.lock", "*/dvc.lock")
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
        place = f"commit {self.commit[:12]}" if self.commit else "working tree"
        return f"{self.entry.name} {self.entry.md5[:12]} ({place}, run {self.entry.meta.run})"


@dataclass
class Census:
    """Versions by their identity; `others` are md5s that a file names which isn't ours, or is broken."""

    versions: dict[tuple[str, str, str], Pinned] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)

    def add(self, pinned: Iterable[Entry], commit: str = "") -> None:
        """Count those in that were not known."""
        for entry in pinned:
            self.versions.setdefault(entry.identity, Pinned(entry, commit))


def census(repository: Path, revisions: Sequence[str] = ("--all",)) -> Census:
    """What the commits up to `revisions` pin, by default those of every ref; each distinct text is read once.

    A data.dvc that can't be read counts by the hashes that stand in it, so that nothing is missed for it.
    Raises EnvironmentFault where Git is at fault.
    """
    found, seen = Census(), set[str]()
    for commit, path, text in _texts(repository, revisions):
        if path == FILE:
            _count(found, text, commit, seen)
        else:
            found.others.update(_MD5.findall(text))
    return found


def with_tree(found: Census, repository: Path) -> Census:
    """`found`, and what the working tree pins, if there is one."""
    found.add(worktree.pins(repository).entries.values())
    return found


def announced(repository: Path) -> Census:
    """The versions on the publication ref, on tags, on open proposals and on what is checked out.

    Other branches and pull requests may pin bytes that nobody has uploaded yet.
    """
    ref = settings().ref
    known = ("HEAD", f"refs/heads/{ref}", f"refs/remotes/origin/{ref}")
    named = [name for name in known if git.find(repository, name)]
    return census(repository, [*named, "--tags", "--glob=refs/heads/proposal/*", "--glob=refs/remotes/*/proposal/*"])


def chosen(repository: Path, names: Collection[str], at: str | None = None, *, every: bool = False) -> list[Pinned]:
    """The versions that are meant: of the working tree, of the revision `at`, or `every` one that was announced.

    Those that were withdrawn are left out. Raises DataError, naming all datasets that have none there.
    """
    if every:
        clone.whole_history(repository)
    found = announced(repository) if every else Census()
    if at is None:
        with_tree(found, repository)
    else:
        commit = resolve(repository, at)
        found.add(parse(git.texts_at(repository, FILE, [commit])[0], f"{at}:{FILE}").entries.values(), commit)
    gone = {entry.identity for entry in entries(repository)}
    there = [version for identity, version in found.versions.items() if identity not in gone]
    if unknown := sorted(set(names) - {version.entry.name for version in found.versions.values()}):
        where = f"at {at}" if at else "here"
        raise DataError(*(f"{name}: no version {where}. `commons list` names all." for name in unknown))
    return [version for version in there if not names or version.entry.name in names]


def _texts(repository: Path, revisions: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Commit, path and text of each distinct blob."""
    first: dict[str, tuple[str, str]] = {}
    for commit, path, blob in git.writings(repository, revisions, PATHS):
        if blob.strip("0"):
            first.setdefault(blob, (commit, path))
    for blob, text in zip(first, clone.texts(repository, list(first)), strict=True):
        if text is None:
            raise EnvironmentFault(f"{repository}: a partial clone that can't fetch what it lacks. Clone it whole.")
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
