"""The demo: real datasets from source to pinned version, then back from nothing but Git, in clones of its own."""

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
from ..versions import worktree
from ..versions.pins import FILE
from .console import out

NAMES = ("elf_codes", "lei_entities", "sec_filers", "pudl_utilities")
PLACE = REPOSITORY / ".commons" / "demo"


def show(names: list[str]) -> None:
    """Publishes `names` by their DAGs from a fresh clone, makes what this repository pins of them again in another,
    then says what there is to look at.

    Raises EnvironmentFault where Git, a run or a rebuild fails; the clones stay to be looked at.
    """
    began = time.monotonic()
    clone = _clone()
    code = _commons(clone, "run", *names, "--airflow")
    _commons(clone, "down")
    _git(clone, "pull", "--quiet")
    _stop_at(code, clone)
    _commons(clone, "list")
    _bring_back(names, clone)
    _tell(clone, names[0], time.monotonic() - began)


def _stop_at(code: int, clone: Path) -> None:
    if code:
        raise EnvironmentFault(f"The demo stopped (exit {code}); what is wrong stands above. Its clone is {clone}.")


def _bring_back(names: list[str], clone: Path) -> None:
    """The versions that this repository pins, on a machine that has nothing but Git, its bytes from their sources."""
    machine = PLACE / "machine"
    _git(PLACE, "clone", "--quiet", str(REPOSITORY), str(machine))
    _link_environments(machine)
    pinned, published = worktree.pins(machine).entries, worktree.pins(clone).entries
    if not (shipped := [name for name in names if name in pinned]):
        return
    out.print(
        f"\nAnother machine, with nothing but Git ({machine}): data.dvc pins versions whose bytes it lacks. Each is "
        "made again from its source, with the code and environment of its time:",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    _stop_at(_commons(machine, "rebuild", "--from-source", "--restore", *shipped, **_own(machine)), machine)
    same = sum(pinned[name].md5 == published[name].md5 for name in shipped)
    if same:  # else the code has changed since they were pinned
        out.print(f"{same} of {len(shipped)} have the very bytes that the DAGs made above.", highlight=False)
    _commons(machine, "open", shipped[0], "--rows", "3", **_own(machine))


def _own(machine: Path) -> dict[str, str]:
    """The settings of a machine that publishes nowhere."""
    return {"COMMONS_STORE": "", "COMMONS_PUBLISH": "", "COMMONS_REMOTE": f"file://{machine}/.commons/remote"}


def _clone() -> Path:
    """A clone of this repository's last commit whose origin, store and remotes lie beside it, nothing else touched."""
    clone, origin = PLACE / "clone", PLACE / "origin.git"
    laptop.down(clone / ".commons" / "airflow")
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    _git(PLACE, "init", "--quiet", "--bare", "--initial-branch", "main", str(origin))
    _git(REPOSITORY, "push", "--quiet", str(origin), "HEAD:refs/heads/main")
    _git(PLACE, "clone", "--quiet", str(origin), str(clone))
    _link_environments(clone)
    point_remotes(clone, PLACE / "remote")
    _git(clone, "rm", "--quiet", "--ignore-unmatch", FILE)
    who = ("-c", "user.name=Data Commons demo", "-c", "user.email=demo@example.org")
    said = "Begin without versions; point the DVC remotes to this demo's folder"
    _git(clone, *who, "commit", "--quiet", "--all", "--message", said)
    _git(clone, "push", "--quiet")
    return clone


def _link_environments(clone: Path) -> None:
    for environment in (".venv", ".venv-task"):
        (clone / environment).symlink_to(REPOSITORY / environment)


def _commons(clone: Path, *arguments: str, **settings: str) -> int:
    """The clone's own `commons`, told to push versions to the bare repository, or with other `settings`."""
    known = {
        "PYTHONPATH": str(clone),
        "COMMONS_STORE": f"file://{PLACE}/store",
        "COMMONS_PUBLISH": f"file://{PLACE}/origin.git",
        "COMMONS_REF": "main",
        "COMMONS_REMOTE": f"file://{PLACE}/remote",
    }
    command = [sys.executable, "-P", "-m", "include.cli", *arguments]
    return subprocess.run(command, env=os.environ | known | settings, cwd=clone, check=False).returncode


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
