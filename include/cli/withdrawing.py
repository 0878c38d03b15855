"""`commons withdraw`: a tombstone in place of a version, and what becomes of its files."""

from pathlib import Path

from ..adapters import git
from ..adapters.store import own_store
from ..settings import REPOSITORY, settings
from ..tasks import verify
from ..tasks.sync import correct_heads, target
from ..versions import collecting, heads, reading, withdrawing, worktree
from ..versions.census import Pinned
from ..versions.publication import WorkingTree
from ..versions.pushing import push_change
from ..versions.revisions import resolve
from ..versions.withdrawal import due
from ..versions.withdrawing import Withdrawal
from .console import out, plain
from .refs import every_ref


def withdraw(name: str, at: str, why: str, by: str | None) -> None:
    """Leave a tombstone, and say which files go and which stay.

    Raises DataError where there is no such version, EnvironmentFault where nobody can tell who shares its files.
    """
    version = Pinned(reading.entry_at(REPOSITORY, name, at), resolve(REPOSITORY, at))
    with every_ref() as refs:
        there = verify.places()
        live = collecting.pinned(refs.repositories, refs.tip, there).contents
        planned = withdrawing.plan(version, live, there, by or _person(REPOSITORY), " ".join(why.split()))
    said = _recorded(planned)
    for line in (*_told(planned), said):
        out.print(plain(line), highlight=False, soft_wrap=True)


def _recorded(planned: Withdrawal) -> str:
    where = target()
    if isinstance(where, WorkingTree):
        with worktree.locked(where.root):
            before = worktree.pins(where.root)
            worktree.write(where.root, after := withdrawing.record(before, planned))
        said = "It was withdrawn before; that stays." if after == before else (
            "data.dvc changed. Commit it and open a pull request: it counts for everybody once it is merged."
        )  # fmt: skip
    else:
        commit = push_change(lambda pins: withdrawing.record(pins, planned), withdrawing.message(planned), where)
        said = f"Commit {commit[:12]} on {where.ref} says so." if commit else "It was withdrawn before; that stays."
    correct_heads(own_store(), {planned.entry.name})
    return said


def _told(planned: Withdrawal) -> list[str]:
    entry, tombstone = planned.entry, planned.entry.meta.withdrawn
    if tombstone is None or not planned.listed:
        return [f"{entry.name} {entry.md5[:12]}: its listing is nowhere to be read, so nobody knows its files."]
    lines = [f"{path} stays: {', '.join(who[:3])} needs it too." for path, who in sorted(planned.kept.items())]
    return [
        f"{entry.name} {entry.md5[:12]}: {len(planned.gone)} files are this version's alone. `commons gc --apply` "
        f"moves them aside, and deletes them from {due(tombstone):%Y-%m-%dT%H:%M:%SZ} on; `commons verify` proves it.",
        *lines,
        *_next(planned),
    ]


def _next(planned: Withdrawal) -> list[str]:
    """What to do where readers and runs are left without a newest version."""
    name, head = planned.entry.name, heads.read(own_store(), settings().ref, planned.entry.name)
    if not head or head.entry.identity != planned.entry.identity or not planned.rest:
        return []
    return [
        f"It is the newest version of {name}: until `commons rollback {name} --to COMMIT` makes an older one the "
        "newest, nobody can open it without --at, and its runs stop."
    ]


def _person(repository: Path) -> str:
    """Who works in this clone, as Git was told."""
    return git.run("var", "GIT_AUTHOR_IDENT", at=repository).rpartition(">")[0] + ">"
