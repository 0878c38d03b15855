"""The commit loop: read the tip, change one entry on top of it, push it if nothing moved, else look again."""

import fcntl
import hashlib
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from ..adapters import git
from ..errors import ConflictError, EnvironmentFault
from .facts import message, trailers
from .pins import FILE, Entry, Pins, parse_blob, parse_one, render, same
from .revisions import proposal_branch
from .settling import Published, settled

ATTEMPTS = 20
Result = TypeVar("Result")


@dataclass(frozen=True)
class GitTarget:
    """A repository that versions are pushed to: the branch `ref` of `address`, directly or as a proposal to it."""

    address: str
    ref: str
    who: git.Identity
    mode: Literal["commit", "proposal"] = "commit"


def push_entry(entry: Entry, base: str | None, target: GitTarget, upload: Callable[[], None]) -> Published:
    """Pin `entry` in one commit on the target's branch; `upload` brings its content to the remote before that.

    A lost race is tried again at most 20 times; a push without an answer is never repeated blindly: the tip tells.
    Raises ConflictError where another run moved the dataset, EnvironmentFault where Git is at fault.
    """
    attempt = _propose if target.mode == "proposal" else _commit
    with git.scratch_clone(target.address, target.ref) as scratch:
        first = _first(scratch)
        if done := _look(first, entry, base, target):
            return done
        upload()
        safe = f"{entry.name}: its content is safe on the remote; run it again, and it goes on from there."
        return _until_taken(
            first, target, lambda tip: _look(tip, entry, base, target) or attempt(tip, entry, base, target), safe
        )


def push_change(change: Callable[[Pins], Pins], text: str, target: GitTarget) -> str | None:
    """Change what the target's branch pins, in one commit with the message `text`; its id, None where nothing changed.

    Raises EnvironmentFault where Git is at fault.
    """

    def attempt(tip: git.Tip) -> tuple[str | None] | None:
        before = _pins(tip)
        if (after := change(before)) == before:
            return (None,)
        commit = git.commit_file(tip, FILE, render(after), text, target.who)
        return (commit,) if git.push(tip.scratch, commit, target.ref, tip.commit) == "done" else None

    with git.scratch_clone(target.address, target.ref) as scratch:
        return _until_taken(_first(scratch), target, attempt, "Nothing was changed. Try again.")[0]


def _until_taken(first: git.Tip, target: GitTarget, attempt: Callable[[git.Tip], Result | None], safe: str) -> Result:
    """What comes of the first `attempt` that is not lost to another publisher, each on the newest tip."""
    with _turn(target) as waited:
        for number in range(ATTEMPTS):
            tip = _fetched(first.scratch, target.ref) if number or waited else first
            if tip and (done := attempt(tip)):
                return done
            _back_off(number)
    raise EnvironmentFault(
        f"{git.without_credentials(target.address)}: branch {target.ref!r} moved or gave no answer {ATTEMPTS} times in "
        f"a row. {safe}"
    )


def _look(tip: git.Tip, entry: Entry, base: str | None, target: GitTarget) -> Published | None:
    return settled(_pins(tip), entry, base, lambda: _own_commit(tip.scratch, target.ref, entry))


def _first(scratch: Path) -> git.Tip:
    """The tip that a scratch clone came with."""
    return git.Tip(scratch, git.run("rev-parse", "HEAD", at=scratch).strip())


def _pins(tip: git.Tip) -> Pins:
    return parse_blob(*tip.file(FILE))


def pins_at_tip(target: GitTarget) -> Pins:
    """What the target's branch pins now. Raises EnvironmentFault where Git is at fault."""
    return tip_of(target)[1]


def tip_of(target: GitTarget) -> tuple[str, Pins]:
    """The newest commit of the target's branch, and what it pins. Raises EnvironmentFault where Git is at fault."""
    with git.scratch_clone(target.address, target.ref) as scratch:
        tip = _first(scratch)
        return tip.commit, _pins(tip)


def _commit(tip: git.Tip, entry: Entry, _base: str | None, target: GitTarget) -> Published | None:
    commit = git.commit_file(tip, FILE, render(_pins(tip).having(entry)), message(entry), target.who)
    pushed = git.push(tip.scratch, commit, target.ref, tip.commit)
    return Published("published", entry, commit) if pushed == "done" else None


def _propose(tip: git.Tip, entry: Entry, base: str | None, target: GitTarget) -> Published | None:
    """An open proposal of the same change is left as it is, so that scheduled runs do not pile them up."""
    own = proposal_branch(entry.name, entry.meta.run)
    expected = None
    for branch in git.branches(tip.scratch, f"proposal/{entry.name}/"):
        there = git.fetch_tip(tip.scratch, branch, depth=2)
        if there and _proposes(there, entry, base):
            return Published("proposed", entry, there.commit, branch)
        if there and branch == own:
            expected = _replaceable(there, branch, entry)
    commit = git.commit_file(tip, FILE, render(_pins(tip).having(entry)), message(entry), target.who)
    pushed = git.push(tip.scratch, commit, own, expected)
    return Published("proposed", entry, commit, own) if pushed == "done" else None


def _proposes(there: git.Tip, entry: Entry, base: str | None) -> bool:
    proposed = parse_one(there.file(FILE)[1], entry.name)
    before = there.parent()
    follows = parse_one(before.file(FILE)[1], entry.name) if before else None
    return bool(proposed and same(proposed, entry)) and (follows.md5 if follows else None) == base


def _replaceable(there: git.Tip, branch: str, entry: Entry) -> str:
    ours = git.find_commit(there.scratch, there.commit, f"Dag-Run: {trailers(entry)['Dag-Run']}")
    if ours == there.commit:
        return ours
    raise ConflictError(f"{branch}: somebody else committed to this proposal. Merge it or delete it, then run again.")


def _fetched(scratch: Path, ref: str) -> git.Tip | None:
    """The tip, read anew; None where the remote gives no answer just now."""
    try:
        return git.fetch_tip(scratch, ref)
    except git.GitError:
        return None


@contextmanager
def _turn(target: GitTarget) -> Iterator[bool]:
    """Publishers of one machine take turns, so that they do not race each other; yields whether others went first.

    Only courtesy: the push alone decides who was first. The lock goes with the process.
    """
    branch = hashlib.sha256(f"{target.address}\n{target.ref}".encode()).hexdigest()[:16]
    with (Path(tempfile.gettempdir()) / f"commons-{os.getuid()}-{branch}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            waited = False
        except BlockingIOError:
            fcntl.flock(lock, fcntl.LOCK_EX)
            waited = True
        yield waited


def _own_commit(scratch: Path, ref: str, entry: Entry) -> str | None:
    """The commit on `ref` in which this run published this content: the tip, or one of the last thousand."""
    said = [f"{key}: {value}" for key, value in trailers(entry).items() if key in ("Dataset", "Dag-Run", "Content")]
    tip = git.fetch_tip(scratch, ref)
    if tip is None:
        return None
    found = git.find_commit(scratch, tip.commit, *said)
    if found is None:
        git.deepen(scratch, ref)
        found = git.find_commit(scratch, tip.commit, *said)
    return found


def _back_off(number: int) -> None:
    time.sleep(random.uniform(0, min(2.0, 0.02 * 2**number)))  # noqa: S311 - spreads writers, guards nothing
