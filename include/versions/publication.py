"""Publication: content to the remote first, then one Git commit as the only commit point (FORMAT.md, "Publication")."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ..adapters import git
from ..adapters.cache import cache_folder, place_in_cache
from ..adapters.lease import publishing
from ..adapters.remote import Remote, listing_of, put_version
from ..contracts.columns import TableSchema
from ..tables import blocks
from ..tables.content import content_hash
from . import worktree
from .facts import Facts, access_class, entry_of
from .folder import check_folder
from .pins import Entry
from .pushing import GitTarget, push_entry
from .settling import Published, settled


@dataclass(frozen=True)
class WorkingTree:
    """A clone on a laptop: its data.dvc is changed, the commit is left to the author."""

    root: Path


def publish(
    folder: Path,
    schema: TableSchema,
    facts: Facts,
    target: GitTarget | WorkingTree,
    remote: Callable[[str], Remote],
    own: Mapping[str, str] | None = None,
) -> Published:
    """Publish the version in `folder`, adding its blocks.json; `remote` gives the DVC remote of an access class.

    `own` are files of the folder that this process alone wrote, and their md5 as they were written: they are not hashed
    again, and on the volume of a local remote they become its objects.

    Equal content in the same class is "unchanged": nothing is written. Repeating a publication that was cut short
    finishes it; repeating one that is done finds it.
    Raises DataError where the folder is not a whole version, ConflictError where the dataset moved since `facts.base`,
    EnvironmentFault where the remote or Git is at fault. In each case no version was published.
    """
    blocks.write(folder)
    check_folder(folder, facts.counts)
    store = remote(access_class(schema, facts.access))
    known = {path: md5 for path, md5 in (own or {}).items() if path != blocks.FILE}  # which was just written anew
    with ThreadPoolExecutor(1) as aside:  # md5 of one large file keeps a single core busy
        hashing = aside.submit(listing_of, folder, known)
        content = content_hash(folder, schema)
        listing = hashing.result()
    entry = entry_of(facts, listing, folder, content, store.name)

    def upload() -> None:
        put_version(folder, listing, store, known)
        if isinstance(target, WorkingTree):
            place_in_cache(folder, listing, cache_folder(target.root))

    return pin(entry, facts.base, target, store, upload)


def pin(
    entry: Entry, base: str | None, target: GitTarget | WorkingTree, store: Remote, upload: Callable[[], None]
) -> Published:
    """The commit point: `entry` in the place of the version `base`, its content brought to `store` by `upload` before.

    From the first look at `store` until the commit, nobody collects garbage there. Raises as `publish`.
    """
    with ExitStack() as held:

        def bring() -> None:
            held.enter_context(publishing(store))
            upload()

        if isinstance(target, WorkingTree):
            return _change_tree(entry, base, target, bring)
        return push_entry(entry, base, target, bring)


def git_target(address: str, ref: str, name: str, email: str, *, proposal: bool = False) -> GitTarget:
    """The branch `ref` of the Git `address`, written to by the committer `name` and `email`."""
    return GitTarget(address, ref, git.Identity(name, email), "proposal" if proposal else "commit")


def _change_tree(entry: Entry, base: str | None, target: WorkingTree, upload: Callable[[], None]) -> Published:
    if done := settled(worktree.pins(target.root), entry, base):
        return done
    upload()
    with worktree.locked(target.root):
        pins = worktree.pins(target.root)
        if done := settled(pins, entry, base):
            return done
        worktree.write(target.root, pins.having(entry))
    return Published("published", entry)
