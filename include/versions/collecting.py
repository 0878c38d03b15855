"""Garbage: what no ref pins is set aside, deleted after the grace, and brought back where a pin names it again.

Nothing is deleted that did not lie in quarantine for the grace, but for the bytes of versions that were withdrawn that
long ago. Whoever publishes is never met: the collector is alone on a remote, or does nothing there.
"""

import datetime as dt
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..adapters import git, lease, objects
from ..adapters.clone import is_shallow
from ..adapters.partial import sparse
from ..adapters.remote import Remote
from ..adapters.store import Store
from ..contracts import layout
from ..errors import EnvironmentFault
from . import indexes
from .census import Pinned, announced, census, with_tree
from .contents import Contents, Places, contents
from .pins import FILE, Entry
from .withdrawal import GRACE, due, withdrawn

YOUNG = dt.timedelta(days=7)
"""An upload this young may be pinned by somebody who has not pushed yet; no run takes that long."""
HELD = dt.timedelta(minutes=15)
"""How long the collector keeps publishers waiting at most; the rest is for the next time."""
Act = Literal["keep", "restore", "move", "delete"]


@dataclass(frozen=True)
class Item:
    """One file of a remote, cache or store: what is to become of it, and why."""

    where: str
    act: Act
    why: str
    name: str
    bytes: int
    do: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Roots:
    """What must stay: what versions consist of, md5s that other files name, and versions that were withdrawn."""

    contents: Contents
    others: frozenset[str]
    withdrawn: tuple[Entry, ...]

    def needed(self, where: Remote, places: Places) -> set[str]:
        """The objects that have to stay on a remote."""
        return self.contents.needed(where, places.remotes) | self.others


def roots(repositories: Sequence[Path], tip: str, places: Places, *, lost: bool = False) -> Roots:
    """As `pinned`; raises EnvironmentFault also where nobody can tell what a version consists of that was announced.

    Not so where such versions are known to be `lost`, or never to have been here.
    """
    known = pinned(repositories, tip, places, drafts=True)
    if not lost:
        promised = {who for each in repositories for who in announced(each).versions}
        _refuse_unlisted(known.contents.unlisted, promised)
    return known


def pinned(repositories: Sequence[Path], tip: str, places: Places, *, drafts: bool = False) -> Roots:
    """What the refs and working trees of all `repositories` pin; tombstones are those of revision `tip` of the first.

    With `drafts` also what those followed, though no ref pins it.

    Raises EnvironmentFault where a repository is shallow, or nothing is pinned at all.
    """
    for repository in repositories:
        if is_shallow(repository):
            raise EnvironmentFault(
                f"{repository}: a shallow clone, which does not know what older versions need. Nothing was changed. "
                "`git fetch --unshallow`, then try again."
            )
    gone = withdrawn(git.texts_at(repositories[0], FILE, [tip]))
    buried = {entry.identity for entry in gone}
    found = [with_tree(census(repository), repository) for repository in repositories]
    versions = {who: one for each in found for who, one in each.versions.items() if who not in buried}
    if not versions and not gone:
        raise EnvironmentFault("No ref pins any version. Nothing was changed. Is COMMONS_PUBLISH the right address?")
    others = frozenset(md5 for each in found for md5 in each.others)
    followed = _drafts(versions.values(), gone) if drafts else []
    return Roots(contents([*versions.values(), *followed], places), others, tuple(gone))


def _drafts(versions: Collection[Pinned], gone: Collection[Entry]) -> list[Pinned]:
    """What an author made before the first commit: a version that followed it is made again on top of it."""
    known = {one.entry.md5 for one in versions} | {entry.md5 for entry in gone}
    followed = {one.entry.meta.base: one for one in versions if one.entry.meta.base}
    drafts = ((one, md5) for md5, one in followed.items() if md5 not in known)
    return [Pinned(one.entry.model_copy(update={"md5": md5}), one.commit) for one, md5 in drafts]


def _refuse_unlisted(unlisted: Collection[Pinned], promised: Collection[tuple[str, str, str]]) -> None:
    lost = [version for version in unlisted if version.entry.identity in promised]
    if lost:
        raise EnvironmentFault(
            *(f"{version.label}: its listing is nowhere to be read, so nobody knows its files." for version in lost),
            "Nothing was moved. `commons verify --all --repair` restores a listing where a copy is, `commons rebuild "
            "--restore` makes it again. With --lost they are taken for lost, or for never having been here.",
        )


def plan(known: Roots, places: Places, now: dt.datetime) -> list[Item]:
    """What is to become of every object on every remote, and in the cache of what was withdrawn."""
    found = [item for where in places.all() if where is not places.cache for item in _sweep(where, known, places, now)]
    return found + (list(_bury(places.cache, known, places, now)) if places.cache else [])


def plan_store(store: Store, gone: Collection[Entry], now: dt.datetime) -> Iterator[Item]:
    """What runs left that is older than it is kept, and what they left of withdrawn datasets."""
    until = {entry.name: due(entry.meta.withdrawn) for entry in gone if entry.meta.withdrawn}
    kept = now - dt.timedelta(days=layout.KEPT_DAYS)
    for folder in layout.KEPT:
        for path, modified, size in store.ages(folder):
            dataset = path.split("/")[1]
            if modified < kept:
                why = f"a run of more than {layout.KEPT_DAYS} days ago"
            elif folder == "runs" and modified < until.get(dataset, modified) <= now:
                why = "a run of a dataset of which a version was withdrawn"
            else:
                continue
            yield Item("store", "delete", why, path, size, _do(store.remove, path))
    for dataset, end in until.items():
        for path, modified, size in store.ages(layout.indexes(dataset)):
            if modified < end <= now:
                why = "an index of a register of which a version was withdrawn"
                yield Item("store", "delete", why, path, size, _do(store.remove, path))


def plan_indexes(repository: Path, gone: Collection[Entry], now: dt.datetime) -> Iterator[Item]:
    """The indexes in a clone that hold the names of withdrawn versions."""
    old = (entry for entry in gone if entry.meta.withdrawn and due(entry.meta.withdrawn) <= now)
    buried = {(entry.name, entry.meta.content) for entry in old}
    for place, known in indexes.made(repository / indexes.KEPT_HERE):
        if (known.dataset, known.content) in buried:
            size = sum(file.stat().st_size for file in place.rglob("*") if file.is_file())
            why = "the index of a version that was withdrawn"
            yield Item("cache", "delete", why, str(place), size, _do(shutil.rmtree, place))


def apply(items: Sequence[Item], acts: tuple[Act, ...], tell: Callable[[int], None] = lambda _: None) -> bool:
    """Do what is planned, as far as HELD lets; whether all of it was done. Harmless if repeated."""
    began = time.monotonic()
    wanted = [item for item in items if item.act in acts]

    def do(item: Item) -> bool:
        if time.monotonic() - began > HELD.total_seconds():
            return False
        item.do()
        tell(1)
        return True

    with ThreadPoolExecutor(objects.PARALLEL) as pool:
        return all(list(pool.map(do, wanted)))


def collect(
    repositories: Sequence[Path], tip: str, places: Places, store: Store, refresh: Callable[[], None],
    tell: Callable[[int], None] = lambda _: None, *, lost: bool = False,
) -> tuple[list[Item], bool]:  # fmt: skip
    """Plan and do it, alone on every remote; what was done, and whether that was all.

    `refresh` reads the refs anew: whatever was pinned meanwhile by somebody who leaves no mark, such as a person with
    Git and DVC alone, is brought back. Raises EnvironmentFault where anybody is at work on a remote, or as `roots`.
    """
    with ExitStack() as alone:
        for where in places.all():
            if where is not places.cache:
                alone.enter_context(lease.collecting(where))
        refresh()
        known, now = roots(repositories, tip, places, lost=lost), dt.datetime.now(dt.UTC)
        items = [*plan(known, places, now), *plan_store(store, known.withdrawn, now)]
        items += [item for each in repositories for item in plan_indexes(each, known.withdrawn, now)]
        whole = apply(items, ("restore", "move", "delete"), tell)
        refresh()
        again = Places(places.remotes, places.cache)
        apply(plan(pinned(repositories, tip, again, drafts=True), again, now), ("restore",))
    return items, whole


def _sweep(where: Remote, known: Roots, places: Places, now: dt.datetime) -> Iterator[Item]:
    needed, there = known.needed(where, places), objects.held(where)
    gone = {oid: end for oid, end in _buried(known).items() if oid not in needed}
    for oid, held in there.items():
        if oid in gone:
            yield _withdrawn(where, oid, held.size, now >= gone[oid], now)
        elif oid in needed:
            yield Item(where.name, "keep", "pinned", oid, held.size)
        elif held.modified > now - YOUNG:
            yield Item(where.name, "keep", f"uploaded in the last {YOUNG.days} days", oid, held.size)
        else:
            do = _do(objects.set_aside, where, oid, "unused", now)
            yield Item(where.name, "move", "pinned by no ref", oid, held.size, do)
    for item in objects.aside(where):
        yield _from_quarantine(where, item, needed, there, gone, now)
    for part in objects.unfinished(where):
        if part.modified < now - YOUNG:
            do = _do(objects.remove, where, part.oid, objects.part(where, part.oid))
            yield Item(where.name, "delete", "an upload that was cut short", part.oid, part.size, do)


def _bury(cache: Remote, known: Roots, places: Places, now: dt.datetime) -> Iterator[Item]:
    """What is to become of withdrawn versions in the cache, whose other objects are its owner's."""
    gone = {oid: end for oid, end in _buried(known).items() if oid not in known.needed(cache, places)}
    for oid, size in objects.sizes(cache, gone).items():
        yield _withdrawn(cache, oid, size, now >= gone[oid], now)
    for part in (sparse(oid, Path(cache.root)) for oid in gone):
        if part.is_file():
            yield Item(
                cache.name, "delete", "withdrawn", str(part), part.stat().st_blocks * 512, _do(part.unlink, True)
            )
    for item in objects.aside(cache):
        if now >= item.since + GRACE or (item.oid in gone and now >= gone[item.oid]):
            yield Item(cache.name, "delete", _ended(item.since), item.oid, item.size, _gone(cache, item))


def _buried(known: Roots) -> dict[str, dt.datetime]:
    """The objects of withdrawn versions, and when they have to be gone."""
    ends: dict[str, dt.datetime] = {}
    for entry in known.withdrawn:
        if tombstone := entry.meta.withdrawn:
            ends |= dict.fromkeys((entry.md5, *(tombstone.objects or ())), due(tombstone))
    return ends


def _withdrawn(where: Remote, oid: str, size: int, over: bool, now: dt.datetime) -> Item:
    if over:
        return Item(
            where.name, "delete", "withdrawn, and the grace is over", oid, size, _do(objects.remove, where, oid)
        )
    return Item(where.name, "move", "withdrawn", oid, size, _do(objects.set_aside, where, oid, "unused", now))


def _from_quarantine(
    where: Remote, item: objects.Aside, needed: Collection[str], there: Collection[str],
    gone: dict[str, dt.datetime], now: dt.datetime,
) -> Item:  # fmt: skip
    lacks = item.oid in needed and item.oid not in there
    if lacks and item.why == "unused":
        return Item(where.name, "restore", "pinned again", item.oid, item.size, _do(objects.bring_back, where, item))
    if lacks:
        return Item(where.name, "keep", "damaged, and there is no whole one yet", item.oid, item.size)
    if item.oid in gone and now >= gone[item.oid]:
        return Item(where.name, "delete", "withdrawn, and the grace is over", item.oid, item.size, _gone(where, item))
    if now >= item.since + GRACE:
        return Item(where.name, "delete", _ended(item.since), item.oid, item.size, _gone(where, item))
    return Item(where.name, "keep", f"in quarantine for {GRACE.days} days", item.oid, item.size)


def _ended(since: dt.datetime) -> str:
    return f"in quarantine since {since:%Y-%m-%d}"


def _gone(where: Remote, item: objects.Aside) -> Callable[[], None]:
    return _do(objects.remove, where, item.oid, item.path)


def _do(function: Callable[..., None], *arguments: object) -> Callable[[], None]:
    return lambda: function(*arguments)
