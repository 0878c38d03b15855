"""Which objects hold which files of which versions, as the listings on the remotes say."""

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from ..adapters import objects
from ..adapters.objects import Aside
from ..adapters.remote import CLASSES, Remote
from ..errors import EnvironmentFault
from .census import Pinned


@dataclass(frozen=True)
class Use:
    """A file of a version that an object holds; without a path, the version's own listing."""

    version: Pinned
    path: str = ""

    @property
    def file(self) -> str:
        """The file as it lies in a working tree, or what else the object is."""
        return f"{self.version.entry.path}/{self.path}" if self.path else f"the listing of {self.version.entry.path}"


@dataclass
class Contents:
    """Uses by remote and object; of `unlisted` versions the listing is nowhere, so that their files are not known."""

    uses: dict[str, dict[str, list[Use]]] = field(default_factory=dict)
    unlisted: list[Pinned] = field(default_factory=list)

    def needed(self, where: Remote, remotes: Mapping[str, Remote]) -> set[str]:
        """The objects that have to be on a remote: those pinned on it by any of its names.

        On a backup or in a cache, where nothing is pinned by name, whatever is pinned anywhere.
        """
        names = {name for name, remote in remotes.items() if remote.root == where.root}
        pinned = names if names & {*CLASSES, *self.uses} else self.uses.keys()
        return {oid for name in pinned for oid in self.uses.get(name, ())}


@dataclass(frozen=True)
class Places:
    """Where objects may lie: the remotes by name, the cache of this machine if it has one, and their quarantines."""

    remotes: Mapping[str, Remote]
    cache: Remote | None = None

    def all(self, first: str = "") -> list[Remote]:
        """Each once, though two names may have one address: the remote `first`, the cache, all others."""
        named = [self.remotes[first]] if first in self.remotes else []
        there = [*named, *([self.cache] if self.cache else []), *self.remotes.values()]
        return list({where.root: where for where in there}.values())

    @cached_property
    def aside(self) -> dict[str, list[tuple[Remote, Aside]]]:
        """What lies in quarantine anywhere, by object. A remote that does not answer is left out."""
        found: dict[str, list[tuple[Remote, Aside]]] = {}
        for where in self.all():
            with suppress(EnvironmentFault):
                for item in objects.aside(where):
                    found.setdefault(item.oid, []).append((where, item))
        return found

    def copies(self, oid: str, first: str = "") -> Iterator[tuple[Remote, str]]:
        """Remote and path of whatever may be a copy of the object, those on the remote `first` before others."""
        for where in self.all(first):
            yield where, where.path(oid)
        for where, item in self.aside.get(oid, []):
            yield where, item.path


def contents(versions: Collection[Pinned], places: Places) -> Contents:
    """What `versions` consist of. A listing that a version's own remote lacks is looked for everywhere else."""
    found = Contents()
    with ThreadPoolExecutor(objects.PARALLEL) as pool:
        listed = pool.map(lambda version: listing(version, places), versions)
        for version, files in zip(versions, listed, strict=True):
            mine = found.uses.setdefault(version.entry.remote, {})
            mine.setdefault(version.entry.md5, []).append(Use(version))
            for path, oid in (files or {}).items():
                mine.setdefault(oid, []).append(Use(version, path))
            if files is None:
                found.unlisted.append(version)
    return found


def listing(version: Pinned, places: Places) -> dict[str, str] | None:
    """The md5 of each file of a version by its path; None where no copy of its listing can be read."""
    for where, path in places.copies(version.entry.md5, version.entry.remote):
        try:
            return objects.listing(where, path, version.entry.md5)
        except EnvironmentFault:
            continue
    return None
