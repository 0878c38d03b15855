"""Reading versions back: history, entries at a revision, and their verified bytes."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl

from ..adapters import git
from ..adapters.cache import cache_folder, fetch, listing
from ..adapters.remote import Remote, remote
from ..errors import DataError
from ..settings import REPOSITORY, settings
from ..tables import parquet
from . import worktree
from .pins import FILE, Entry, parse_one

TABLE = "table/"
log = logging.getLogger("commons")


@dataclass(frozen=True)
class Version:
    """One version of a dataset and the commit that made it the newest one."""

    commit: str
    date: str
    author: str
    entry: Entry


def history(repository: Path, name: str, revision: str = "HEAD") -> list[Version]:
    """All versions of a dataset on the way to `revision`, newest first.

    Reads data.dvc only at commits that name the dataset in a `Dataset:` trailer or no dataset at all (by hand, a
    merge). A shallow clone shows what it holds. A commit whose data.dvc can't be read is left out with a warning.
    Raises EnvironmentFault where there is no such revision.
    """
    commits = [
        c
        for c in git.log_of(repository, revision, FILE, "Dataset")
        if not c.trailers or name in c.trailers or c.is_first
    ]
    texts = git.texts_at(repository, FILE, [commit.id for commit in commits])
    versions: list[Version] = []
    last: Entry | None = None
    for commit, text in zip(commits, texts, strict=True):
        try:
            entry = parse_one(text, name, f"{commit.id[:12]}:{FILE}")
        except DataError as error:  # a commit stays for ever, so it must not hide the versions around it
            log.warning("left out of the history of %s: %s", name, error)
            continue
        if entry and entry != last:
            versions.append(Version(commit.id, commit.date, commit.author, entry))
        last = entry
    return versions[::-1]


def entry_at(repository: Path, name: str, revision: str | None = None) -> Entry:
    """The pin of a dataset at a Git revision, or in the working tree. Raises DataError where it has none there."""
    if revision is None:
        entry = worktree.pins(repository).entries.get(name)
    else:
        commit = git.resolve(repository, revision)
        entry = parse_one(git.texts_at(repository, FILE, [commit])[0], name, f"{revision}:{FILE}")
    if entry is None:
        place = f"revision {revision}" if revision else f"{repository / FILE}"
        raise DataError(f"{name}: no version at {place}. `commons history {name}` lists the versions there are.")
    return entry


def path_at(repository: Path, name: str, revision: str | None = None) -> list[str]:
    """Addresses of the objects that hold the dataset's table at a revision, in row order.

    Raises DataError where it has no version there, EnvironmentFault where its listing can't be read.
    """
    entry = entry_at(repository, name, revision)
    source = _remote(entry.remote, repository)
    files = _listing(entry, source, cache_folder(repository))
    return [
        source.path(files[path]) if source.is_local else f"s3://{source.path(files[path])}" for path in _parts(files)
    ]


def open_version(name: str, at: str | None = None, repository: Path = REPOSITORY) -> pl.LazyFrame:
    """The rows of a dataset at a Git revision (the working tree by default), lazily: only columns asked for are read.

    Bytes are verified before the first row. Raises DataError, EnvironmentFault as `path_at`.
    """
    entry = entry_at(repository, name, at)
    return parquet.scan(table_files(entry, cache_folder(repository), repository))


def table_files(entry: Entry, into: Path, repository: Path = REPOSITORY) -> list[Path]:
    """Local files with the table of a version, in row order, verified; `into` keeps what has to be downloaded."""
    source = _remote(entry.remote, repository)
    files = _listing(entry, source, into)
    return [fetch(files[path], source, into) for path in _parts(files)]


def file_of(entry: Entry, path: str, into: Path, repository: Path = REPOSITORY) -> Path:
    """A local file with one file of a version, such as `schema.json`, verified. Raises DataError where it has none."""
    source = _remote(entry.remote, repository)
    files = _listing(entry, source, into)
    if path not in files:
        raise DataError(f"{entry.name}: version {entry.md5} has no file {path}. It has {', '.join(sorted(files))}.")
    return fetch(files[path], source, into)


def archived_raw(entry: Entry, sha256: str, into: Path, repository: Path = REPOSITORY) -> Path:
    """A local file with raw bytes that a version archived, verified."""
    return file_of(entry, f"raw/{sha256}", into, repository)


def _listing(entry: Entry, source: Remote, cache: Path) -> dict[str, str]:
    if gone := entry.meta.withdrawn:
        raise DataError(f"{entry.name}: version {entry.md5} was withdrawn by {gone.by} on {gone.at}: {gone.why}.")
    return listing(entry.md5, source, cache).files


def _parts(files: dict[str, str]) -> list[str]:
    return sorted((path for path in files if path.startswith(TABLE)), key=str.encode)


def _remote(name: str, repository: Path) -> Remote:
    return _known_remote(name, repository, settings().remote)


_known_remote: Callable[[str, Path, str], Remote] = cache(remote)
