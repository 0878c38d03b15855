"""All verbs as separate processes, against a bare Polars scan-to-Parquet of the same file in the same run."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.settings import REPOSITORY

from . import table
from .rows import FLOATS, TEXTS

PYTHON = str(REPOSITORY / ".venv-task" / "bin" / "python")
BARE = "import sys, polars as pl; pl.scan_csv(sys.argv[1]).sink_parquet(sys.argv[2])"

NOTE = """\
Both are run twice, and the better counts: fresh pages of memory cost this machine more than what is written to them.
The bare scan parses once and writes once. Ours writes the source's bytes three times (as fetched, as text columns, on
the remote), hashes them three times (SHA-256 as they come and as they are published, MD5 for the pin), casts and checks
every value against the schema, and reads every typed value once more for the content hash, in a pod that runs no
author's code. That is five times the CPU seconds of the bare scan, on two cores that both keep busy, so the two bounds
are missed. What would help most is extract and validate in one pass where no extract.py stands between them; they are
two tasks so that an operator can clear either."""

CONTRACT = """\
title: Measurements
description: Generated rows of twenty columns.
owner: bench@example.org
licence: CC0-1.0
source: {url: "file:../../rows.csv", max_mb: 8000}
key: [id]
access: public
size: medium
"""
SCHEMA = """\
import datetime as dt

import pandera.polars as pa


class Schema(pa.DataFrameModel):
    id: int = pa.Field(ge=0, description="Number")
    day: dt.date = pa.Field(description="Day")
    country_code: str = pa.Field(str_matches=r"^[A-Z]{2}$", description="Country")
    year: int = pa.Field(ge=1900, le=2100, description="Year")
    is_estimated: bool = pa.Field(description="Estimated")
"""


@dataclass(frozen=True)
class Cost:
    """What a process took: wall and CPU seconds, peak resident memory in megabytes."""

    wall: float = 0
    cpu: float = 0
    peak: float = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.wall + other.wall, self.cpu + other.cpu, max(self.peak, other.peak))


def run() -> None:
    """Writes the sections "Ten million rows" and "Thirty thousand rows"."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=os.environ.get("BENCH_WORK")) as name:
        place = Path(name)
        rows = int(os.environ.get("BENCH_ROWS", "10000000"))
        found = [_compared(place, rows, in_order=True, bound=3.0), _compared(place, rows, in_order=False, bound=4.5)]
        table.write("Ten million rows, CSV to published", found, NOTE)
        _generate(place / "rows.csv", 30_000, in_order=True)
        verbs = _published(place)
        total = sum(verbs.values(), Cost())
        table.write(
            "Thirty thousand rows, all verbs as processes",
            [
                *(
                    {"verb": verb, "CPU s": f"{c.cpu:.1f}", "wall s": f"{c.wall:.1f}", "peak MB": f"{c.peak:.0f}"}
                    for verb, c in verbs.items()
                ),
                {
                    "verb": "all (bound: 15 CPU s)",
                    "CPU s": f"{total.cpu:.1f}",
                    "wall s": f"{total.wall:.1f}",
                    "peak MB": f"{total.peak:.0f}",
                },
            ],
        )


def _compared(place: Path, rows: int, *, in_order: bool, bound: float) -> dict[str, Any]:
    """One file: bare scan-to-Parquet and ours, each twice."""
    file = place / "rows.csv"
    _generate(file, rows, in_order=in_order)
    bare = min(
        (_process([PYTHON, "-c", BARE, str(file), str(place / "bare.parquet")]) for _ in range(2)), key=lambda c: c.wall
    )
    verbs = min((_published(place) for _ in range(2)), key=lambda verbs: sum(verbs.values(), Cost()).wall)
    ours = sum(verbs.values(), Cost())
    each = ", ".join(f"{verb} {cost.wall:.1f}" for verb, cost in verbs.items())
    return {
        "file": f"{rows:,} x 20, {'in key order' if in_order else 'not in order'}, {file.stat().st_size / 1e9:.2f} GB",
        "bare s": f"{bare.wall:.1f}",
        "ours s": f"{ours.wall:.1f} ({each})",
        "ratio": f"{ours.wall / bare.wall:.2f}",
        "CPU s": f"{ours.cpu:.1f} (bare {bare.cpu:.1f})",
        "bound": f"{bound}",
        "peak MB": f"{ours.peak:.0f} (bare {bare.peak:.0f})",
    }


def _generate(file: Path, rows: int, *, in_order: bool) -> None:
    """In a process of its own: the memory of this one is counted as the least of each that it starts."""
    command = [sys.executable, "-m", "benchmarks.rows", str(file), str(rows)]
    subprocess.run(command if in_order else [*command, "shuffled"], check=True, cwd=REPOSITORY)


def _published(place: Path) -> dict[str, Cost]:
    """Costs of each verb on rows.csv, in a store of its own."""
    for folder in ("store", "remote", "origin.git", "seed", "room"):
        shutil.rmtree(place / folder, ignore_errors=True)
    folder = place / "room" / "measurements"
    folder.mkdir(parents=True)
    (folder / "contract.yaml").write_text(CONTRACT)
    columns = [f'    value_{n}_mw: float = pa.Field(description="Value")\n' for n in range(FLOATS)]
    columns += [f'    text_{n}: str = pa.Field(description="Text")\n' for n in range(TEXTS)]
    (folder / "schema.py").write_text(SCHEMA + "".join(columns))
    _origin(place / "origin.git", place / "seed")
    known = {
        "COMMONS_STORE": f"file://{place}/store",
        "COMMONS_REMOTE": str(place / "remote"),
        "COMMONS_PUBLISH": str(place / "origin.git"),
        "COMMONS_DATASETS": str(place / "room"),
        "COMMONS_WORK": str(place),
        "PYTHONPATH": str(REPOSITORY),
    }
    verbs = ("extract", "validate", "publish")
    return {v: _process([PYTHON, "-m", "include.tasks", v, "measurements", "--run", "bench"], known) for v in verbs}


def _origin(bare: Path, seed: Path) -> None:
    """A bare repository with a first commit, that versions are pushed to."""
    who = ("-c", "user.name=bench", "-c", "user.email=bench@example.org")
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(bare)], check=True)
    subprocess.run(["git", "clone", "-q", str(bare), str(seed)], check=True, stderr=subprocess.DEVNULL)
    subprocess.run(["git", *who, "commit", "-q", "--allow-empty", "-m", "Begin"], check=True, cwd=seed)
    subprocess.run(["git", "push", "-q", "origin", "HEAD:main"], check=True, cwd=seed)


def _process(command: list[str], known: dict[str, str] | None = None) -> Cost:
    """Runs `command` to its end and measures it with its children."""
    began = time.perf_counter()
    child = subprocess.Popen(command, env=os.environ | (known or {}), cwd=REPOSITORY, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed: {os.waitstatus_to_exitcode(status)}")
    return Cost(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
