"""A repository with many data commits of many datasets, as years of publishing leave it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from include.versions.facts import message
from include.versions.pins import Entry, Pins, render

DATASETS, COMMITS = 1_000, 5_000
FIRST, HOUR = 1_577_836_800, 3_600  # the first commit, in seconds since 1970: the first of January 2020
BUSY, EVERY = "d0007", 5
"""The dataset that every fifth commit is of; the others take turns."""


def name(number: int) -> str:
    """What dataset `number` is called."""
    return f"d{number:04d}"


def extend(clone: Path, like: Entry) -> None:
    """Put the commits on top of the branch `main` of a clone; each version is one like the other, by another name."""
    stream = subprocess.Popen(
        ["git", "fast-import", "--quiet", "--force", "--depth=50"], cwd=clone, stdin=subprocess.PIPE
    )
    assert stream.stdin
    for piece in _commits(like, _head(clone)):
        stream.stdin.write(piece)
    stream.stdin.close()
    assert stream.wait() == 0
    subprocess.run(["git", "reset", "-q", "--hard", "main"], cwd=clone, check=True)


def _head(clone: Path) -> str:
    command = ["git", "rev-parse", "main"]
    return subprocess.run(command, cwd=clone, check=True, capture_output=True, text=True).stdout.strip()


def _commits(like: Entry, head: str) -> Iterator[bytes]:
    outs = {number: _out(_version(like, number, 0)) for number in range(DATASETS)}
    yield from _commit(0, "Begin\n", outs, f"from {head}\n".encode())
    for commit in range(1, COMMITS + 1):
        number = int(BUSY[1:]) if commit % EVERY == 0 else commit % DATASETS
        entry = _version(like, number, commit)
        outs[number] = _out(entry)
        yield from _commit(commit, message(entry), outs)


def _version(like: Entry, number: int, commit: int) -> Entry:
    told = {"run": f"scheduled__{commit}", "rows": like.meta.rows + commit, "content": f"{number:032d}{commit:032d}"}
    return like.model_copy(update={"path": f"data/{name(number)}", "meta": like.meta.model_copy(update=told)})


def _out(entry: Entry) -> bytes:
    return render(Pins().having(entry)).partition("outs:\n")[2].encode()


def _commit(number: int, text: str, outs: dict[int, bytes], parent: bytes = b"") -> Iterator[bytes]:
    yield f"commit refs/heads/main\ncommitter A <a@example.org> {FIRST + number * HOUR} +0000\n".encode()
    yield f"data {len(text.encode())}\n{text}\n".encode() + parent
    top = b"meta:\n  format: 1\nouts:\n"
    yield f"M 100644 inline data.dvc\ndata {len(top) + sum(map(len, outs.values()))}\n".encode()
    yield top
    yield from outs.values()
    yield b"\n"
