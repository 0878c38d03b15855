"""OpenMetadata made to agree with Git: created before any edge, patched where it differs, never what people wrote."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from ...catalogue.entities import Entity, Entry
from ...catalogue.judged import DEFINITIONS, definition
from ...catalogue.merging import Difference, Merge, Written, kept_in, merge, remembered
from ...catalogue.remembering import Memory
from ..store import Store
from . import client as api
from . import hanging, leaving, linking
from .catalogued import Catalogued, Json

FOLDER = "catalogue"
"""Of the store: what was sent of each dataset."""


@dataclass
class Report:
    """What was done, each as FQNs or sentences."""

    created: list[str] = field(default_factory=list)
    recreated: list[str] = field(default_factory=list)
    """Somebody had deleted them by hand."""
    changed: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """What people wrote, and Git says otherwise."""
    waiting: list[str] = field(default_factory=list)
    """What can't be told yet, and why."""
    problems: list[str] = field(default_factory=list)
    """What the server refused."""


class Memories:
    """What was sent of each dataset, in the store."""

    def __init__(self, store: Store, endpoint: str) -> None:
        self._store, self._endpoint = store, endpoint
        self._known: dict[str, tuple[Memory, bytes | None]] = {}

    def of(self, name: str) -> Memory:
        """What was sent of a dataset; changes to it are kept by `keep`."""
        if name not in self._known:
            content = self._store.get(f"{FOLDER}/{name}.json")
            self._known[name] = (Memory.from_json(content, self._endpoint), content)
        return self._known[name][0]

    def names(self) -> list[str]:
        """Datasets that something was sent of."""
        return [path.rpartition("/")[2].removesuffix(".json") for path in self._store.list(FOLDER)]

    def forget(self, name: str) -> None:
        """Nothing of the dataset is there any more."""
        self._known.pop(name, None)
        self._store.remove(f"{FOLDER}/{name}.json")

    def keep(self) -> None:
        """Writes what changed."""
        for name, (memory, before) in self._known.items():
            content = memory.to_json()
            if content != before and (memory.ids or before):
                self._store.put(f"{FOLDER}/{name}.json", content)
                self._known[name] = (memory, content)


@dataclass
class Sync:
    """One sync of some datasets, or of the whole repository."""

    there: Catalogued
    memories: Memories
    pipeline: Callable[[str], str]
    """FQN of the DAG of a dataset."""
    whole: bool
    """All datasets of the repository are there: what is not among them has left it."""
    tell: Callable[[int], None] = lambda _: None
    """Is told how many steps were done; a dataset takes three."""
    report: Report = field(default_factory=Report)

    def run(self, entries: Sequence[Entry], known: Collection[str], many: bool = False) -> Report:
        """Makes the server agree with `entries`; `known` are all datasets of the repository.

        Raises DataError where more than a tenth of the tables would go and `many` doesn't allow it, and the client's
        errors where the server is away or refuses us; what one dataset alone is refused for is in the report. What
        was done is remembered in either case.
        """
        self.there.look(entries, self.whole)
        gone = leaving.gone(entries, known, self.memories) if self.whole else {}
        leaving.brake(entries, gone, self.there, many)
        try:
            self._agree(entries, gone)
        finally:
            self.memories.keep()
        return self.report

    def _agree(self, entries: Sequence[Entry], gone: dict[str, list[str]]) -> None:
        self.there.declare()
        for kind, name in DEFINITIONS.items():
            self.there.make(Entity("dataQuality/testDefinitions", name, definition(kind)))
        refused = {entry.name for entry in entries if not self._each(entry, self._hold)}
        for step in (self._link, self._hang):
            for entry in entries:
                if entry.name not in refused and not self._each(entry, step):
                    refused.add(entry.name)
        for name, fqns in gone.items():
            self.report.deleted += leaving.delete(name, fqns, entries, self.memories, self.there)

    def _each(self, entry: Entry, step: Callable[[Entry], None]) -> bool:
        """Does `step`; what the server refuses about this dataset alone stops no other. Whether it was taken."""
        try:
            step(entry)
        except Exception as error:
            if api.transient(error):
                raise
            self.report.problems.append(f"{entry.name}: OpenMetadata refuses it: {' '.join(str(error).split())[:500]}")
            return False
        self.tell(1)
        return True

    def _hold(self, entry: Entry) -> None:
        """Makes and patches containers and tables."""
        if entry.lacking:
            self.report.waiting.append(f"{entry.name}: nothing is told of its tables: {entry.lacking}")
        for entity in entry.above:
            self.there.make(entity)
        for entity in entry.held:
            self._entity(entry, entity, self.memories.of(entry.name))

    def _entity(self, entry: Entry, entity: Entity, memory: Memory) -> None:
        here, before = self.there.wanted(entry, entity), memory.written.get(entity.fqn, Written())
        there = self.there.have.get(entity.fqn)
        if new := there is None:
            there = api.put(self.there.client, f"/{entity.route}", _creating(here))
            known = self.report.recreated if entity.fqn in memory.ids else self.report.created
            known.append(entity.fqn)
            memory.digest = ""
        assert there is not None
        done = merge(there, here, before)
        if done.operations:
            there = api.patch(self.there.client, f"/{entity.route}/{there['id']}", done.operations)
        self._report(entity, done, new)
        memory.ids[entity.fqn], memory.routes[entity.fqn] = there["id"], entity.route
        memory.written[entity.fqn] = kept_in(remembered(there, here), before, done)
        self.there.keep(entity.fqn, there)

    def _report(self, entity: Entity, done: Merge, new: bool) -> None:
        if done.operations and not new:
            self.report.changed.append(f"{entity.fqn}: {', '.join(one.path for one in done.changed)}")
        self.report.kept += [_kept(entity.fqn, one) for one in done.kept]

    def _hang(self, entry: Entry) -> None:
        memory = self.memories.of(entry.name)
        if not self.whole or memory.digest != entry.digest:
            hanging.hang(self.there, entry, memory)

    def _link(self, entry: Entry) -> None:
        memory = self.memories.of(entry.name)
        waiting = linking.link(self.there, entry, memory, self.pipeline(entry.name), again=not self.whole)
        self.report.waiting += [f"{entry.name}: an edge waits for {name}, which is not there yet" for name in waiting]


def differences(
    there: Catalogued, entries: Sequence[Entry], memories: Memories, known: Collection[str], whole: bool
) -> list[Json]:
    """What OpenMetadata has against what Git says, without changing anything: an item a difference."""
    there.look(entries, whole)
    found: list[Json] = []
    for entry in entries:
        memory = memories.of(entry.name)
        for entity in entry.held:
            found += [{"dataset": entry.name, **one} for one in _differing(there, entry, entity, memory)]
        absent = linking.absent(there, entry)
        found += [{"dataset": entry.name, **_item(name, "edge", "missing", "", said)} for name, said in absent.items()]
    for name, fqns in (leaving.gone(entries, known, memories) if whole else {}).items():
        found += [{"dataset": name, **_item(one, "", "not in Git", "", "")} for one in fqns if one in there.have]
    return found


def _differing(there: Catalogued, entry: Entry, entity: Entity, memory: Memory) -> list[Json]:
    has = there.have.get(entity.fqn)
    if has is None:
        state = "deleted by hand" if entity.fqn in memory.ids else "missing"
        return [_item(entity.fqn, "", state, "", "")]
    done = merge(has, there.wanted(entry, entity), memory.written.get(entity.fqn, Written()))
    return [
        _item(entity.fqn, one.path, state, one.there, one.here)
        for state, some in (("differs", done.changed), ("by hand", done.kept))
        for one in some
    ]


def _item(name: str, path: str, state: str, there: str, here: str) -> Json:
    return {"entity": name, "what": path, "state": state, "openmetadata": there, "git": here}


def _creating(here: Json) -> Json:
    """A request as it makes an entity: domains are told by their names there."""
    domains = [domain["fullyQualifiedName"] for domain in here.get("domains", [])]
    return here | ({"domains": domains} if domains else {})


def _kept(name: str, one: Difference) -> str:
    return f"{name}: {one.path} stays as people wrote it: {one.there!r}; the contract says {one.here!r}"
