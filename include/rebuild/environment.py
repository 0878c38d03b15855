"""The environment that made a version: the present one where its lock file is the same, else one made of that."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from ..errors import EnvironmentFault
from .outside import variables

IMAGES = "include/images"
_MADE = "made"


def lock_of(folder: Path) -> str | None:
    """The SHA-256 of the task image's lock file in a folder with code; None where it has none."""
    lock = folder / IMAGES / "requirements.txt"
    return hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else None


def python_of(
    wanted: str, code: Path, repository: Path, tell: Callable[[str], None] = lambda _: None
) -> tuple[Path, str | None]:
    """The interpreter of the environment `wanted` (a lock's SHA-256), and what to say where it is another one.

    `code` holds the lock file and setup.sh of that time; an environment is made once, below `.commons/environments/`.
    Raises EnvironmentFault where it can't be made.
    """
    here = repository / ".venv-task" / "bin" / "python"
    if lock_of(repository) == wanted and here.exists():
        return here, None
    if (lock := lock_of(code)) is None:
        return Path(
            sys.executable
        ), f"its code has no {IMAGES}/requirements.txt, so this command's environment was used"
    said = None if lock == wanted else f"environment {wanted[:12]} has no lock file here, that of its code was used"
    if lock_of(repository) == lock and here.exists():
        return here, said
    return _made(lock, code, repository, tell), said


def _made(lock: str, code: Path, repository: Path, tell: Callable[[str], None]) -> Path:
    target = repository / ".commons" / "environments" / lock[:16]
    python = target / "bin" / "python"
    if (target / _MADE).exists():
        return python
    tell(f"making environment {lock[:12]} of its lock file (minutes, once)")
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv") or "uv"
    known = variables(network=True) | {"UV": uv, "PYTHON": os.environ.get("PYTHON") or "python3.11"}
    command = ["bash", str(code / IMAGES / "setup.sh"), str(target)]
    done = subprocess.run(command, env=known, capture_output=True, text=True, check=False)
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-5:])
        raise EnvironmentFault(
            f"{target}: environment {lock[:12]} can't be made: {last}. It needs Python 3.11 (PYTHON names another), uv "
            "and the package registry; then run it again."
        )
    (target / _MADE).touch()
    return python
