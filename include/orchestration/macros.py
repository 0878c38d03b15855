"""What templates of pod tasks say at run time, so that a serialised DAG holds no commit, time, path or address."""

import datetime as dt
import hashlib
from functools import cache
from typing import Any

from ..contracts import layout
from ..settings import REPOSITORY, settings
from .code import code
from .space import store

__all__ = ["archive", "attempt", "code", "end", "image", "log", "name", "receipts", "setting", "start", "step"]


def setting(which: str) -> str:
    """A deployment's setting, by its name."""
    return str(getattr(settings(), which))


def attempt(ti: Any) -> str:
    """ATTEMPT of FORMAT.md: Airflow raises `max_tries` when a task is cleared and leaves it alone when it retries."""
    return f"{max(0, ti.max_tries - ti.task.retries):04d}"


def name(ti: Any) -> str:
    """The pod's name: the same for the same try, so that a try never has two pods; at most 63 characters."""
    identity = [settings().environment, settings().developer, ti.dag_id, ti.task_id, ti.run_id, str(ti.try_number)]
    identity += [str(ti.map_index)] if ti.map_index >= 0 else []
    digest = hashlib.sha256("\0".join(identity).encode()).hexdigest()[:12]
    return f"{ti.dag_id[:38].strip('_').replace('_', '-')}-{ti.task_id}-{digest}"


def step(ti: Any) -> str:
    """The verb as paths of the store name it: of a mapped task, each instance is a step of its own."""
    return layout.step(ti.task_id, ti.map_index if ti.map_index >= 0 else None)


def archive() -> str:
    """Where the pod's start finds code archives; it fills in {tree}."""
    return f"{store()}/{layout.code('{tree}')}"


def log(ti: Any, dataset: str) -> str:
    """Where the pod's start keeps its log; it fills in {writer}."""
    return f"{store()}/{layout.log(dataset, ti.run_id, step(ti), attempt(ti), '{writer}')}"


def receipts(ti: Any, dataset: str) -> str:
    """Where the pod's start finds the receipts of this attempt."""
    return f"{store()}/{layout.receipt(dataset, ti.run_id, step(ti), attempt(ti), '*')}"


def start(dag_run: Any) -> str:
    """Start of the data interval in UTC; of a run without one, the time it was due."""
    return _utc(dag_run.data_interval_start or dag_run.run_after)


def end(dag_run: Any) -> str:
    """End of the data interval in UTC; of a run without one, the time it was due."""
    return _utc(dag_run.data_interval_end or dag_run.run_after)


def _utc(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


@cache
def image() -> str:
    """The task image with its tag: the hash of its lock file, unless the deployment names another."""
    chosen = settings().image
    if ":" in chosen.rpartition("/")[2] or "@" in chosen:
        return chosen
    lock = (REPOSITORY / "include/images/requirements.txt").read_bytes()
    return f"{chosen}:{hashlib.sha256(lock).hexdigest()[:16]}"
