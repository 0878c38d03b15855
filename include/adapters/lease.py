"""Who is at work on a remote: many may publish, one alone may collect garbage, and neither while the other does.

Each leaves a mark before it looks for the marks of others, so of two that begin at once at least one sees the other
(Dekker's rule; S3 and file systems show what was written to whoever looks next). A mark whose process is gone, or that
is older than its work may take, counts no more.
"""

import datetime as dt
import json
import logging
import os
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from ..errors import EnvironmentFault
from .objects import files, found_below, remove
from .remote import Remote, told

FOLDER = "at-work"
Role = Literal["publishing", "collecting"]
LONGEST: dict[Role, dt.timedelta] = {"publishing": dt.timedelta(hours=12), "collecting": dt.timedelta(minutes=20)}
"""A publisher is a pod, whose deadline is at most that; a collector stops by itself well before."""
POLL_SECONDS = 1.0
log = logging.getLogger("commons")


@dataclass(frozen=True)
class Mark:
    """Somebody at work."""

    role: Role
    who: str
    since: dt.datetime
    path: str

    @property
    def until(self) -> dt.datetime:
        """From when on it counts no more."""
        return self.since + LONGEST[self.role]


@contextmanager
def publishing(where: Remote) -> Iterator[None]:
    """To be held from the first look for an object that is to be pinned until the commit that pins it.

    Waits for a collector, which is quick. Raises EnvironmentFault where the remote can't be written to.
    """
    with _marked(where, "publishing") as own:
        began, told_once = time.monotonic(), False
        while busy := _others(where, own, began, ("collecting",)):
            if not told_once:
                log.info("%s: waiting for the garbage collection of %s", where.url, busy[0].who)
                told_once = True
            time.sleep(POLL_SECONDS)
        yield


@contextmanager
def collecting(where: Remote) -> Iterator[None]:
    """To be held while objects are moved or deleted; takes away the marks of those who are gone.

    Raises EnvironmentFault where anybody else is at work.
    """
    with _marked(where, "collecting") as own:
        left = [path for path, _, _ in found_below(where, FOLDER) if path != own.path]
        if busy := _others(where, own, time.monotonic(), get_args(Role)):
            raise EnvironmentFault(*(_refusal(where, mark) for mark in busy))
        for path in left:
            remove(where, FOLDER, path)
        yield


def _refusal(where: Remote, mark: Mark) -> str:
    what = "publishes to it" if mark.role == "publishing" else "collects its garbage"
    return (
        f"{where.url}: {mark.who} {what} since {mark.since:%Y-%m-%dT%H:%M:%SZ}. Nothing was moved. Try again when "
        f"it is done; if it was killed, it counts until {mark.until:%Y-%m-%dT%H:%M:%SZ}, or you delete {mark.path}."
    )


@contextmanager
def _marked(where: Remote, role: Role) -> Iterator[Mark]:
    path = f"{where.root}/{FOLDER}/{role}-{uuid.uuid4().hex}.json"
    content = {"who": f"{_host()} process {os.getpid()}", "host": _host(), "space": _space(), "pid": os.getpid()}
    system = files(where)
    with told(where, "write", FOLDER):
        system.makedirs(f"{where.root}/{FOLDER}", exist_ok=True)
        system.pipe_file(path, json.dumps(content).encode())
        since = system.modified(path)
    try:
        yield Mark(role, str(content["who"]), since, path)
    finally:
        remove(where, FOLDER, path)


def _others(where: Remote, own: Mark, began: float, roles: tuple[Role, ...]) -> list[Mark]:
    """Those at work in one of `roles` beside `own`, by the clock of the remote: that is what `own` was written by."""
    now = own.since + dt.timedelta(seconds=time.monotonic() - began)
    found = [(path, since) for path, _, since in found_below(where, FOLDER) if path != own.path]
    asked = [item for item in found if item[0].rpartition("/")[2].startswith(roles)]
    return [mark for mark in (_mark(where, *item) for item in asked) if mark and mark.until > now]


def _mark(where: Remote, path: str, since: dt.datetime) -> Mark | None:
    """The mark at `path`; None where it went away, or its process on this machine did."""
    try:
        content = json.loads(files(where).cat_file(path))
    except FileNotFoundError:
        return None
    except ValueError:  # being written
        content = {}
    role: Role = "collecting" if path.rpartition("/")[2].startswith("collecting") else "publishing"
    here = (content.get("host"), content.get("space")) == (_host(), _space())
    gone = here and not _runs(content["pid"])
    return None if gone else Mark(role, content.get("who", "somebody"), since, path)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _host() -> str:
    return os.environ.get("HOSTNAME") or socket.gethostname()


def _space() -> str:
    """Whose process ids these are: a container has its own."""
    space = Path("/proc/self/ns/pid")
    return str(space.readlink()) if space.exists() else ""
