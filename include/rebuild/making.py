"""The verbs of a run, by the code and in the environment of that time, in a deployment of their own."""

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..adapters.store import Store
from ..contracts.document import Refused, Value, parse
from ..contracts.names import Names
from ..settings import settings
from ..versions import heads, worktree
from ..versions.pins import Entry, Pins
from .orders import Order
from .outside import offline, variables

ROOM = "include/datasets"
REF = "main"
ENVIRONMENT = "dev"
SAID = 12
_CLOCK = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ ")


@dataclass(frozen=True)
class Bench:
    """Where and with what one version is made."""

    place: Path
    """Its store, its working tree with pins, its code and its scratch lie below."""
    remote: Path
    """The parent folder of the DVC remotes."""
    python: Path
    code: str
    """`COMMIT:TREE` of what lies in `place/code`."""
    mirror: str
    """A version's `raw/`, or a mirror; empty: the network."""
    network: bool


@dataclass(frozen=True)
class Made:
    """What came of it: the entry, or the verb that stopped, with its exit code and last words."""

    entry: Entry | None
    stopped: str = ""
    exit_code: int = 0
    said: tuple[str, ...] = ()


def make(order: Order, bench: Bench, tell: Callable[[str], None]) -> Made:
    """Runs the verbs; `tell` is called with each. Nothing outside of `bench.place` and `bench.remote` changes."""
    _prepare(order, bench)
    log = bench.place / "log"
    for verb in _verbs(bench.place / "code" / ROOM / order.name / "contract.yaml"):
        tell(verb)
        command = [*([] if bench.network else offline()), *_command(verb, order, bench)]
        with log.open("wb") as file:
            done = subprocess.run(
                command, cwd=bench.place / "code", env=_variables(bench), stdout=file, stderr=file, check=False
            )
        if done.returncode:
            said = log.read_text(encoding="utf-8", errors="replace").splitlines()[-SAID:]
            return Made(None, verb, done.returncode, tuple(_CLOCK.sub("", line) for line in said))
    return Made(worktree.pins(bench.place / "tree").entries.get(order.name))


def _verbs(contract: Path) -> list[str]:
    """The verbs of a run by a contract of that time, which today's code may not take for one; shards need no pods."""
    said: Value = None
    with suppress(OSError, Refused):  # extract says what is wrong with it
        said = parse(contract.read_bytes()).value
    return ["extract", "validate", *(["match"] if isinstance(said, dict) and "match" in said else []), "publish"]


def _prepare(order: Order, bench: Bench) -> None:
    """What the run finds: the version that it follows, and those that it reads."""
    (bench.place / "tree" / ".commons").mkdir(parents=True)
    (bench.place / "work").mkdir()
    known = [*([order.base] if order.base else []), *order.inputs.values()]
    worktree.write(bench.place / "tree", Pins(entries={entry.name: entry for entry in known}))
    store = Store(Names(ENVIRONMENT, "").store(_store(bench)))
    for entry in known:
        gone = [order.withdrawn] if order.withdrawn and order.withdrawn.name == entry.name else []
        heads.write(store, REF, entry, {}, gone)


def _store(bench: Bench) -> str:
    return f"file://{bench.place}/store"


def _command(verb: str, order: Order, bench: Bench) -> Iterator[str]:
    meta = order.entry.meta
    yield from (str(bench.python), "-u", "-m", "include.tasks", verb, order.name, "--run", meta.run)
    if meta.interval:
        yield from ("--start", meta.interval[0], "--end", meta.interval[1])
    if meta.as_of and verb == "validate":
        yield from ("--as-of", meta.as_of)


def _variables(bench: Bench) -> dict[str, str]:
    given = {
        "STORE": _store(bench),
        "REMOTE": f"file://{bench.remote}",
        "PUBLISH": f"worktree:{bench.place}/tree",
        "REF": REF,
        "ENVIRONMENT": ENVIRONMENT,
        "MIRROR": bench.mirror,
        "DATASETS": str(bench.place / "code" / ROOM),
        "CODE": bench.code,
        "WORK": str(bench.place / "work"),
        "MEMORY_MB": str(settings().memory_mb),
    }
    own = {f"COMMONS_{name}": value for name, value in given.items()}
    # A working tree that is no DVC repository keeps its cache there.
    return variables(bench.network) | own | {"XDG_CACHE_HOME": str(bench.place / "cache"), "PYTHONPATH": ""}
