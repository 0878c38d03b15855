"""Which code a pod runs: that of the DAG run's commit, as `COMMIT:TREE`, found when the task runs, never at parsing."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from ..errors import EnvironmentFault
from ..settings import REPOSITORY, settings
from .space import store


def code(ti: Any) -> str:
    """`COMMIT:TREE` of the code for this task, its archive put into the store where it lacks it.

    A versioned bundle (Git) decides; else COMMONS_CODE; else the repository with its uncommitted changes.
    Raises EnvironmentFault where neither tells.
    """
    bundle = getattr(ti, "bundle_instance", None)
    version = getattr(bundle, "version", None)
    if bundle is not None and version:
        return _push(Path(bundle.path), version)
    return settings().code or _push(REPOSITORY)


def _push(repository: Path, commit: str = "") -> str:
    """Asks the adapter by its command line: this room and that one do not import each other."""
    command = [sys.executable, "-m", "include.adapters.code", store(), str(repository), commit]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EnvironmentFault(done.stderr.strip() or f"{repository}: no code archive could be made. Is Git installed?")
    return done.stdout.strip()
