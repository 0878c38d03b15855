"""How two versions of a dataset differ: their verified tables through the engine, their making from pins and Git."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Literal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from ..adapters import git
from ..diff.compare import Side, compare
from ..diff.model import DatasetDiff, Origin, TableDiff
from ..errors import DataCommonsError
from ..settings import settings
from . import reading
from .causes import Causes, Pinned, causes, rule_changes
from .evidence import Evidence, access_class, contradictions, evidence
from .linked import Version, links
from .pins import FILE, Entry, parse_one

Watch = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Given a title and how many rows there are to read, yields what is told how many more have been."""
Status = Literal["same", "changed", "added", "removed", "withdrawn"]
# What tables raise that no publication wrote, though their hashes are those of a pin.
_FORGED = (pl.exceptions.PolarsError, pa.ArrowException)


def unwatched(_title: str, _rows: int) -> AbstractContextManager[Callable[[int], None]]:
    """Tells nobody."""
    return nullcontext(lambda _: None)


def pinned(repository: Path, entry: Entry | None, commit: str | None) -> Pinned | None:
    """The entry with the commit that pins it, at or before `commit` (None: the working tree); None for None."""
    if entry is None:
        return None
    found = git.find_commit(repository, commit or "HEAD", f"Dataset: {entry.name}", f"Content: {entry.meta.content}")
    if found and parse_one(git.texts_at(repository, FILE, [found])[0], entry.name) == entry:
        return Pinned(entry, found, git.run("log", "-1", "--format=%an", found, at=repository).strip())
    known = reading.history(repository, entry.name, commit or "HEAD")
    return next((Pinned(entry, v.commit, v.author) for v in known if v.entry == entry), Pinned(entry, commit))


def compared(
    repository: Path, before: Pinned | None, after: Pinned | None, cache: Path, watch: Watch = unwatched
) -> DatasetDiff:
    """How a dataset differs; one side may be absent, not both. `cache` keeps what has to be downloaded.

    What can't be read is told in `problem`, not raised: others are compared all the same.
    """
    if after is None or after.entry.meta.withdrawn:
        return _gone(before, after)
    try:
        return _read(repository, before, after, cache, watch)
    except DataCommonsError as error:
        problem = str(error)
    except _FORGED as error:
        problem = (
            f"{after.entry.name}: its table is not what its schema.json says: {' '.join(str(error).split())[:300]}."
        )
    why = causes(repository, before, after) if before else Causes((), True)
    return _diff("changed" if before else "added", before, after, causes=why.says, problem=problem)


def buried(repository: Path, entry: Entry, commit: str | None) -> DatasetDiff:
    """That a version which is no longer its dataset's newest was withdrawn."""
    return _diff("withdrawn", pinned(repository, entry, commit), None, causes=(_tombstone(entry),))


def _gone(before: Pinned | None, after: Pinned | None) -> DatasetDiff:
    if after is None:
        return _diff("removed", before, None)
    return _diff("withdrawn", before, after, causes=(_tombstone(after.entry),))


def _read(repository: Path, before: Pinned | None, after: Pinned, cache: Path, watch: Watch) -> DatasetDiff:
    """As `compared`. Raises DataCommonsError where a file can't be had, one of _FORGED where it is no version's."""
    now = evidence(after.entry, cache, repository)
    was = evidence(before.entry, cache, repository) if before else None
    table = _table(was.side if was else Side([], now.side.schema), now.side, f"Comparing {after.entry.name}", watch)
    wrong = " ".join(contradictions(after.entry, now, table.counts.after)) or None
    if before is None or was is None:
        found = _diff("added", before, after, None, now, problem=wrong, table=table)
        return found.model_copy(update={"links": links(None, Version(after.entry, now), cache, repository)})
    why = causes(repository, before, after, (was.raw, now.raw))
    differs = before.entry.meta.content != after.entry.meta.content
    status: Status = "changed" if differs or not table.same else "same"
    found = _diff(status, before, after, was, now, causes=why.says, problem=wrong, table=table)
    unexplained = differs and not why.explained
    linked = links(Version(before.entry, was), Version(after.entry, now), cache, repository)
    return found.model_copy(
        update={"unexplained": unexplained, "quality": rule_changes(was.rules, now.rules), "links": linked}
    )


def _table(before: Side, after: Side, title: str, watch: Watch) -> TableDiff:
    rows = sum(int(pq.read_metadata(file).num_rows) for side in (before, after) for file in side.files)
    scratch = Path(settings().work) if settings().work else None
    with watch(title, rows) as seen:
        return compare(before, after, settings().memory_mb, scratch=scratch, seen=seen)


def _diff(
    status: Status,
    before: Pinned | None,
    after: Pinned | None,
    was: Evidence | None = None,
    now: Evidence | None = None,
    causes: tuple[str, ...] = (),
    problem: str | None = None,
    table: TableDiff | None = None,
) -> DatasetDiff:
    side = after or before
    return DatasetDiff(
        dataset=side.entry.name if side else "",
        status=status,
        before=_origin(before, was),
        after=_origin(after, now),
        causes=causes,
        unexplained=False,
        problem=problem,
        table=table,
    )


def _origin(side: Pinned | None, found: Evidence | None) -> Origin | None:
    if side is None:
        return None
    meta = side.entry.meta
    return Origin(
        commit=side.commit or "",
        published=meta.published,
        run=meta.run,
        code=meta.code,
        environment=meta.environment,
        source_version=meta.source_version,
        source_date=meta.source_date,
        inputs=meta.inputs,
        rows=meta.rows,
        quarantined=meta.quarantined,
        rejected=meta.rejected,
        who=side.who,
        access=found.access if found else access_class(side.entry.remote),
        kept=side.entry.remote,
    )


def _tombstone(entry: Entry) -> str:
    gone = entry.meta.withdrawn
    return f"version {entry.md5[:12]} was withdrawn by {gone.by} on {gone.at}: {gone.why}" if gone else ""
