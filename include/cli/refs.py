"""Every ref that may pin a version: those of where versions are published, and those of this clone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..adapters import git
from ..settings import REPOSITORY, settings
from ..tasks.sync import target
from ..versions.publication import WorkingTree


@dataclass(frozen=True)
class Refs:
    """Repositories with refs; the revision of the first one whose word on withdrawn versions counts; and a refresh."""

    repositories: tuple[Path, ...]
    tip: str
    refresh: Callable[[], None]


@contextmanager
def every_ref() -> Iterator[Refs]:
    """A mirror of the publication address, or of what this clone came from, and this clone; without either, it alone.

    Raises EnvironmentFault where that address does not answer: then nobody knows what is pinned there.
    """
    where = target()
    here = where.root if isinstance(where, WorkingTree) else REPOSITORY
    own = (here,) if (here / ".git").exists() else ()
    address = _origin(here) if isinstance(where, WorkingTree) else where.address
    if not address:
        yield Refs(own, "HEAD", lambda: None)
        return
    with git.mirror(address) as mirror:

        def refresh() -> None:
            git.run("fetch", "--quiet", "--prune", "origin", "+refs/*:refs/*", at=mirror)

        yield Refs((mirror, *own), f"refs/heads/{settings().ref}", refresh)


def _origin(repository: Path) -> str | None:
    """Where the clone came from."""
    try:
        url = git.run("remote", "get-url", "origin", at=repository).strip()
    except git.GitError:
        return None
    return str(repository / url) if (repository / url).is_dir() else url
