"""Two revisions over a thousand datasets of which one changed, beside `dvc diff` and a bare `git diff` of the same."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from include.versions import worktree
from include.versions.pins import FILE, Pins
from tests.versions.house import ENVIRONMENT, facts, git, house, version

from . import table

DATASETS, ROWS, RUNS = 1_000, 10_000, 3
BOUND = 1.0
# What the command does once it has started: compare, mask, draw.
WORK = """
import json, resource, sys, time
from pathlib import Path
from include.cli.differences import drawn
from include.diff.audience import shown_to
from include.diff.markdown import markdown
from include.diff.page import page
from include.versions.changes import changes
begin = time.perf_counter()
diff = shown_to(changes(Path(sys.argv[1]), "HEAD~1", "HEAD"), "public")
texts = markdown(diff), page(diff), list(drawn(diff, 120))
taken = time.perf_counter() - begin
rows, peak = diff.datasets[0].table.counts.changed, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
print(json.dumps({"seconds": taken, "changed": len(diff.datasets), "same": diff.same, "rows": rows, "mb": peak}))
"""


def run() -> list[dict[str, object]]:
    """Writes the table: medians of fresh processes."""
    with tempfile.TemporaryDirectory() as folder:
        clone = _repository(Path(folder))
        ours = [json.loads(_said([sys.executable, "-c", WORK, str(clone)], Path.cwd())) for _ in range(RUNS)]
        found = {key: ours[0][key] for key in ("changed", "same", "rows")}
        assert found == {"changed": 1, "same": DATASETS - 1, "rows": ROWS // 100}, found
        dvc = _seconds([sys.executable, "-m", "dvc", "diff", "HEAD~1", "HEAD"], clone)
        bare = _seconds(["git", "diff", "HEAD~1", "HEAD", "--", FILE], clone)
    seconds, peak = statistics.median(one["seconds"] for one in ours), max(one["mb"] for one in ours)
    rows: list[dict[str, object]] = [
        {"what": "compare and draw, after start-up", "s": f"{seconds:.2f}", "ratio": "1.00", "peak MB": f"{peak:.0f}"},
        {"what": "`dvc diff`, whole (names of files only)", "s": f"{dvc:.2f}", "ratio": f"{dvc / seconds:.2f}"},
        {"what": "bare `git diff` of data.dvc", "s": f"{bare:.2f}", "ratio": f"{bare / seconds:.2f}"},
        {"what": "bound", "s": f"{BOUND:.2f}", "ratio": f"{BOUND / seconds:.2f}"},
    ]
    table.write(f"Two revisions over {DATASETS:,} datasets, one of {ROWS:,} rows changed", rows)
    return rows


def _repository(place: Path) -> Path:
    """A clone whose last commit changed a hundredth of the rows of one dataset of a thousand."""
    deployment = house(place / "house")
    values: dict[str, float | None] = {f"{at:05}": at / 7 for at in range(ROWS)}
    first = deployment.publish(version(place / "v1", values), facts(ROWS))
    moved = values | dict.fromkeys(list(values)[::100], -1.0)
    second = deployment.publish(version(place / "v2", moved), facts(ROWS, run="manual__2", base=first.entry.md5))
    clone = deployment.clone()
    (clone / ".commons").mkdir()
    names = [f"d{number:04}" for number in range(DATASETS)]
    pins = Pins(entries={name: first.entry.model_copy(update={"path": f"data/{name}"}) for name in names})
    for entry in (pins.entries[names[500]], second.entry.model_copy(update={"path": f"data/{names[500]}"})):
        pins = pins.having(entry)
        worktree.write(clone, pins)
        git("commit", "-qam", f"Publish {entry.md5}", at=clone)
    return clone


def _said(command: list[str], at: Path) -> str:
    known = {**ENVIRONMENT, "PYTHONPATH": os.getcwd(), "DVC_NO_ANALYTICS": "1"}  # noqa: PTH109 - of the process
    return subprocess.run(command, cwd=at, env=known, check=True, capture_output=True, text=True).stdout


def _seconds(command: list[str], at: Path) -> float:
    """Median wall time."""
    taken = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        _said(command, at)
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


if __name__ == "__main__":
    run()
