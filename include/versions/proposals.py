"""Proposals: branches that publish a version when somebody merges them, and expire when nobody does."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from ..adapters import forge, git
from ..adapters.forge import Forge
from ..diff.audience import shown_to
from ..diff.markdown import markdown
from ..diff.model import Diff
from .causes import Pinned
from .comparing import compared
from .facts import message
from .pins import Entry
from .pushing import GitTarget
from .settling import Published

DAYS = 30
"""So long an unmerged proposal is kept, from its last commit; its bytes are safe until it is gone."""
_PREFIX = "proposal/"


@dataclass(frozen=True)
class Proposal:
    """An open proposal; `made` is when its last commit was made."""

    branch: str
    commit: str
    made: dt.datetime

    @property
    def dataset(self) -> str:
        """The dataset whose version it proposes."""
        return self.branch.split("/")[1]

    @property
    def run(self) -> str:
        """The DAG run that made the version."""
        return unquote(self.branch.split("/", 2)[2])

    @property
    def expires(self) -> dt.datetime:
        """From when on it may be deleted."""
        return self.made + dt.timedelta(days=DAYS)


def difference(last: Entry | None, entry: Entry, repository: Path, cache: Path) -> Diff:
    """How a version that a person is to decide about differs from the last one; its files may be in `cache` only."""
    found = compared(repository, Pinned(last, None) if last else None, Pinned(entry, None), cache)
    return Diff(before="the last version", after=f"run {entry.meta.run}", datasets=(found,), same=0)


def requested(done: Published, target: GitTarget, at: Forge | None, diff: Diff) -> str | None:
    """The address of the pull request of the proposal `done`, which shows what of `diff` is public; None without host.

    Raises EnvironmentFault where the host refuses or does not answer: the branch is there all the same.
    """
    if at is None or not done.branch or not done.commit:
        return None
    title = message(done.entry).partition("\n")[0]
    text = _text(done, markdown(shown_to(diff, "public")))
    return forge.pull_request(at, done.branch, done.commit, target.ref, title, text)


def proposals(target: GitTarget) -> list[Proposal]:
    """The proposals that are open, the oldest first. Raises EnvironmentFault where Git is at fault."""
    with git.scratch_clone(target.address, target.ref) as scratch:
        if not git.branches(scratch, _PREFIX):  # a pattern that nothing matches makes `git fetch` fail without a word
            return []
        refspec = f"+refs/heads/{_PREFIX}*:refs/remote/{_PREFIX}*"
        git.run("fetch", "--quiet", "--depth=1", "--filter=blob:none", "--no-tags", "origin", refspec, at=scratch)
        form = "%(refname) %(objectname) %(committerdate:iso-strict)"
        listed = git.run("for-each-ref", f"--format={form}", f"refs/remote/{_PREFIX}", at=scratch).splitlines()
    found = [_proposal(*line.split()) for line in listed if line.split()[0].count("/") >= 4]
    return sorted(found, key=lambda proposal: proposal.made)


def expired(known: list[Proposal], now: dt.datetime) -> list[Proposal]:
    """Those that nobody merged in DAYS days."""
    return [proposal for proposal in known if proposal.expires <= now]


def expire(target: GitTarget, now: dt.datetime) -> list[Proposal]:
    """Delete the branches of expired proposals, by which hosts close their pull requests; returns those deleted.

    One that somebody changed meanwhile stays. Raises EnvironmentFault where Git is at fault.
    """
    old = expired(proposals(target), now)
    with git.scratch_clone(target.address, target.ref) as scratch:
        return [one for one in old if git.push(scratch, "", one.branch, one.commit) == "done"]


def _proposal(ref: str, commit: str, made: str) -> Proposal:
    return Proposal(ref.removeprefix("refs/remote/"), commit, dt.datetime.fromisoformat(made).astimezone(dt.UTC))


def _text(done: Published, diff: str) -> str:
    """What the reviewer reads: why, what to do, and the difference."""
    name, why = done.entry.name, done.entry.meta.why
    said = [f"Reason: {why}"] if why else []
    do = (
        f"Merging this publishes it. To look at the rows: `commons open {name} --at {done.branch}`. Unmerged, it "
        f"expires after {DAYS} days."
    )
    return "\n\n".join([*said, do, diff])
