"""One deliverer at a time: a numbered mark in the store, renewed while its process lives."""

import datetime as dt
import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ..contracts import layout
from ..errors import DataCommonsError, EnvironmentFault
from .store import Store

LEASE = dt.timedelta(seconds=60)
"""For how long a mark counts after it was renewed: a deliverer that was killed holds up others no longer than that."""
RENEW_SECONDS = 15.0
FOLDER = layout.deliverer(0).rpartition("/")[0]


@contextmanager
def turn(store: Store) -> Iterator[threading.Event]:
    """To be held while events are delivered; the event is set when the turn was lost, so that the holder stops.

    Of two that begin at once, one alone makes the next number. Raises EnvironmentFault where somebody else delivers.
    """
    number = _take(store)
    ended, lost = threading.Event(), threading.Event()
    keeper = threading.Thread(target=_keep, args=(store, number, ended, lost), daemon=True)
    keeper.start()
    try:
        yield lost
    finally:
        ended.set()
        keeper.join()
        if not lost.is_set():
            store.put(layout.deliverer(number), _mark(dt.timedelta()))


def _take(store: Store) -> int:
    """The number of this turn."""
    last = _last(store)
    mark = json.loads(store.get(layout.deliverer(last)) or b"{}")
    free = not mark or dt.datetime.fromisoformat(mark["until"]) <= _now()
    # Who looked long ago may take a number that was already given back, so each looks again.
    if free and store.put_if_absent(layout.deliverer(last + 1), _mark(LEASE)) and _last(store) == last + 1:
        for old in store.list(FOLDER)[:-1]:
            store.remove(old)
        return last + 1
    raise EnvironmentFault(
        f"{store.url}: {mark.get('who', 'somebody else')} delivers the spool now. Wait until that is done; if it was "
        f"killed, it counts no more after {LEASE.seconds} seconds."
    )


def _last(store: Store) -> int:
    return max((int(path.rpartition("/")[2].removesuffix(".json")) for path in store.list(FOLDER)), default=0)


def _keep(store: Store, number: int, ended: threading.Event, lost: threading.Event) -> None:
    renewed = _now()
    while not ended.wait(RENEW_SECONDS):
        try:
            if _last(store) != number:
                return lost.set()
            store.put(layout.deliverer(number), _mark(LEASE))
            renewed = _now()
        except DataCommonsError:
            if _now() - renewed > LEASE:
                return lost.set()
    return None


def _mark(lasts: dt.timedelta) -> bytes:
    who = f"{os.environ.get('HOSTNAME') or socket.gethostname()} process {os.getpid()}"
    return json.dumps({"who": who, "until": (_now() + lasts).isoformat()}).encode()


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
