"""A clone's history, also where the clone is shallow or partial: what a reader lacks is fetched, and that is said."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from . import git
from .stillness import remembered

BATCH = 64
log = logging.getLogger("commons")


@dataclass(frozen=True)
class Commit:
    """A commit that changed a file."""

    id: str
    date: str
    author: str
    trailers: dict[str, tuple[str, ...]]
    blob: str
    """The file's blob; empty where the commit took the file away."""
    is_first: bool
    """No commit before it is known: the beginning, or the edge of a shallow clone."""


@lru_cache(maxsize=4)
def log_of(repository: Path, commit: str, path: str) -> tuple[Commit, ...]:
    """The commits that changed `path` on the way to `commit` (a full id), oldest first; a merge counts as one commit.

    Raises GitError where there is no such commit.
    """
    form = "%x00%H%n%cI%n%an%n%P%n%(trailers:unfold)%x00"
    shown = ("--first-parent", "--reverse", "--raw", "--no-abbrev", "--no-renames", "--no-show-signature")
    command = ("-c", "log.showRoot=true", "log", *shown, f"--format={form}", commit, "--", path)
    fields = git.run(*command, at=repository).split("\0")[1:]
    return tuple(_commit(facts.split("\n"), raw) for facts, raw in zip(fields[::2], fields[1::2], strict=True))


def _commit(facts: list[str], raw: str) -> Commit:
    trailers: dict[str, tuple[str, ...]] = {}
    for line in facts[4:]:
        key, colon, value = line.partition(": ")
        if colon:
            trailers[key] = (*trailers.get(key, ()), value.strip())
    blob = raw.split()[3].strip("0") and raw.split()[3]
    return Commit(facts[0], facts[1], facts[2], trailers, blob, not facts[3])


def texts(repository: Path, blobs: Sequence[str]) -> Iterator[str | None]:
    """The text of each blob, empty for none; None where a partial clone lacks it and can't fetch it.

    What a partial clone lacks is fetched at once. Bytes that are not UTF-8 come as surrogates.
    """
    promisor = _promisor(repository)
    lacking = _brought(repository, promisor, blobs) if promisor else set()
    for start in range(0, len(blobs), BATCH):
        batch = blobs[start : start + BATCH]
        held = [blob for blob in batch if blob and blob not in lacking]
        found = dict(zip(held, git.texts(repository, held), strict=True)) if held else {}
        yield from (None if blob in lacking else found.get(blob, "") for blob in batch)


def is_shallow(repository: Path) -> bool:
    """Whether the clone holds the newest part of its history only."""
    return git.run("rev-parse", "--is-shallow-repository", at=repository).strip() == "true"


@remembered
def whole_history(repository: Path) -> bool:
    """Fetch the commits that a shallow clone lacks, without files where the clone is partial; whether any came.

    Says in the log what was fetched, or why nothing could be: a reader goes on with what is there.
    """
    if not is_shallow(repository):
        return False
    before = _count(repository)
    try:
        git.run("fetch", "--quiet", "--unshallow", at=repository)
    except git.GitError as error:
        log.warning("%s: a shallow clone; its earlier commits can't be fetched: %s", repository, _why(error))
        return False
    log_of.cache_clear()
    log.warning("%s: a shallow clone; fetched %s earlier commits", repository, f"{_count(repository) - before:,}")
    return True


def branch(repository: Path, name: str) -> bool:
    """Fetch one branch of the remote `origin` that this clone may lack; whether there is one."""
    try:
        refspec = f"+refs/heads/{name}:refs/remotes/origin/{name}"
        git.run("fetch", "--quiet", "--no-tags", "origin", refspec, at=repository)
    except git.GitError as error:
        if "couldn't find remote ref" not in error.stderr:
            log.warning("%s: branch %s can't be fetched: %s", repository, name, _why(error))
        return False
    log.warning("%s: fetched branch %s", repository, name)
    return True


@remembered
def _promisor(repository: Path) -> str | None:
    """The remote from which a partial clone fetches what it lacks; None where the clone is not partial."""
    try:
        found = git.run("config", "--name-only", "--get-regexp", r"^remote\..*\.promisor$", at=repository)
    except git.GitError:
        return None
    return found.splitlines()[0].removeprefix("remote.").removesuffix(".promisor")


def _brought(repository: Path, promisor: str, blobs: Sequence[str]) -> set[str]:
    """Fetch the blobs that a partial clone lacks, all at once as Git would one by one; those it lacks still."""
    lacking = set(blobs) - {""} - _held(repository)
    if not lacking:
        return set()
    options = ("--no-tags", "--no-write-fetch-head", "--recurse-submodules=no", "--filter=blob:none", "--stdin")
    command = ("-c", "fetch.negotiationAlgorithm=noop", "fetch", "--quiet", promisor, *options)
    try:
        git.run(*command, at=repository, text="".join(f"{blob}\n" for blob in sorted(lacking)))
    except git.GitError as error:
        count = f"{len(lacking):,}"
        log.warning("%s: a partial clone; files that can't be fetched: %s: %s", repository, count, _why(error))
        return lacking
    log.warning("%s: a partial clone; files fetched: %s", repository, f"{len(lacking):,}")
    return set()


def _held(repository: Path) -> set[str]:
    """All objects that are here: asking for one by one would fetch them one by one."""
    options = ("--batch-all-objects", "--unordered", "--batch-check=%(objectname)")
    return set(git.run("cat-file", *options, at=repository).split())


def _count(repository: Path) -> int:
    return int(git.run("rev-list", "--count", "HEAD", at=repository))


def _why(error: git.GitError) -> str:
    return error.stderr.strip().splitlines()[0] if error.stderr.strip() else str(error)
