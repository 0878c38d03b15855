"""What operators do, on a deployment of tests.versions.house; as a program, in processes that can be killed."""

import datetime as dt
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from include.adapters.lease import FOLDER
from include.adapters.objects import QUARANTINE, cache_as_remote
from include.adapters.remote import remote_at, remotes
from include.adapters.store import Store
from include.errors import DataCommonsError
from include.versions import census, collecting, copying, pushing, repairing, verifying, withdrawing
from include.versions.census import Pinned
from include.versions.contents import Places, contents
from include.versions.findings import Report
from include.versions.publication import git_target
from include.versions.settling import Published
from tests.versions.house import House, facts, git, version
from tests.versions.publisher import Killer, serve

DAY = 86_400


def places(clone: Path, cached: bool = False) -> Places:
    """The remotes that the clone's .dvc/config names, and its cache where asked."""
    return Places(remotes(clone), cache_as_remote(clone / ".dvc" / "cache") if cached else None)


def series(
    deployment: House, scratch: Path, values: Sequence[float], name: str = "shares", **more: Any
) -> list[Published]:
    """Versions of one dataset, one a value of the row "a"; they share all files but the table and the raw bytes."""
    done: list[Published] = []
    for number, value in enumerate(values):
        folder = version(scratch / f"{name}-{number}", {"a": value})
        base = done[-1].entry.md5 if done else None
        done.append(deployment.publish(folder, facts(1, name=name, run=f"run_{number}", base=base, **more)))
    return done


def whole(clone: Path, repair: bool = False, cached: bool = False, share: float = 1.0) -> Report:
    """Verify every version that was announced."""
    git("fetch", "-q", "--all", at=clone)
    there = places(clone, cached)
    looked = verifying.look(census.chosen(clone, (), every=True), there, share)
    report = verifying.read(looked)
    if repair:
        repairing.repair(looked, there, clone)
    return report


def collect(deployment: House, clone: Path, cached: bool = False) -> dict[str, int]:
    """Take the garbage away; how many files were treated how, beside those that stay."""
    repositories, store = (deployment.origin, clone), Store(f"file://{deployment.root}/store/dev")
    there = places(clone, cached)
    items, done = collecting.collect(repositories, "refs/heads/main", there, store, lambda: None)
    assert done
    counted = [item.act for item in items if item.act != "keep"]
    return {act: counted.count(act) for act in sorted(set(counted))}


def push(clone: Path, to: Path) -> Report:
    """Copy every version to a second home."""
    versions, there = census.chosen(clone, (), every=True), places(clone)
    known = contents(versions, there)
    return copying.copy(versions, known, there, {name: remote_at(name, f"{to}/{name}") for name in known.uses})


def withdraw(deployment: House, clone: Path, published: Published, why: str = "A licence") -> str | None:
    """Withdraw a version; the commit."""
    git("fetch", "-q", at=clone)
    live = collecting.pinned((deployment.origin, clone), "refs/heads/main", places(clone)).contents
    planned = withdrawing.plan(Pinned(published.entry), live, places(clone), "Owner <owner@example.org>", why)
    target = git_target(str(deployment.origin), "main", "Data Commons", "commons@example.org")
    commit = pushing.push_change(lambda pins: withdrawing.record(pins, planned), withdrawing.message(planned), target)
    git("pull", "-q", "--rebase", at=clone)
    return commit


def older(root: Path, days: float) -> None:
    """Make all that lies on the remotes, in quarantines and in the store older by so many days."""
    for file in root.rglob("*"):
        if file.is_file() and FOLDER not in file.parts:
            when = file.stat().st_mtime - days * DAY
            os.utime(file, (when, when))
    for stamp in root.rglob(f"{QUARANTINE}/*"):
        form = "%Y%m%dT%H%M%S.%fZ"
        stamp.rename(stamp.with_name((dt.datetime.strptime(stamp.name, form) - dt.timedelta(days=days)).strftime(form)))


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Do what the job says; how many events there were, and what went wrong."""
    deployment, clone = House(Path(job["root"])), Path(job["root"]) / "clone"
    killer = Killer(job["kill_at"])
    sys.addaudithook(killer)
    try:
        match job["do"]:
            case "repair":
                said = str([str(problem) for problem in whole(clone, repair=True, cached=True).problems])
            case "collect":
                said = str(collect(deployment, clone, cached=True))
            case "push":
                said = str(push(clone, deployment.root / "backup").problems)
    except DataCommonsError as error:
        return {"error": str(error), "events": killer.seen}
    return {"said": said, "events": killer.seen}


if __name__ == "__main__":
    serve(work)
