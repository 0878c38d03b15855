"""verify: every byte that a version needs is there and whole, and what is derived from Git agrees with it."""

import datetime as dt
import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from rich.filesize import decimal

from ..adapters import git, objects
from ..adapters.cache import cache_folder
from ..adapters.remote import remotes
from ..adapters.store import Store
from ..contracts.words import counted
from ..errors import EnvironmentFault
from ..settings import REPOSITORY, settings
from ..versions import census, derived, proof, repairing, verifying, withdrawal
from ..versions.census import Pinned
from ..versions.contents import Places, contents
from ..versions.findings import Problem, Report
from ..versions.proposals import DAYS, expire
from ..versions.publication import WorkingTree
from .perform import Run, Work, perform
from .receipts import Receipt
from .sync import LOOKS, correct_heads, pinned, target

log = logging.getLogger("commons")
Tell = Callable[[int], None]
Progress = Callable[[str, int | None], AbstractContextManager[Tell]]


def run(task: Run, store: Store) -> Receipt:
    """The receipt of verify, of every version that was announced; `blocked` where something is wrong.

    Raises EnvironmentFault where remotes, store or Git can't be asked.
    """
    return perform(task, store, {}, lambda _: _verify(task, store))


def _verify(task: Run, store: Store) -> Work:
    with whole_repository() as repository:
        versions = census.chosen(repository, (), every=True)
        report = verify(repository, versions, places(cached=False), store, share=task.share, newest=True)
    expired = _expired()
    gone = [f"{branch}: nobody merged it in {DAYS} days, so it is gone" for branch in expired]
    for line in (*report.notes, *gone, summary(report, task.share)):
        log.info("verify: %s", line)
    counted = {"versions": report.versions, "objects": report.objects, "bytes": report.bytes, "read": report.read}
    facts = counted | {"expired": expired}
    problems = tuple(str(problem) for problem in report.problems if not problem.repaired)
    if report.exit_code == 2:  # worth another try
        raise EnvironmentFault(*problems, *_last(problems))
    return Work(outcome="blocked" if problems else "done", problems=(*problems, *_last(problems)), facts=facts)


def _expired() -> list[str]:
    """The branches of proposals that nobody merged in time, now deleted."""
    where = target()
    return [] if isinstance(where, WorkingTree) else [one.branch for one in expire(where, dt.datetime.now(dt.UTC))]


def _last(problems: Collection[str]) -> list[str]:
    """Where to look and what to do, at the end of the log: that is what Airflow shows of a pod."""
    advice = "`commons verify --all --repair` in a clone restores what it can; docs/operating.md says more."
    return [f"verify: {counted(len(problems), 'problem')}, named above. {advice}"] if problems else []


def verify(
    repository: Path, versions: Collection[Pinned], there: Places, store: Store, *, share: float = 1.0,
    newest: bool = False, names: Collection[str] = (), repair: bool = False, progress: Progress | None = None,
) -> Report:  # fmt: skip
    """Look at `versions` wherever `there` says, reading a `share` (0 to 1) of the bytes; `newest` also looks at what is
    derived from the newest versions, and whether what was withdrawn is gone.

    `repair` mends what it can. Raises EnvironmentFault where store or Git can't be asked, or a disk is full.
    """
    bar = progress or (lambda *_: nullcontext(lambda _: None))
    with bar("looking", None):
        looked = verifying.look(versions, there, share)
    with bar("reading", looked.bytes) as tell:
        report = verifying.read(looked, tell)
    if repair:
        repairing.repair(looked, there, repository)
        corrected = correct_heads(store, set(names) or None) if newest else []
        report.notes += [f"The head of {name} in the store agrees with Git again." for name in corrected]
    if newest:
        report.problems += _disagreements(store, names)
        _prove(repository, there, store, names, report)
    return report


def places(*, cached: bool = True) -> Places:
    """All remotes that are configured, and the cache of this clone."""
    cache = objects.cache_as_remote(cache_folder(REPOSITORY)) if cached else None
    return Places(remotes(REPOSITORY, settings().remote), cache)


@contextmanager
def whole_repository() -> Iterator[Path]:
    """A repository with all refs of where versions go: a mirror of that address, or the working tree's own."""
    where = target()
    if isinstance(where, WorkingTree):
        yield where.root
        return
    with git.mirror(where.address) as repository:
        yield repository


def summary(report: Report, share: float) -> str:
    """One sentence on what was looked at."""
    part = "all" if share == 1 else f"{share:.0%}"
    mended = sum(bool(problem.repaired) for problem in report.problems)
    return (
        f"{counted(report.versions, 'version')} of {counted(report.datasets, 'dataset')}: "
        f"{counted(report.objects, 'object')}, {decimal(report.bytes)}; {part} read, "
        f"{counted(len(report.problems), 'problem')}{f', {mended:,} of them mended' if mended else ''}."
    )


def _disagreements(store: Store, names: Collection[str]) -> list[Problem]:
    """Looked for again where there are any: a version may be published just now, its head a moment after its commit."""
    for _ in range(LOOKS):
        found = derived.disagreements(store, settings().ref, pinned(), names)
        if not found:
            break
    return found


def _prove(repository: Path, there: Places, store: Store, names: Collection[str], report: Report) -> None:
    """What is left of withdrawn versions; which objects others need is only known from every ref."""
    gone = [entry for entry in withdrawal.entries(repository) if not names or entry.name in names]
    if not gone:
        return
    buried = {entry.identity for entry in withdrawal.entries(repository)}
    live = contents([one for who, one in census.census(repository).versions.items() if who not in buried], there)
    for found in proof.prove(gone, live, there, store, dt.datetime.now(dt.UTC)):
        if isinstance(found, str):
            report.notes.append(found)
        else:
            report.problems.append(found)
