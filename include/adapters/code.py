"""Code archives: the repository as it is, uncommitted changes included, under its Git tree hash in the store."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ..contracts import layout
from ..errors import DataCommonsError, EnvironmentFault
from .store import Store


def push(store_url: str, repository: Path, commit: str = "") -> str:
    """Puts the archive of `repository`'s files into the store unless it is there; returns `COMMIT:TREE`.

    COMMIT is `commit` where the caller knows it, else HEAD, with `+dirty` where files differ from it. Nothing is
    written to the repository. Raises EnvironmentFault where Git is missing or fails, or the store can't be written.
    """
    if shutil.which("git") is None:
        raise EnvironmentFault("git: not found on PATH. Install Git.")
    with tempfile.TemporaryDirectory() as place:
        git = _Git(repository, Path(place))
        tree = git.tree()
        store, path = Store(store_url), layout.code(tree)
        if not store.list(path):
            store.put_if_absent(path, git.run("archive", "--format=tar", tree))
    return f"{commit or _head(repository, tree)}:{tree}"


def identity(repository: Path) -> str:
    """`COMMIT:TREE` of the repository's files as they are, as `push` gives it; nothing is stored."""
    with tempfile.TemporaryDirectory() as place:
        tree = _Git(repository, Path(place)).tree()
    return f"{_head(repository, tree)}:{tree}"


class _Git:
    """Git over the files of a folder, with an index and objects of its own in a temporary place."""

    def __init__(self, folder: Path, place: Path) -> None:
        self.folder, self.place = folder, place
        self.run("init", "-q", "--bare", str(place / "git"), bare=True)
        (place / "git/info").mkdir(exist_ok=True)
        (place / "git/info/exclude").write_text(".git\n.venv\n.venv-task\n")

    def tree(self) -> str:
        self.run("add", "-A", ".")
        return self.run("write-tree").decode().strip()

    def run(self, *arguments: str, bare: bool = False) -> bytes:
        plain = ["-c", "core.autocrlf=false", "-c", "core.excludesFile=", "-c", "core.attributesFile="]
        where = [] if bare else [f"--git-dir={self.place / 'git'}", f"--work-tree={self.folder}"]
        return _checked([*plain, *where, *arguments], self.folder)


def _head(repository: Path, tree: str) -> str:
    """HEAD's commit, marked where the files are not its tree; `unversioned` outside Git."""
    if not (repository / ".git").exists():
        return "unversioned"
    commit, same = _checked(["rev-parse", "HEAD", "HEAD^{tree}"], repository).decode().split()
    return commit if same == tree else f"{commit}+dirty"


def _checked(arguments: list[str], folder: Path) -> bytes:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    done = subprocess.run(["git", *arguments], cwd=folder, env=clean, capture_output=True, check=False)
    if done.returncode:
        raise EnvironmentFault(f"{folder}: git {arguments[-1]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def main() -> int:
    """`python -m include.adapters.code STORE REPOSITORY [COMMIT]` prints `COMMIT:TREE`."""
    try:
        print(push(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:4]))
    except DataCommonsError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
