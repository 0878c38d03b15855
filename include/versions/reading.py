"""Reading versions back: history, entries at a revision, and their verified bytes."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

from ..adapters import clone, git
from ..adapters.cache import cache_folder, fetch, listing
from ..adapters.partial import Object
from ..adapters.remote import Remote, remote
from ..contracts.columns import TableSchema
from ..errors import DataError
from ..settings import REPOSITORY, settings
from ..tables import blocks, parquet
from . import timeline, withdrawal, worktree
from .pins import FILE, Entry, parse, parse_one
from .revisions import resolve

if TYPE_CHECKING:  # a third of a second that commands which open no table never need
    import pyarrow.dataset as ds

    from . import lazily

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

    Reads data.dvc at commits that name the dataset in a `Dataset:` trailer or no dataset at all (by hand, a merge); to
    show a history, `timeline.versions` is quicker. A shallow clone gives what it holds. A commit whose data.dvc can't
    be read is left out with a warning.
    Raises EnvironmentFault where there is no such revision.
    """
    commits = timeline.concerning(repository, name, revision)
    texts = clone.texts(repository, [commit.blob for commit in commits])
    versions: list[Version] = []
    last: Entry | None = None
    for commit, text in zip(commits, texts, strict=True):
        if text is None:
            continue
        try:
            entry = parse_one(text, name, f"{commit.id[:12]}:{FILE}")
        except DataError as error:  # a commit stays for ever, so it must not hide the versions around it
            log.warning("left out of the history of %s: %s", name, error)
            continue
        if entry and entry != last:
            versions.append(Version(commit.id, commit.date, commit.author, entry))
        last = entry
    return versions[::-1]


def entry_at(repository: Path, name: str, revision: str | None = None, source_date: str | None = None) -> Entry:
    """The pin of a dataset at a revision (see `revisions.resolve`), or in the working tree.

    With `source_date`, that of the version on the way there (to HEAD) that its source dated last by then.
    Raises DataError where it has none there, EnvironmentFault where there is no such revision.
    """
    if source_date is not None:
        revision = timeline.by_source_date(repository, name, source_date, revision or "HEAD").commit
    if revision is None:
        text = worktree.text(repository)
    else:
        text = git.texts_at(repository, FILE, [resolve(repository, revision)])[0]
    entry = parse_one(text, name, f"{revision}:{FILE}" if revision else str(repository / FILE))
    if entry is None:
        place = f"revision {revision}" if revision else f"{repository / FILE}"
        gone = (known.meta.withdrawn for known in withdrawal.entries(repository) if known.name == name)
        said = "".join(f"; withdrawn by {one.by} on {one.at}: {one.why}" for one in gone if one)
        near = get_close_matches(name, parse(text, place).entries, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise DataError(
            f"{name}: no version at {place}{said}.{hint} `commons history {name}` lists the versions there are."
        )
    return entry


def path_at(repository: Path, name: str, revision: str | None = None) -> list[str]:
    """Addresses of the objects that hold the dataset's table at a revision, in row order.

    Raises DataError where it has no version there, EnvironmentFault where its listing can't be read.
    """
    entry = entry_at(repository, name, revision)
    source, files = located(entry, cache_folder(repository), repository)
    return [
        source.path(files[path]) if source.is_local else f"s3://{source.path(files[path])}" for path in _parts(files)
    ]


def open_version(name: str, at: str | None = None, repository: Path = REPOSITORY) -> pl.LazyFrame:
    """The rows of a dataset at a revision (the working tree by default), as `rows_of`."""
    return rows_of(entry_at(repository, name, at), repository)


def rows_of(entry: Entry, repository: Path = REPOSITORY) -> pl.LazyFrame:
    """The rows of a version, lazily: a query reads only the columns and row groups that it asks for, verified.

    They are read where they lie on this machine, else from the remote; a version older than blocks.json comes whole.
    Raises DataError where it was withdrawn, EnvironmentFault, also when the query runs, where bytes are not to be had.
    """
    from . import lazily

    table = table_of(entry, repository)
    return lazily.frame(table) if table else parquet.scan(table_files(entry, cache_folder(repository), repository))


def dataset_of(
    entry: Entry, columns: Sequence[str] | None = None, where: pl.Expr | None = None, repository: Path = REPOSITORY
) -> "ds.Dataset":
    """The same for Arrow, of `columns` and of the row groups that may meet `where` (all by default); verified now.

    Raises as `rows_of`, and DataError where there is no such column.
    """
    import pyarrow.dataset as ds

    from . import lazily

    into = cache_folder(repository)
    arrow = parquet.arrow_schema(TableSchema.from_json(file_of(entry, "schema.json", into, repository).read_bytes()))
    asked = [*(columns or ()), *(where.meta.root_names() if where is not None else ())]
    if unknown := [name for name in dict.fromkeys(asked) if name not in arrow.names]:
        raise DataError(f"{entry.name}: no column {', '.join(unknown)}. It has {', '.join(arrow.names)}.")
    if table := table_of(entry, repository):
        return lazily.dataset(table, columns, where)
    files = [str(file) for file in table_files(entry, into, repository)]
    return ds.dataset(files, schema=pa.schema([arrow.field(name) for name in columns or arrow.names]))


def table_of(entry: Entry, repository: Path = REPOSITORY) -> "lazily.Table | None":
    """A version's table with the hashes of its blocks; None where the version is older than these."""
    from . import lazily

    into = cache_folder(repository)
    source, files = located(entry, into, repository)
    if blocks.FILE not in files:
        return None
    text = fetch(files[blocks.FILE], source, into).read_bytes()
    size, hashes = blocks.parse(text, f"{entry.name} {entry.md5}: {blocks.FILE}")
    if lacking := [path for path in _parts(files) if not hashes.get(path)]:
        raise DataError(
            f"{entry.name} {entry.md5}: {blocks.FILE} lacks {', '.join(lacking)}. Publish the version again."
        )
    schema = fetch(files["schema.json"], source, into).read_bytes()
    parts = (Object(files[path], size, tuple(hashes[path]), source, into) for path in _parts(files))
    return lazily.Table(tuple(parts), TableSchema.from_json(schema))


def table_files(entry: Entry, into: Path, repository: Path = REPOSITORY) -> list[Path]:
    """Local files with the table of a version, in row order, verified; `into` keeps what has to be downloaded."""
    source, files = located(entry, into, repository)
    return [fetch(files[path], source, into) for path in _parts(files)]


def file_of(entry: Entry, path: str, into: Path, repository: Path = REPOSITORY) -> Path:
    """A local file with one file of a version, such as `schema.json`, verified. Raises DataError where it has none."""
    source, files = located(entry, into, repository)
    if path not in files:
        raise DataError(f"{entry.name}: version {entry.md5} has no file {path}. It has {', '.join(sorted(files))}.")
    return fetch(files[path], source, into)


def archived_raw(entry: Entry, sha256: str, into: Path, repository: Path = REPOSITORY) -> Path:
    """A local file with raw bytes that a version archived, verified."""
    return file_of(entry, f"raw/{sha256}", into, repository)


def located(entry: Entry, into: Path, repository: Path = REPOSITORY) -> tuple[Remote, dict[str, str]]:
    """The remote of a version, and the md5 of each of its files by path.

    Raises DataError where it was withdrawn, EnvironmentFault where its listing is not to be had.
    """
    refuse_withdrawn(entry, repository)
    source = _known_remote(entry.remote, repository, settings().remote)
    return source, listing(entry.md5, source, into).files


def refuse_withdrawn(entry: Entry, repository: Path) -> None:
    """Raises DataError where the version was withdrawn."""
    if gone := withdrawal.tombstone(repository, entry):
        raise DataError(f"{entry.name}: version {entry.md5} was withdrawn by {gone.by} on {gone.at}: {gone.why}.")


def _parts(files: dict[str, str]) -> list[str]:
    return sorted((path for path in files if path.startswith(TABLE)), key=str.encode)


_known_remote: Callable[[str, Path, str], Remote] = cache(remote)
