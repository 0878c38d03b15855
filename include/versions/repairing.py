"""Repair: what is absent or damaged comes back from wherever a good copy is; what is damaged is moved aside."""

import dataclasses
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from ..adapters import objects
from ..adapters.remote import Remote, remote_at
from .bringing import bring
from .contents import Places, Use
from .findings import Problem
from .verifying import Looked, merged

MENDABLE = ("absent", "damaged")


def repair(looked: Looked, places: Places, tree: Path) -> None:
    """Mend what the report says, as far as a good copy is known: in the cache, on another remote, in a quarantine, or
    as a file in the working tree at `tree`.

    Nothing is deleted. Raises EnvironmentFault where a disk is full or a remote refuses; a rerun goes on from there.
    """
    problems = looked.report.problems
    uses = merged(looked.contents.uses.values())
    for number, problem in enumerate(problems):
        if problem.kind in MENDABLE:
            problems[number] = _repaired(problem, uses[problem.object], places, tree)


def _repaired(problem: Problem, uses: list[Use], places: Places, tree: Path) -> Problem:
    oid, now = problem.object, dt.datetime.now(dt.UTC)
    if places.cache and problem.remote == places.cache.name:
        objects.set_aside(places.cache, oid, "damaged", now)
        return dataclasses.replace(problem, repaired="the remote, once it is needed; the copy was moved aside")
    where = places.remotes[problem.remote]
    if problem.kind == "damaged":
        objects.set_aside(where, oid, "damaged", now)
    if source := bring(oid, where, _copies(oid, uses, places, tree)):
        return dataclasses.replace(problem, repaired=source)
    todo = (
        "No good copy is known here. `commons rebuild --restore` makes it again from the archived source, or with "
        "--from-source from the source itself; else ask who published it for their cache, or restore a backup."
    )
    return dataclasses.replace(problem, todo=todo)


def _copies(oid: str, uses: list[Use], places: Places, tree: Path) -> Iterator[tuple[Remote, str]]:
    yield from places.copies(oid)
    files = remote_at("working tree", str(tree))
    for use in uses:
        path = (tree / use.version.entry.path / use.path).resolve()
        if use.path and path.is_relative_to(tree.resolve()):
            yield files, str(path)
