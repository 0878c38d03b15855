"""Runs verbs in processes that can be killed: reads one JSON job a line, answers one JSON line each.

A job has `variables` (of the environment), `arguments` (of include.tasks) and `kill_at`: the process is killed
(SIGKILL) at that event that touches the world, counted from 1. Children are forked from a process that only imported.
"""

import importlib
import os
import sys
import tempfile
from typing import Any, get_args

from include.contracts.layout import Verb
from include.tasks.__main__ import main as verb
from tests.versions.publisher import Killer, serve

for name in get_args(Verb):
    importlib.import_module(f"include.tasks.{name}")


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Run the verb; its exit code, how many events there were, and what its log says."""
    os.environ.update(job["variables"])
    killer = Killer(job["kill_at"])
    answers = os.dup(1)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 1)
        sys.addaudithook(killer)
        try:
            code = verb(job["arguments"])
        finally:
            os.dup2(answers, 1)
        said.seek(0)
        return {"code": code, "events": killer.seen, "said": said.read().decode()}


if __name__ == "__main__":
    serve(work)
