"""sync: makes what is derived from Git agree with it, so that verbs without a key to Git know the last version."""

import logging
from pathlib import Path
from typing import Any

from ..adapters.store import Store
from ..contracts import loader
from ..contracts.layout import VERIFICATION
from ..contracts.model import Contract
from ..settings import REPOSITORY, settings
from ..versions import heads, worktree
from ..versions.pins import Pins
from ..versions.publication import WorkingTree, git_target
from ..versions.pushing import GitTarget, pins_at_tip
from .perform import Run, Work, perform
from .receipts import Receipt

log = logging.getLogger("commons")
WORKTREE = "worktree:"
LOOKS = 5


def run(task: Run, store: Store) -> Receipt:
    """The receipt of sync, with the heads that it corrected: the dataset's and those of what it reads, or all; and with
    the key of the register's index, which it puts into the store.

    Raises EnvironmentFault where Git is at fault, DataError where data.dvc can't be read or a register has no version.
    """
    contract = None if task.dataset == VERIFICATION else loader.load(task.folder)
    receipt = perform(task, store, {}, lambda place: _sync(task, contract, store, place))
    if corrected := receipt.facts["corrected"]:
        log.info("sync %s: corrected what pods know of %s", task.dataset, ", ".join(corrected))
    return receipt


def _sync(task: Run, contract: Contract | None, store: Store, place: Path) -> Work:
    room = task.folder.parent
    names = {task.dataset, *loader.inputs(room, contract)} if contract else None
    facts: dict[str, Any] = {"corrected": correct_heads(store, names)}
    if contract and contract.match:
        facts["index"] = index(contract.match.register, room, store, place)
    return Work(facts=facts)


def index(register: str, room: Path, store: Store, place: Path) -> str:
    """Sees that the index of a register's newest version is in the store; its key. Raises as `registers.newest`."""
    from ..versions import registers  # what searches costs a second to import, and few datasets are matched

    return registers.keep(registers.newest(store, settings().ref, register, room), store, place / "indexes")


def correct_heads(store: Store, names: set[str] | None = None) -> list[str]:
    """Makes the store's heads (of `names`, or all) agree with what Git pins; names of those that were not.

    Looks again after each correction: a version may have been published meanwhile, whose head is newer than the pins.
    """
    corrected: set[str] = set()
    for _ in range(LOOKS):
        wrong = heads.sync(store, settings().ref, pinned(), names)
        corrected.update(wrong)
        if not wrong:
            break
    return sorted(corrected)


def target(*, propose: bool = False) -> GitTarget | WorkingTree:
    """Where versions go: a working tree (a laptop, where the author's pull request is the review) or a Git ref."""
    address = settings().publish
    if not address or address.startswith(WORKTREE):
        return WorkingTree(Path(address.removeprefix(WORKTREE) or REPOSITORY))
    return git_target(address, settings().ref, settings().git_name, settings().git_email, proposal=propose)


def pinned() -> Pins:
    """What Git pins where versions go, now."""
    there = target()
    return pins_at_tip(there) if isinstance(there, GitTarget) else worktree.pins(there.root)
