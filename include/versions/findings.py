"""What verification finds: problems that name object, files and all versions affected, and a report of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from .census import Pinned
from .contents import Use

Kind = Literal["absent", "damaged", "unreadable", "unlisted", "derived", "withdrawn"]
SHOWN = 3


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. `found` says how, in words; `files` and `versions` are all that are affected."""

    kind: Kind
    remote: str
    found: str
    object: str = ""
    files: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    todo: str = ""
    repaired: str = ""
    """Where the good copy came from; empty where the problem stays."""

    def __str__(self) -> str:
        files = f"{_few(self.files)} of " if self.files else ""
        affected = f" Affected: {files}{_few(self.versions)}." if self.versions else ""
        done = f" Restored from {self.repaired}." if self.repaired else f" {self.todo}".rstrip()
        return f"{self.remote}: {self.found}.{affected}{done}"


@dataclass
class Report:
    """What was looked at and what is wrong; sizes in bytes."""

    versions: int = 0
    datasets: int = 0
    objects: int = 0
    bytes: int = 0
    read: int = 0
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 where all is well or was repaired, 1 where data are at fault, 2 where only the looking failed."""
        left = {problem.kind for problem in self.problems if not problem.repaired}
        return 0 if not left else 2 if left == {"unreadable"} else 1


def problem(kind: Kind, remote: str, oid: str, found: str, uses: list[Use]) -> Problem:
    """The problem of one object, with all that is affected."""
    files = tuple(sorted({use.file for use in uses}))
    todo = "" if kind == "unreadable" else "`commons verify --repair` restores it from wherever a good copy is."
    return Problem(kind, remote, f"object {oid} {found.rstrip('.')}", oid, files, labels([uses]), todo)


def unlisted(version: Pinned) -> Problem:
    """The problem of a version whose files nobody knows."""
    found = f"the listing {version.entry.md5} is nowhere to be read, so which files it names is not known"
    todo = (
        "Restore it from a backup (`commons push` makes one), or make the version again: `commons rebuild --restore`, "
        "where nothing is left of it with --from-source. `commons withdraw` says that it is lost."
    )
    return Problem("unlisted", version.entry.remote, found, version.entry.md5, (), (version.label,), todo)


def labels(uses: Iterable[list[Use]]) -> tuple[str, ...]:
    """The versions that need any of the objects, each once."""
    return tuple(dict.fromkeys(use.version.label for some in uses for use in some))


def _few(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"
