"""A clone of the repository as it is being worked on, with the environments of this one: a reader's own."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from include.settings import REPOSITORY


def make_clone(place: Path, *, pins: bool = True) -> Path:
    """A clone below `place` whose files are those of the working tree, uncommitted changes included, and committed.

    Without `pins` it has no data.dvc: what the repository ships is pinned without its bytes.
    """
    root = place / "data-commons"
    subprocess.run(["git", "clone", "-q", str(REPOSITORY), str(root)], check=True)
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout.splitlines():
        if (REPOSITORY / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, root / name)
    if not pins:
        (root / "data.dvc").unlink(missing_ok=True)
    for name in (".venv", ".venv-task"):
        (root / name).symlink_to(REPOSITORY / name)
    for command in ("git add --all", "git commit --quiet --allow-empty --message work"):
        run(command, root).check_returncode()
    return root


def environment() -> dict[str, str]:
    """A reader's: none of this project's or Airflow's settings, a Git identity."""
    ours = ("COMMONS_", "AIRFLOW", "PYTHONPATH", "KUBECONFIG")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    return kept | {
        f"GIT_{who}_{what}": "reader@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }


def run(command: str, root: Path) -> subprocess.CompletedProcess[str]:
    """What `command` does, typed in the folder `root`."""
    words = shlex.split(command)
    return subprocess.run(words, cwd=root, env=environment(), capture_output=True, text=True, check=False)
