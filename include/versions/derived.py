"""Whether what is derived from Git agrees with it; each thing derived is one function in CHECKS."""

from collections.abc import Callable, Collection, Iterator

from ..adapters.store import Store
from . import heads
from .findings import Problem
from .pins import Entry, Pins


def disagreements(store: Store, ref: str, pins: Pins, names: Collection[str] = ()) -> list[Problem]:
    """What is derived from `pins`, those of the branch `ref`, and says something else; of `names`, or of all datasets.

    What was never derived here is no disagreement: `commons sync` makes it. Raises EnvironmentFault.
    """
    return [problem for check in CHECKS for problem in check(store, ref, pins, names)]


def _heads(store: Store, ref: str, pins: Pins, names: Collection[str]) -> Iterator[Problem]:
    for name in heads.wrong(store, ref, pins, names) if heads.derived(store, ref) else ():
        head, entry = heads.read(store, ref, name), pins.entries.get(name)
        found = _found(entry, head.entry if head else None) or "knows other versions as withdrawn than Git"
        labels = (f"{name} {entry.md5[:12]} (run {entry.meta.run})",) if entry else (name,)
        todo = "`commons sync` makes it agree."
        yield Problem("derived", "store", f"head of {name} on {ref}: {found}", versions=labels, todo=todo)


def _found(entry: Entry | None, head: Entry | None) -> str:
    if not entry or not head or entry.md5 != head.md5:
        return f"expected {entry.md5 if entry else 'none'} as Git pins, found {head.md5 if head else 'none'}"
    pinned, known = ({**one.document(), **one.document()["meta"]} for one in (entry, head))
    differ = sorted(key for key in pinned | known if key != "meta" and pinned.get(key) != known.get(key))
    return f"is {entry.md5} as Git pins, with another {', '.join(differ)}" if differ else ""


# A table that is registered in a catalogue is derived too: its function goes here.
CHECKS: tuple[Callable[[Store, str, Pins, Collection[str]], Iterator[Problem]], ...] = (_heads,)
