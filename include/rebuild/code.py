"""The code that made a version, in a folder of its own."""

import shutil
from pathlib import Path

from ..adapters import clone, code, git
from ..adapters.store import Store
from ..errors import EnvironmentFault
from .orders import Order


def fetch_code(order: Order, repository: Path, store: Store, into: Path) -> tuple[str, str | None]:
    """Brings it into the folder `into`; `COMMIT:TREE` of it, and what to say where it is not the code of the pin.

    A commit is taken from Git; what nobody had committed is taken from the store's code archives, else from the commit
    or working tree that has the very same files. Raises EnvironmentFault where Git fails.
    """
    pinned = order.entry.meta.code
    commit, _, tree = pinned.partition("+dirty.")
    if not tree and commit != "unversioned" and _has(repository, commit):
        code.unpack(repository, commit, into)
        return f"{commit}:{code.tree_at(repository, commit)}", None
    if tree and _tree(order, repository, store, tree, into):
        return f"{commit}+dirty:{tree}", None
    found = _at_hand(order, repository, into)
    where = f"commit {order.commit[:12]}" if order.commit else "the working tree"
    return found, f"its code {pinned} is not to be had, so that of {where} ran"


def _has(repository: Path, commit: str) -> bool:
    return bool(git.find(repository, commit) or (clone.whole_history(repository) and git.find(repository, commit)))


def _tree(order: Order, repository: Path, store: Store, tree: str, into: Path) -> bool:
    """Whether the files of that tree were found, wherever they are."""
    if code.unpack_archive(store, tree, into):
        return True
    if order.commit and code.tree_at(repository, order.commit) == tree:
        code.unpack(repository, order.commit, into)
        return True
    return order.commit is None and _at_hand(order, repository, into).rpartition(":")[2] == tree


def _at_hand(order: Order, repository: Path, into: Path) -> str:
    """The files of the commit that pins the version, else those of the working tree."""
    shutil.rmtree(into, ignore_errors=True)
    if order.commit:
        code.unpack(repository, order.commit, into)
        return f"{order.commit}:{code.tree_at(repository, order.commit)}"
    aside = Store(f"file://{into.parent}/archive")
    found = code.push(aside.url, repository)
    if not code.unpack_archive(aside, found.rpartition(":")[2], into):
        raise EnvironmentFault(f"{repository}: its files can't be copied to {into}. Free some space, then retry.")
    return found
