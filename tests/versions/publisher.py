"""Publishes in processes of their own that can be killed: reads one JSON job a line, answers one JSON line each.

A job has `root` (the deployment), `folder`, `told` (facts), `tree` (a working tree, or null) and `kill_at`: the process
is killed (SIGKILL) at that event that touches the world, counted from 1: a file opened for writing, a rename, a
removal, a folder made, a program started. They are forked from this one, which has done nothing but import.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from include.errors import DataCommonsError
from include.versions.publication import WorkingTree, publish
from tests.versions.house import SCHEMA, House, facts

EVENTS = {
    "os.rename",
    "os.remove",
    "os.mkdir",
    "os.chmod",
    "os.rmdir",
    "os.link",
    "shutil.copyfile",
    "subprocess.Popen",
}


class Killer:
    """Counts events, and ends the process at the `at`-th."""

    def __init__(self, at: int) -> None:
        self.at, self.seen = at, 0

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if writes or event in EVENTS:
            self.seen += 1
            if self.seen == self.at:
                os.kill(os.getpid(), signal.SIGKILL)


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Publish; what came of it."""
    deployment, folder, told = House(Path(job["root"])), Path(job["folder"]), facts(**job["told"])
    killer = Killer(job["kill_at"])
    sys.addaudithook(killer)
    try:
        if job["tree"]:
            done = publish(folder, SCHEMA, told, WorkingTree(Path(job["tree"])), deployment.remote)
        else:
            done = deployment.publish(folder, told)
    except DataCommonsError as error:
        return {"error": type(error).__name__, "text": str(error), "events": killer.seen}
    return {"outcome": done.outcome, "commit": done.commit, "md5": done.entry.md5, "events": killer.seen}


def serve(work: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer jobs until the input ends, each in a fork of its own; `{}` where that was killed."""
    for line in sys.stdin:
        readable, writable = os.pipe()
        if (child := os.fork()) == 0:
            os.write(writable, json.dumps(work(json.loads(line))).encode())
            os._exit(0)
        os.close(writable)
        with os.fdopen(readable) as answer:
            said = answer.read()
        os.waitpid(child, 0)
        print(said or "{}", flush=True)


if __name__ == "__main__":
    serve(work)
