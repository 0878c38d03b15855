"""Verbs as local processes, in the environment that a pod has: the quick way to run a dataset."""

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from ..contracts import layout
from ..contracts.model import Contract
from ..errors import DataCommonsError, DataError, EnvironmentFault
from ..settings import REPOSITORY, settings


def verbs(contract: Contract) -> list[str]:
    """What a run takes here, in this order: heads are made to agree without sync, and match compares by itself."""
    return [verb for verb in layout.verbs(contract) if verb not in ("sync", "compare")]


def new_run() -> str:
    """A run id as Airflow gives one to a run by hand."""
    return f"manual__{dt.datetime.now(dt.UTC).isoformat()}"


def python() -> str:
    """The interpreter of the task environment; this one where there is none (an installed wheel)."""
    task = REPOSITORY / ".venv-task" / "bin" / "python"
    return str(task) if task.exists() else sys.executable


def run_verbs(name: str, run: str, verbs: Iterable[str], overrides: dict[str, str] | None = None) -> None:
    """Runs `verbs` of dataset `name` one after the other, their output on this terminal.

    Raises DataError or EnvironmentFault where one fails; it has said why.
    """
    now = dt.datetime.now(dt.UTC).isoformat()
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), **(overrides or {})}
    for verb in verbs:
        command = [python(), "-m", "include.tasks", verb, name, "--run", run, "--start", now, "--end", now]
        try:
            code = subprocess.run(command, env=environment, cwd=REPOSITORY, check=False).returncode
        except KeyboardInterrupt as error:
            raise EnvironmentFault(
                f"{name}: stopped by you during {verb}. Nothing was published; run it again."
            ) from error
        if code:
            raise _fault(verb, name, code)


def _fault(verb: str, name: str, code: int) -> DataCommonsError:
    if code < 0:
        return EnvironmentFault(f"{name}: {verb} was killed by signal {-code}. Run it again; nothing was published.")
    kind = DataError if code == 1 else EnvironmentFault
    return kind(f"{name}: {verb} stopped (exit {code}); what is wrong stands above. Nothing was published.")


def dataset_folder(name: str) -> Path:
    """The dataset's folder; EnvironmentFault with the nearest names where there is none."""
    from difflib import get_close_matches

    from ..contracts import loader
    from ..contracts.names import is_snake

    folder = Path(settings().datasets) / name
    if not is_snake(name) or not folder.is_dir():
        near = get_close_matches(Path(name).name, loader.names(Path(settings().datasets)), 1)
        hint = f" Did you mean {near[0]!r}?" if near else " `commons list` names all; `commons new` makes one."
        raise EnvironmentFault(f"{name}: no such dataset in {settings().datasets}.{hint}")
    return folder
