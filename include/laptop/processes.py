"""Background processes that are found again by a later command, and ended with all their children."""

import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from ..errors import EnvironmentFault


def start(home: Path, name: str, command: Sequence[str], environment: Mapping[str, str], cwd: Path) -> None:
    """Starts `command` as `name`, its output in `home`/NAME.log; notes who it is in `home`/NAME.pid."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=cwd, env=dict(environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    born = psutil.Process(process.pid).create_time()
    (home / f"{name}.pid").write_text(json.dumps({"pid": process.pid, "born": born}))


def running(home: Path, name: str) -> psutil.Process | None:
    """The process that was started as `name`, if it is still that process and alive."""
    with suppress(FileNotFoundError, ValueError, psutil.Error):
        noted = json.loads((home / f"{name}.pid").read_text())
        process = psutil.Process(noted["pid"])
        if abs(process.create_time() - noted["born"]) < 1 and process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None


def need(home: Path, names: Sequence[str]) -> None:
    """Raises EnvironmentFault, with the end of its log, where one of `names` has ended."""
    ended = [name for name in names if running(home, name) is None]
    if ended:
        raise EnvironmentFault(*(f"{home / name}.log: {name} ended: {tail(home, name)}" for name in ended))


def tail(home: Path, name: str, lines: int = 15) -> str:
    """The last lines of what the process said."""
    with suppress(FileNotFoundError):
        return "\n".join((home / f"{name}.log").read_text(errors="replace").splitlines()[-lines:])
    return ""


def stop(home: Path, names: Sequence[str], seconds: float = 10) -> None:
    """Asks the processes and all their children to end, kills those that have not after `seconds`."""
    family: list[psutil.Process] = []
    for name in names:
        if process := running(home, name):
            with suppress(psutil.Error):
                family += [process, *process.children(recursive=True)]
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
    _, left = psutil.wait_procs(family, timeout=seconds)
    for process in left:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(left, timeout=seconds)
    for name in names:
        (home / f"{name}.pid").unlink(missing_ok=True)
