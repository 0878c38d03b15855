"""Verification of a version of a gigabyte, in a folder and on S3, beside a bare `md5sum` of the same files."""

import hashlib
import json
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from include.adapters.remote import remote
from include.versions.census import Pinned
from include.versions.contents import Places
from include.versions.pins import Entry
from include.versions.publication import git_target, publish
from include.versions.verifying import look, read
from tests.cluster import s3
from tests.versions.house import SCHEMA, facts, house, version

from . import table

Result = TypeVar("Result")
Taken = tuple[float, float, float]
FILES, MEGABYTES = 4, 256
ON_S3 = "commons verify, S3 (versitygw on this machine)"
BOUND = 400.0
"""Megabytes a second that one core has to read and hash."""
NOTE = """\
A core's rate is bytes over CPU seconds, the server's not counted; the files lie in the page cache, so no disk slows it.
On S3 every byte is streamed, and none is written to this machine."""


def run() -> list[dict[str, object]]:
    """Writes the table; raises AssertionError where a version was not found to be whole."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        big = _apart(_version, place / "v")
        files = [str(path) for path in sorted((big / "raw").iterdir())]
        bare = _apart(_hash, files)
        there = _apart(_verify, _apart(_published, place / "local", big, str(place / "remotes")))
        rows = [_row("bare `md5sum`", bare, bare), _row("commons verify, a folder", there, bare)]
        if s3.program():
            with s3.serve("127.0.0.1", place / "s3") as server:
                os.environ |= server.variables("publish") | {"AWS_EC2_METADATA_DISABLED": "true"}
                known = _apart(_published, place / "bucket", big, f"s3://{s3.REMOTE}")
                rows.append(_row(ON_S3, _apart(_verify, known), bare))
    rows.append({"what": "bound", "MB/s a core": f"{BOUND:.0f}", "ratio": f"{_size() / 1e6 / BOUND / bare[1]:.2f}"})
    table.write(f"Verification of {FILES} files of {MEGABYTES} MB", rows, NOTE)
    return rows


def _apart(work: Callable[..., Result], *arguments: object) -> Result:
    """What `work` returns in a process of its own, whose memory is that of the work alone."""
    with ProcessPoolExecutor(1, get_context("spawn")) as other:
        return other.submit(work, *arguments).result()


def _version(folder: Path) -> Path:
    """A whole version, most of which is raw bytes."""
    version(folder, {"a": 1.0})
    sources = json.loads((folder / "raw/sources.json").read_text())
    for number in range(FILES):
        content = os.urandom(1 << 20) * MEGABYTES
        sha256 = hashlib.sha256(content).hexdigest()
        (folder / "raw" / sha256).write_bytes(content)
        sources.append(
            {"address": f"https://example.org/{number}", "name": "", "sha256": sha256, "bytes": len(content)}
        )
    (folder / "raw/sources.json").write_text(json.dumps(sources))
    return folder


def _published(place: Path, folder: Path, address: str) -> tuple[Entry, str]:
    """The version's pin, once it lies on the remotes at `address`."""
    target = git_target(str(house(place).origin), "main", "Data Commons", "commons@example.org")
    return publish(folder, SCHEMA, facts(1), target, lambda name: remote(name, None, address)).entry, address


def _hash(files: list[str]) -> Taken:
    return _timed(lambda: subprocess.run(["md5sum", *files], check=True, capture_output=True))


def _verify(known: tuple[Entry, str]) -> Taken:
    entry, address = known

    def verify() -> None:
        report = read(look([Pinned(entry)], Places({"public": remote("public", None, address)})))
        assert (report.problems, report.exit_code) == ([], 0)
        assert report.read >= _size()

    return _timed(verify)


def _size() -> int:
    return FILES * MEGABYTES << 20


def _timed(work: Callable[[], object]) -> Taken:
    """Wall seconds, CPU seconds, and peak of this process in MB; the best of three."""
    taken = []
    for _ in range(3):
        began, before = time.perf_counter(), _cpu()
        work()
        taken.append((time.perf_counter() - began, _cpu() - before))
    return *min(taken), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def _cpu() -> float:
    """Of this process and its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _row(what: str, taken: Taken, bare: Taken) -> dict[str, object]:
    wall, cpu, peak = taken
    rates = {"MB/s": f"{_size() / 1e6 / wall:.0f}", "MB/s a core": f"{_size() / 1e6 / cpu:.0f}"}
    return {"what": what, "s": f"{wall:.1f}", **rates, "ratio": f"{cpu / bare[1]:.2f}", "peak MB": f"{peak:.0f}"}


if __name__ == "__main__":
    run()
