"""What is known of each version of a dataset without opening it: told by its commit's trailers, else by its pin."""

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ..adapters import clone
from ..adapters.clone import Commit
from ..adapters.stillness import remembered
from ..errors import DataError, EnvironmentFault
from . import withdrawal
from .pins import FILE, Withdrawn, parse_one
from .revisions import moment, resolve

log = logging.getLogger("commons")


@dataclass(frozen=True)
class Logged:
    """One version as history shows it, and the commit that made it the newest one."""

    commit: str
    date: str
    """When it was committed, ISO 8601 in UTC."""
    who: str
    rows: int
    quarantined: int
    rejected: int
    content: str
    source_version: str
    source_date: str | None
    code: str
    environment: str
    run: str
    why: str | None
    withdrawn: Withdrawn | None = None


@remembered
def versions(repository: Path, name: str, revision: str = "HEAD") -> list[Logged]:
    """All versions of a dataset on the way to `revision`, newest first.

    Reads data.dvc only at commits that do not say all in their trailers (by hand, a merge, an older release). What a
    shallow or partial clone lacks is fetched at once; offline, what there is is shown. Both are told in the log.
    Raises EnvironmentFault where there is no such revision.
    """
    clone.whole_history(repository)
    commits = concerning(repository, name, revision)
    texts = clone.texts(repository, [commit.blob for commit in commits if not _complete(commit, name)])
    found: list[Logged] = []
    for commit in commits:
        said = _trailers(commit) if _complete(commit, name) else _pinned(commit, next(texts), name)
        version = _logged(commit, said) if said else None
        if version and not (found and _facts(found[-1]) == _facts(version)):
            found.append(version)
    gone = {entry.meta.content: entry.meta.withdrawn for entry in withdrawal.entries(repository) if entry.name == name}
    return [replace(version, withdrawn=gone.get(version.content)) for version in reversed(found)]


def by_source_date(repository: Path, name: str, date: str, revision: str = "HEAD") -> Logged:
    """The version whose source dated it last by `date`; of several with one date, the one that was published last.

    So an older release that was published late is found by its own date. Raises DataError where there is none,
    EnvironmentFault for what is no date.
    """
    until = moment(date)
    if until is None:
        raise EnvironmentFault(f"--source-date {date}: is no date, expected such as 2026-05-01.")
    known = versions(repository, name, revision)
    dated = [(when, -at) for at, version in enumerate(known) if (when := _when(version)) and when <= until]
    if not dated:
        dates = sorted(version.source_date for version in known if version.source_date)
        first = f"the first is of {dates[0]}" if dates else "its source gives none"
        raise DataError(f"{name}: no version whose source dates it by {date}; {first}. See `commons history {name}`.")
    return known[-max(dated)[1]]


def concerning(repository: Path, name: str, revision: str) -> list[Commit]:
    """The commits on the way to `revision`, oldest first, that may have changed what is pinned of a dataset.

    They name it in a trailer, or name none. Raises EnvironmentFault where there is no such revision.
    """
    commits = clone.log_of(repository, resolve(repository, revision), FILE)
    return [c for c in commits if c.is_first or name in c.trailers.get("Dataset", (name,))]


def _complete(commit: Commit, name: str) -> bool:
    """Whether the trailers say all, of this one dataset."""
    return commit.trailers.get("Dataset") == (name,) and "Rejected" in commit.trailers


def _trailers(commit: Commit) -> dict[str, str]:
    return {key: values[0] for key, values in commit.trailers.items()}


def _pinned(commit: Commit, text: str | None, name: str) -> dict[str, str] | None:
    """The same of a commit whose data.dvc had to be read; None where it pins no version, or can't be read."""
    from .facts import trailers  # and with it DVC: half a second that most histories never need

    try:
        entry = parse_one(text, name, f"{commit.id[:12]}:{FILE}") if text else None
    except DataError as error:  # a commit stays for ever, so it must not hide the versions around it
        log.warning("left out of the history of %s: %s", name, error)
        return None
    return trailers(entry) if entry else None


def _logged(commit: Commit, said: Mapping[str, str]) -> Logged:
    return Logged(
        commit=commit.id,
        date=f"{dt.datetime.fromisoformat(commit.date).astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}",
        who=commit.author,
        rows=int(said["Rows"]),
        quarantined=int(said["Quarantined"]),
        rejected=int(said["Rejected"]),
        content=said["Content"],
        source_version=said["Source-Version"],
        source_date=said.get("Source-Date"),
        code=said["Code-Commit"],
        environment=said["Environment"],
        run=said["Dag-Run"],
        why=said.get("Reason"),
    )


def _facts(version: Logged) -> Logged:
    """What a commit says of a version, whoever made the commit, and when."""
    return replace(version, commit="", date="", who="")


def _when(version: Logged) -> dt.datetime | None:
    return moment(version.source_date) if version.source_date else None
