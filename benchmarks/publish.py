"""24 publications by 8 writers against one bare repository, beside a bare loop of `git push` by as many writers."""

import multiprocessing
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.versions.house import House, facts, git, house, version

from . import table

WRITERS, VERSIONS = 8, 24
BOUND_S = 6.0


def run() -> list[dict[str, object]]:
    """Writes the table; raises AssertionError where a version was lost or history is not linear."""
    with tempfile.TemporaryDirectory() as folder:
        ours, peer = house(Path(folder) / "ours"), house(Path(folder) / "peer")
        for number in range(VERSIONS):
            version(Path(folder) / f"v{number}", {f"row{i}": float(number + i) for i in range(1000)})
        seconds, peak = _timed(_publish, Path(folder), ours)
        bare, bare_peak = _timed(_push, Path(folder), peer)
        for one in (ours, peer):
            assert len(one.log()) == 1 + VERSIONS, "a version was lost"
            assert git("rev-list", "--min-parents=2", "--count", "main", at=one.origin) == "0", "history is not linear"
    rows: list[dict[str, object]] = [
        {"what": "commons publish", "s": f"{seconds:.1f}", "ratio": f"{seconds / bare:.2f}", "peak MB": f"{peak:.0f}"},
        {"what": "bare `git push` loop", "s": f"{bare:.1f}", "ratio": "1.00", "peak MB": f"{bare_peak:.0f}"},
        {"what": "bound", "s": f"{BOUND_S:.1f}", "ratio": f"{BOUND_S / bare:.2f}", "peak MB": ""},
    ]
    table.write(f"{VERSIONS} publications by {WRITERS} writers, none lost, linear history", rows)
    return rows


def _timed(work: Callable[[Path, House, int], float], folder: Path, target: House) -> tuple[float, float]:
    """Seconds for all versions by WRITERS processes that have started already, and the largest of them in MB."""
    with multiprocessing.get_context("spawn").Pool(WRITERS) as pool:
        pool.map(_warm, range(WRITERS), chunksize=1)
        begin = time.perf_counter()
        peaks = pool.starmap(work, [(folder, target, number) for number in range(VERSIONS)], chunksize=1)
        return time.perf_counter() - begin, max(peaks)


def _warm(_: int) -> None:
    time.sleep(0.5)


def _publish(folder: Path, target: House, number: int) -> float:
    assert target.publish(folder / f"v{number}", facts(1000, name=f"d{number}")).outcome == "published"
    return _peak()


def _push(_: Path, target: House, number: int) -> float:
    """What a shell script would do: clone once, then commit and push until it is taken."""
    clone = target.clone(f"clone{number}")
    while True:
        (clone / f"d{number}").write_text("a line\n")
        git("add", ".", at=clone)
        git("commit", "-q", "-m", f"d{number}", at=clone)
        if subprocess.run(["git", "push", "-q", "origin", "main"], cwd=clone, capture_output=True).returncode == 0:
            return _peak()
        git("fetch", "-q", "origin", at=clone)
        git("reset", "-q", "--hard", "origin/main", at=clone)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


if __name__ == "__main__":
    run()
