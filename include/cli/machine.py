"""What a machine needs for `commons`: programs, environments, room, ports."""

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..settings import REPOSITORY, settings
from .environments import differences
from .findings import Finding, existing, said

PORT = 8080
_GIT = (2, 30)
_DISK_GB, _MEMORY_GB = 3, 2


def _python() -> Iterator[Finding]:
    found = ".".join(map(str, sys.version_info[:3]))
    yield Finding(
        "Python",
        sys.version_info[:2] == (3, 11),
        found,
        "Install Python 3.11 (Debian 12: apt install python3 python3-venv).",
    )


def _git() -> Iterator[Finding]:
    answer = said("git", "--version")
    version = tuple(int(part) for part in (answer or "0").split()[-1].split(".")[:2] if part.isdigit())
    wanted = ".".join(map(str, _GIT))
    yield Finding(
        "Git", version >= _GIT, answer or "not found", f"Install Git {wanted} or newer (Debian: apt install git)."
    )


def _identity() -> Iterator[Finding]:
    for key, example in (("user.name", "Your Name"), ("user.email", "you@example.org")):
        value = said("git", "config", key)
        yield Finding(f"Git {key}", bool(value), value or "not set", f'Run: git config --global {key} "{example}"')


def _environments() -> Iterator[Finding]:
    for name, lists in (
        (".venv", ("requirements.txt", "requirements-dev.txt")),
        (".venv-task", ("include/images/requirements.txt",)),
    ):
        wrong = differences(REPOSITORY / name, [REPOSITORY / each for each in lists])
        found = f"complete ({', '.join(lists)})" if not wrong else _some(wrong)
        yield Finding(name, not wrong, found, "Run: make install")


def _airflow() -> Iterator[Finding]:
    python = REPOSITORY / ".venv/bin/python"
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "AIRFLOW_HOME": home}
        version = said(str(python), "-c", "import airflow; print(airflow.__version__)", environment=environment)
    yield Finding("Airflow", bool(version), version or "can't be imported by .venv/bin/python", "Run: make install")


def _room() -> Iterator[Finding]:
    for what, folder in (
        ("room for data", REPOSITORY),
        ("room for scratch files", Path(settings().work or tempfile.gettempdir())),
    ):
        free = shutil.disk_usage(existing(folder)).free / 1e9
        remedy = f"Free {_DISK_GB} GB there" + (
            ", or set COMMONS_WORK to a larger volume." if folder != REPOSITORY else "."
        )
        yield Finding(what, free >= _DISK_GB, f"{free:.1f} GB free at {folder}", remedy)


def _memory() -> Iterator[Finding]:
    import psutil

    free = float(psutil.virtual_memory().available)
    limit, used = (_number(Path("/sys/fs/cgroup") / name) for name in ("memory.max", "memory.current"))
    if limit is not None and used is not None:
        free = min(free, limit - used)
    remedy = f"Close programs until {_MEMORY_GB} GB are free; Airflow alone takes about one."
    yield Finding("memory", free / 1e9 >= _MEMORY_GB, f"{free / 1e9:.1f} GB free", remedy)


def _ports() -> Iterator[Finding]:
    for what, port in ((f"port {PORT} for Airflow's pages", PORT), ("a port for the pod runner", 0)):
        try:
            with socket.create_server(("127.0.0.1", port)):
                yield Finding(what, True, "free", "")
        except OSError as error:
            remedy = f"Run `commons down`, or end the program that holds it (ss -ltnp 'sport = :{port}')."
            yield Finding(what, False, os.strerror(error.errno or 0), remedy)


def _number(file: Path) -> float | None:
    try:
        return float(file.read_text())
    except (OSError, ValueError):
        return None


def _some(wrong: list[str]) -> str:
    return ", ".join(wrong[:3]) + (f" and {len(wrong) - 3} more" if len(wrong) > 3 else "")


LOOKS = (_python, _git, _identity, _environments, _airflow, _room, _memory, _ports)
