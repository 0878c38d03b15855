"""Verification: every object that a version needs is there and whole, each read once, whoever needs it."""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ..adapters import objects
from ..adapters.remote import Remote
from ..errors import EnvironmentFault
from .census import Pinned
from .contents import Contents, Places, Use, contents
from .findings import Problem, Report, labels, problem, unlisted

ENOUGH = 10
"""Objects of one remote that can't be read before the rest of it is left alone."""


@dataclass(frozen=True)
class Task:
    """Objects to be read on one remote or cache, with their sizes and what needs them."""

    where: Remote
    sizes: Mapping[str, int]
    uses: Mapping[str, list[Use]]


@dataclass
class Looked:
    """What is there, before any byte of it was read."""

    contents: Contents
    report: Report
    tasks: list[Task]

    @property
    def bytes(self) -> int:
        """What is still to be read."""
        return sum(size for task in self.tasks for size in task.sizes.values())


def look(versions: Collection[Pinned], places: Places, share: float = 1.0) -> Looked:
    """Which objects of `versions` are absent, and which `share` (0 to 1) of the others is to be read today.

    Those that lie in the cache are to be read there too; there, none has to be.
    """
    found = contents(versions, places)
    report = Report(len(versions), len({version.entry.name for version in versions}))
    looked = Looked(found, report, [])
    for name, uses in found.uses.items():
        _look_at(looked, places.remotes.get(name), name, uses, share)
    if places.cache:
        uses = merged(found.uses.values())
        sizes = {oid: size for oid, size in objects.sizes(places.cache, uses).items() if _today(oid, share)}
        looked.tasks.append(Task(places.cache, sizes, uses))
    silent = {found.remote for found in report.problems if found.kind == "unreadable"}
    lost = [version for version in found.unlisted if version.entry.remote not in silent]
    nowhere = {version.entry.md5 for version in lost}
    report.problems = [found for found in report.problems if found.kind != "absent" or found.object not in nowhere]
    report.problems += [unlisted(version) for version in lost]
    return looked


def read(looked: Looked, tell: Callable[[int], None] = lambda _: None) -> Report:
    """Read all that is to be read, and tell of each how many bytes came; the report, in order of remote and object."""
    for task in looked.tasks:
        _read(task, looked.report, tell)
    looked.report.problems.sort(key=lambda found: (found.remote, found.kind, found.object))
    return looked.report


def _read(task: Task, report: Report, tell: Callable[[int], None]) -> None:
    faults: list[str] = []

    def check(oid: str) -> Problem | None:
        return _checked(task, oid, faults, tell) if len(faults) < ENOUGH else None

    with ThreadPoolExecutor(objects.PARALLEL) as pool:
        report.problems += [found for found in pool.map(check, task.sizes) if found]
    report.read += sum(size for oid, size in task.sizes.items() if oid not in faults)
    if len(faults) >= ENOUGH:
        report.notes.append(f"{task.where.name}: {len(faults)} objects could not be read, so the rest was left alone.")


def sampled(oid: str, share: float, day: int) -> bool:
    """Whether an object is among today's: each day another share, so that all are read within 1 / `share` days."""
    return (int(oid[:8], 16) / 2**32 - day * share) % 1 < share


def _today(oid: str, share: float) -> bool:
    return sampled(oid, share, dt.datetime.now(dt.UTC).toordinal())


def _look_at(looked: Looked, where: Remote | None, name: str, uses: dict[str, list[Use]], share: float) -> None:
    report = looked.report
    try:
        if where is None:
            raise EnvironmentFault(f"no remote named {name!r} is configured. `dvc remote add {name} ADDRESS`")
        sizes = objects.sizes(where, uses)
    except EnvironmentFault as error:
        report.problems.append(Problem("unreadable", name, str(error).rstrip("."), versions=labels(uses.values())))
        return
    report.objects += len(uses)
    report.bytes += sum(sizes.values())
    report.problems += [problem("absent", name, oid, "is absent", uses[oid]) for oid in uses if oid not in sizes]
    looked.tasks.append(Task(where, {oid: size for oid, size in sizes.items() if _today(oid, share)}, uses))


def _checked(task: Task, oid: str, faults: list[str], tell: Callable[[int], None]) -> Problem | None:
    try:
        md5 = objects.digest(task.where, oid, tell)
    except EnvironmentFault as error:
        faults.append(oid)
        return problem("unreadable", task.where.name, oid, f"can't be read: {error}", task.uses[oid])
    if md5 == oid.removesuffix(".dir"):
        return None
    found = f"is damaged: {task.sizes[oid]:,} bytes whose md5 is {md5}"
    return problem("damaged", task.where.name, oid, found, task.uses[oid])


def merged(uses: Iterable[dict[str, list[Use]]]) -> dict[str, list[Use]]:
    """Uses by object, whichever remote they are on."""
    together: dict[str, list[Use]] = {}
    for by_object in uses:
        for oid, some in by_object.items():
            together.setdefault(oid, []).extend(some)
    return together
