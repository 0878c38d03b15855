"""History of a dataset, and its path at a revision, in a repository of 5,000 data commits and 1,000 datasets."""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from include.versions import reading
from include.versions.pins import FILE
from tests.versions.house import facts, git, house, version

from . import repository, table
from .repository import BUSY, COMMITS, DATASETS

BOUND_S, BOUND_MS, CALLS = 1.0, 100.0, 50
PROGRAM = """
import sys, include.cli.app
from pathlib import Path
from include.versions import timeline
print(len(timeline.versions(Path(sys.argv[1]), sys.argv[2])))
"""


def run() -> list[dict[str, object]]:
    """Writes both tables; raises AssertionError where a version is missing."""
    with tempfile.TemporaryDirectory() as folder:
        deployment = house(Path(folder) / "house")
        done = deployment.publish(version(Path(folder) / "v", {"a": 1.0}), facts(1))
        clone = deployment.clone()
        repository.extend(clone, done.entry)
        rows = _histories(clone)
        table.write(
            f"History of a dataset, {COMMITS:,} data commits, {DATASETS:,} datasets, from the start of Python", rows
        )
        paths = _paths(clone)
        table.write(f"A dataset's path at a revision, {COMMITS:,} data commits, {DATASETS:,} datasets, warm", paths)
    return [*rows, *paths]


def _histories(clone: Path) -> list[dict[str, object]]:
    bare = _seconds(lambda: git("log", "--first-parent", "--format=%H %(trailers)", "main", "--", FILE, at=clone))
    busy = COMMITS // repository.EVERY + COMMITS // DATASETS
    few, many = (_history(clone, name, least) for name, least in ((repository.name(11), 6), (BUSY, busy - 5)))
    found = {"a dataset of 6 versions": few, f"a dataset of {busy:,} versions": many, "bare `git log`": bare}
    return [
        *(
            {"what": what, "s": f"{wall:.2f}", "CPU s": f"{cpu:.2f}", "ratio": f"{cpu / bare[1]:.2f}"}
            for what, (wall, cpu) in found.items()
        ),
        {"what": "bound", "s": f"{BOUND_S:.2f}"},
    ]


def _history(clone: Path, name: str, least: int) -> tuple[float, float]:
    """What a process of its own takes."""

    def ask() -> None:
        command = [sys.executable, "-c", PROGRAM, str(clone), name]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        assert int(done.stdout) >= least, f"{name} has {done.stdout.strip()} versions, expected {least} at least"

    return _seconds(ask)


def _paths(clone: Path) -> list[dict[str, object]]:
    revision = f"HEAD~{COMMITS // 2}"
    ours = _median(lambda i: reading.path_at(clone, repository.name(i), revision))
    bare = _median(
        lambda _: subprocess.run(
            ["git", "cat-file", "blob", f"{revision}:{FILE}"], cwd=clone, capture_output=True, check=True
        )
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return [
        {"what": "path_at", "ms": f"{ours:.1f}", "ratio": f"{ours / bare:.2f}", "peak MB": f"{peak:.0f}"},
        {"what": "bare `git cat-file`", "ms": f"{bare:.1f}", "ratio": "1.00", "peak MB": ""},
        {"what": "bound", "ms": f"{BOUND_MS:.1f}", "ratio": f"{BOUND_MS / bare:.2f}", "peak MB": ""},
    ]


def _seconds(call: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of the processors in the processes started; the best of five, as others work here."""
    return min(_once(call) for _ in range(5))


def _once(call: Callable[[], object]) -> tuple[float, float]:
    begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    call()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - begin, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


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
