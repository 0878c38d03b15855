"""The demo: real datasets from source to pinned version, in a clone of its own with a bare repository as origin."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from .. import laptop
from ..adapters.remote import point_remotes
from ..errors import EnvironmentFault
from ..settings import REPOSITORY
from .console import out

NAMES = ("elf_codes", "lei_entities", "sec_filers", "pudl_utilities")
PLACE = REPOSITORY / ".commons" / "demo"


def show(names: list[str]) -> None:
    """Publishes `names` by their DAGs from a fresh clone, then says what there is to look at.

    Raises EnvironmentFault where Git or a run fails; the clone stays to be looked at.
    """
    began = time.monotonic()
    clone = _clone()
    code = _commons(clone, "run", *names, "--airflow")
    _commons(clone, "down")
    _git(clone, "pull", "--quiet")
    if code:
        raise EnvironmentFault(f"The demo stopped (exit {code}); what is wrong stands above. Its clone is {clone}.")
    _commons(clone, "list")
    _tell(clone, names[0], time.monotonic() - began)


def _clone() -> Path:
    """A clone of this repository's last commit whose origin, store and remotes lie beside it, nothing else touched."""
    clone, origin = PLACE / "clone", PLACE / "origin.git"
    laptop.down(clone / ".commons" / "airflow")
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    _git(PLACE, "init", "--quiet", "--bare", "--initial-branch", "main", str(origin))
    _git(REPOSITORY, "push", "--quiet", str(origin), "HEAD:refs/heads/main")
    _git(PLACE, "clone", "--quiet", str(origin), str(clone))
    for environment in (".venv", ".venv-task"):
        (clone / environment).symlink_to(REPOSITORY / environment)
    point_remotes(clone, PLACE / "remote")
    who = ("-c", "user.name=Data Commons demo", "-c", "user.email=demo@example.org")
    _git(clone, *who, "commit", "--quiet", "--all", "--message", "Point the DVC remotes to this demo's folder")
    _git(clone, "push", "--quiet")
    return clone


def _commons(clone: Path, *arguments: str) -> int:
    """The clone's own `commons`, told to push versions to the bare repository."""
    known = {
        "PYTHONPATH": str(clone),
        "COMMONS_STORE": f"file://{PLACE}/store",
        "COMMONS_PUBLISH": f"file://{PLACE}/origin.git",
        "COMMONS_REF": "main",
        "COMMONS_REMOTE": f"file://{PLACE}/remote",
    }
    command = [sys.executable, "-P", "-m", "include.cli", *arguments]
    return subprocess.run(command, env=os.environ | known, cwd=clone, check=False).returncode


def _git(where: Path, *arguments: str) -> None:
    done = subprocess.run(["git", *arguments], cwd=where, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EnvironmentFault(
            f"{where}: git {arguments[0]} failed: {done.stderr.strip()}. Mend it, then run the demo again."
        )


def _tell(clone: Path, name: str, seconds: float) -> None:
    out.print(f"\n{seconds:.0f} seconds. The versions are commits of {clone}:", highlight=False, soft_wrap=True)
    subprocess.run(["git", "--no-pager", "log", "--format=  %h %s", "-8"], cwd=clone, check=False)
    steps = (
        f"cd {clone}",
        "git show                                # a version: one entry of data.dvc",
        f".venv/bin/commons open {name}",
        f".venv/bin/dvc pull data/{name}           # plain DVC has it too",
        ".venv/bin/commons up                     # Airflow's pages",
    )
    out.print("\nLook next:\n" + "\n".join(f"  {step}" for step in steps), highlight=False, soft_wrap=True)
