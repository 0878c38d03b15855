"""Rollback: an older version published again as the newest one, with a reason; history is never rewritten."""

import datetime as dt
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ..adapters import git, objects
from ..adapters.cache import fetch, listing
from ..adapters.remote import Listing, Remote, put, put_bytes
from ..contracts.columns import TableSchema
from ..contracts.evolution import Change, changes
from ..errors import DataError, EnvironmentFault
from . import reading, worktree
from .facts import access_class
from .pins import Entry, Pins, RolledBack, same
from .publication import WorkingTree
from .pushing import GitTarget, tip_of

SCHEMA = "schema.json"
_PARALLEL = 8
_RESERVED = 100_000
"""More columns than a table may have."""


@dataclass(frozen=True)
class Rollback:
    """What is to be published: `entry` in the place of the version `base`, and what readers of that one lose."""

    entry: Entry
    base: str
    to: Entry
    commit: str
    """The commit that `to` was found at."""
    breaking: tuple[Change, ...]
    files: Listing
    schema: bytes | None
    """schema.json, where it has to name field ids that later versions gave; None: it stays as it was."""
    source: Remote
    store: Remote


def plan(
    repository: Path,
    name: str,
    commit: str,
    why: str,
    pins: Pins,
    access: str,
    remote: Callable[[str], Remote],
    cache: Path,
) -> Rollback | None:
    """What brings the version that `commit` pins back on top of `pins`; None where it is the newest one already.

    `access` is the contract's class today: the version is guarded no less. Raises DataError where there is no such
    version, or it was withdrawn; EnvironmentFault where its files can't be read.
    """
    to, head = reading.entry_at(repository, name, commit), pins.entries.get(name)
    if head is None:
        raise DataError(f"{name}: has no version to roll back. `commons list` shows what is published.")
    if known := (to if to.meta.withdrawn else pins.tombstone(to)):
        gone = known.meta.withdrawn
        said = f" by {gone.by} on {gone.at}: {gone.why}" if gone else ""
        raise DataError(f"{name}: the version at {commit[:12]} was withdrawn{said}. Choose another one.")
    source = remote(to.remote)
    files = listing(to.md5, source, cache)
    old, last = _schema(to, source, files, cache), _last(head, remote, cache)
    store = remote(access_class(old, access))
    if same(head, to.model_copy(update={"remote": store.name})):
        return None
    told = knowing(old, last, head)
    entry = _entry(to, head, why, store.name)
    schema = None
    if told != old:
        schema = told.to_json().encode()
        entry = _pinning(entry, files, schema, len(old.to_json().encode()))
    found = tuple(change for change in changes(old, last) if change.breaking) if last else ()
    return Rollback(entry, head.md5, to, commit, found, files, schema, source, store)


def bring(rollback: Rollback, cache: Path, advance: Callable[[int], None] = lambda _: None) -> None:
    """See that all bytes of the version are whole where it will be read; what is not is brought from where it is.

    Every byte there is read; `advance` is told how many files are done. Raises EnvironmentFault, naming every file
    that is whole nowhere.
    """
    wanted = {oid: path for path, oid in rollback.files.files.items()}
    with ThreadPoolExecutor(_PARALLEL) as pool:
        lost = [said for said in pool.map(lambda oid: _bring(oid, rollback, cache, advance), wanted) if said]
    if lost:
        told = f"{rollback.entry.name}: was not rolled back. `commons verify --repair` looks for good copies."
        raise EnvironmentFault(*lost, told)
    new = listing_of(rollback)
    if rollback.schema is not None:
        put_bytes(rollback.schema, new.files[SCHEMA], rollback.store)
    put_bytes(new.to_bytes(), new.md5, rollback.store)


def listing_of(rollback: Rollback) -> Listing:
    """The files of the new version."""
    return _files(rollback.files, rollback.schema)


def published_there(repository: Path, commit: str, target: GitTarget | WorkingTree) -> Pins:
    """What is pinned where versions go, of which `commit` must be a part.

    Raises DataError where it is not: what was never published there is not rolled back to.
    """
    if isinstance(target, WorkingTree):
        tip, place, pins = "HEAD", "what is checked out", worktree.pins(target.root)
    else:
        tip, pins = tip_of(target)
        place = f"branch {target.ref}"
        if git.find(repository, tip) is None:
            git.run("fetch", "--quiet", "--no-tags", git.as_url(target.address), target.ref, at=repository)
    if not _holds(repository, commit, tip):
        raise DataError(
            f"{commit[:12]}: is no part of {place}, so it was not published there. Name a commit of `commons history`; "
            "in a shallow clone, `git fetch --unshallow` first."
        )
    return pins


def _holds(repository: Path, commit: str, tip: str) -> bool:
    """Whether `commit` is `tip` or lies on the way to it."""
    try:
        git.run("merge-base", "--is-ancestor", commit, tip, at=repository)
    except git.GitError as error:
        if error.stderr:
            raise
        return False
    return True


def _bring(oid: str, rollback: Rollback, cache: Path, advance: Callable[[int], None]) -> str | None:
    """Why the object is not whole on the remote now; None where it is."""
    try:
        if rollback.store.size(oid) is None or not _whole(oid, rollback.store):
            put(fetch(oid, rollback.source, cache), oid, rollback.store)
            if not _whole(oid, rollback.store):
                return f"{rollback.store.url}: object {oid} is damaged and was not replaced."
    except EnvironmentFault as error:
        return str(error)
    advance(1)
    return None


def _whole(oid: str, where: Remote) -> bool:
    return objects.digest(where, oid) == oid.removesuffix(".dir")


def _schema(entry: Entry, source: Remote, files: Listing, cache: Path) -> TableSchema:
    text = fetch(files.files[SCHEMA], source, cache).read_bytes()
    return TableSchema.from_json(text, f"{entry.name}: {SCHEMA}")


def _last(head: Entry, remote: Callable[[str], Remote], cache: Path) -> TableSchema | None:
    """The schema of the newest version; None where that was withdrawn, since nobody reads it any more."""
    if head.meta.withdrawn:
        return None
    source = remote(head.remote)
    return _schema(head, source, listing(head.md5, source, cache), cache)


def knowing(old: TableSchema, last: TableSchema | None, head: Entry) -> TableSchema:
    """`old`, with the field ids that were given since among the retired ones: none is ever given twice.

    `last` is the schema of `head`, the newest version; None where that was withdrawn: then one id is retired that is
    beyond all that it may have given.
    """
    if last is None:
        highest = max([*(column.id for column in old.columns), *old.retired.values()])
        return old.model_copy(update={"retired": {**old.retired, f"withdrawn_{head.md5[:8]}": highest + _RESERVED}})
    kept = {column.id for column in old.columns}
    known = [*old.retired.items(), *last.retired.items(), *((column.name, column.id) for column in last.columns)]
    retired = {name: number for name, number in sorted(known, key=lambda item: item[1]) if number not in kept}
    return old.model_copy(update={"retired": dict(sorted(retired.items()))})


def _entry(to: Entry, head: Entry, why: str, remote: str) -> Entry:
    """The pin: what the old version is and how it was made; when, by which run and why are this rollback's."""
    now = dt.datetime.now(dt.UTC)
    before = head.meta.rolled_back.instead_of if head.meta.rolled_back else ()
    first = to.meta.rolled_back.to if to.meta.rolled_back else to.md5
    passed = dict.fromkeys(content for content in (*before, head.meta.content) if content != to.meta.content)
    meta = to.meta.model_copy(
        update={
            "base": head.md5,
            "run": f"rollback__{now.isoformat()}",
            "published": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "why": why,
            "rolled_back": RolledBack(to=first, instead_of=tuple(passed)),
        }
    )
    return to.model_copy(update={"remote": remote, "meta": meta})


def _pinning(entry: Entry, files: Listing, schema: bytes, before: int) -> Entry:
    """`entry` with another schema.json than it had, which was of `before` bytes."""
    meta = entry.meta.model_copy(update={"schema_": hashlib.sha256(schema).hexdigest()})
    size = entry.size + len(schema) - before
    return entry.model_copy(update={"md5": _files(files, schema).md5, "size": size, "meta": meta})


def _files(files: Listing, schema: bytes | None) -> Listing:
    if schema is None:
        return files
    return Listing({**files.files, SCHEMA: hashlib.md5(schema, usedforsecurity=False).hexdigest()}, {})
