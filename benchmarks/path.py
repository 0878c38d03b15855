"""A dataset's path at a revision in a repository of 100 datasets, beside a bare `git cat-file` of the same data.dvc."""

import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from include.versions import reading, worktree
from include.versions.pins import FILE, Pins
from tests.versions.house import facts, git, house, version

from . import table

DATASETS, CALLS = 100, 50
BOUND_MS = 50.0


def run() -> list[dict[str, object]]:
    """Writes the table: medians of warm calls, each of another dataset."""
    with tempfile.TemporaryDirectory() as folder:
        deployment = house(Path(folder) / "house")
        done = deployment.publish(version(Path(folder) / "v", {"a": 1.0}), facts(1))
        clone = deployment.clone()
        entries = {f"d{i}": done.entry.model_copy(update={"path": f"data/d{i}"}) for i in range(DATASETS)}
        (clone / ".commons").mkdir()
        worktree.write(clone, Pins(entries=entries))
        git("commit", "-q", "-am", "A hundred datasets", at=clone)
        ours = _median(lambda i: reading.path_at(clone, f"d{i}", "HEAD"))
        bare = _median(
            lambda _: subprocess.run(["git", "cat-file", "blob", f"HEAD:{FILE}"], cwd=clone, capture_output=True)
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    rows: list[dict[str, object]] = [
        {"what": "path_at", "ms": f"{ours:.1f}", "ratio": f"{ours / bare:.2f}", "peak MB": f"{peak:.0f}"},
        {"what": "bare `git cat-file`", "ms": f"{bare:.1f}", "ratio": "1.00", "peak MB": ""},
        {"what": "bound", "ms": f"{BOUND_MS:.1f}", "ratio": f"{BOUND_MS / bare:.2f}", "peak MB": ""},
    ]
    table.write(f"A dataset's path at a revision, {DATASETS} datasets, warm", rows)
    return rows


def _median(call: Callable[[int], object]) -> float:
    """Milliseconds of a call, after a first one that warms up."""
    call(0)
    taken = []
    for number in range(CALLS):
        begin = time.perf_counter()
        call(number)
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken) * 1000


if __name__ == "__main__":
    run()
