"""A shallow or partial clone is brought what a reader lacks, and the reader is told what came."""

import logging
from pathlib import Path

from . import git

log = logging.getLogger("commons")


def is_shallow(repository: Path) -> bool:
    """Whether the clone holds the newest part of its history only."""
    return git.run("rev-parse", "--is-shallow-repository", at=repository).strip() == "true"


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


def _count(repository: Path) -> int:
    return int(git.run("rev-list", "--count", "HEAD", at=repository))


def _why(error: git.GitError) -> str:
    return error.stderr.strip().splitlines()[0] if error.stderr.strip() else str(error)
