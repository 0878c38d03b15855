"""Events for the catalogue wait in the store, ordered by dataset, until one deliverer has taken each of them there."""

import datetime as dt
import json
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_exponential

from ..contracts import layout
from ..errors import EnvironmentFault
from .store import Store, own_store

Event = dict[str, Any]
MOST = 1000
"""Events of a dataset that wait at most; of more, the oldest are dropped, and counted in the next."""
LARGEST = 1 << 20
"""Bytes of an event at most."""
PATIENCE_SECONDS = 600
"""For how long a hand-over tries again where the store can't be written."""
_STAMP = "%Y%m%dT%H%M%S.%fZ"


@dataclass(frozen=True)
class Waiting:
    """An event in the spool, by its file's name: when it happened, and of what kind it is."""

    path: str

    @property
    def _parts(self) -> list[str]:
        return self.path.rpartition("/")[2].removesuffix(".json").split("-")

    @property
    def dataset(self) -> str:
        """As paths name it."""
        return self.path.split("/")[1]

    @property
    def at(self) -> dt.datetime:
        """When it happened, in UTC."""
        return dt.datetime.strptime(self._parts[0], _STAMP).replace(tzinfo=dt.UTC)

    @property
    def kind(self) -> str:
        """`task`, `run` or `dataset`."""
        return self._parts[1]


@dataclass(frozen=True)
class Length:
    """How much waits of one dataset, how old the oldest of it is, and how much was refused."""

    dataset: str
    waiting: int
    oldest: dt.datetime | None
    refused: int


def put(store: Store, event: Event) -> str:
    """Writes `event` (of FORMAT.md) into the spool, whole or not at all; its path.

    A `dataset` event takes the place of earlier ones of its dataset. Of more than MOST others, the oldest are dropped.
    Raises EnvironmentFault where the store can't be written, ValueError for an event of more than LARGEST bytes.
    """
    at = dt.datetime.fromisoformat(event["at"]).astimezone(dt.UTC)
    path = f"{layout.spool(event['name'])}/{at:{_STAMP}}-{event['kind']}-{uuid.uuid4().hex[:8]}.json"
    needless, full = _in_the_way(store, event, at)
    dropped = sum(1 + int((_read(store, item.path) or {}).get("dropped", 0)) for item in full)
    content = json.dumps(event | ({"dropped": dropped} if dropped else {}), ensure_ascii=False).encode()
    if len(content) > LARGEST:
        raise ValueError(f"{path}: an event of {len(content):,} bytes, expected at most {LARGEST:,}.")
    store.put_if_absent(path, content)
    for item in (*needless, *full):  # only now: who is killed here leaves one too many, never one too few
        store.remove(item.path)
    return path


def _in_the_way(store: Store, event: Event, at: dt.datetime) -> tuple[list[Waiting], list[Waiting]]:
    """What `event` makes needless, and what there is no room for beside it."""
    found = waiting(store, event["name"])
    if event["kind"] == "dataset":
        return [item for item in found if item.kind == "dataset" and item.at <= at], []
    others = [item for item in found if item.kind != "dataset"]
    return [], others[: max(0, len(others) - MOST + 1)]


def waiting(store: Store, dataset: str = "") -> list[Waiting]:
    """What waits, of all or of one dataset: by dataset, in the order in which it happened."""
    found = (Waiting(path) for path in store.list(layout.spool(dataset)) if path.endswith(".json"))
    return sorted(found, key=lambda item: item.path)


def lengths(store: Store) -> list[Length]:
    """How much waits and was refused, by dataset."""
    found: dict[str, list[Waiting]] = {}
    for item in waiting(store):
        found.setdefault(item.dataset, []).append(item)
    refused: dict[str, int] = {}
    for path in store.list(layout.refused()):
        refused[path.split("/")[1]] = refused.get(path.split("/")[1], 0) + 1
    return [_length(name, found.get(name, []), refused.get(name, 0)) for name in sorted({*found, *refused})]


def _length(name: str, items: list[Waiting], refused: int) -> Length:
    return Length(name, len(items), min((item.at for item in items), default=None), refused)


def read(store: Store, item: Waiting) -> Event | None:
    """The event; None where somebody else removed it. Raises ValueError where it is none."""
    content = _read(store, item.path)
    if content is not None and not {"kind", "name", "at"} <= content.keys():
        raise ValueError("it is no event")
    return content


def _read(store: Store, path: str) -> Event | None:
    content = store.get(path)
    if content is None:
        return None
    found = json.loads(content)
    if not isinstance(found, dict):
        raise ValueError("it is no event")
    return found


def remove(store: Store, item: Waiting) -> None:
    """Takes a delivered event out of the spool."""
    store.remove(item.path)


def refuse(store: Store, item: Waiting, reason: str) -> str:
    """Sets an event apart with the reason why it is refused, for a person to look at; its path."""
    path = f"{layout.refused()}/{item.path.split('/', 1)[1]}"
    content = (store.get(item.path) or b"").decode(errors="replace")
    told = {"reason": reason, "refused": dt.datetime.now(dt.UTC).isoformat(), "event": content}
    store.put_if_absent(path, json.dumps(told, ensure_ascii=False, indent=1).encode())
    for old in store.list(path.rpartition("/")[0])[:-MOST]:
        store.remove(old)
    store.remove(item.path)
    return path


def refusals(store: Store) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Path, and what is told of it, of each refused event."""
    for path in store.list(layout.refused()):
        yield path, _read(store, path) or {}


@retry(
    retry=retry_if_exception_type(EnvironmentFault),
    stop=stop_after_delay(PATIENCE_SECONDS),
    wait=wait_exponential(max=60),
    reraise=True,
)
def _put_patiently(store: Store, event: Event) -> None:
    put(store, event)


def main() -> None:
    """`python -m include.adapters.spool`: writes the events of standard input, one a line, to this space's spool.

    A process of its own, so that the task whose end it tells of need not wait for the store.
    """
    store = own_store()
    for line in sys.stdin:
        _put_patiently(store, json.loads(line))


if __name__ == "__main__":
    try:
        main()
    except Exception as error:
        sys.exit(f"{dt.datetime.now(dt.UTC).isoformat()} the spool lost an event: {type(error).__name__}: {error}")
