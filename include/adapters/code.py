"""Code archives: the repository as it is, uncommitted changes included, under its Git tree hash in the store.

What data.dvc pins is no code: it is left out, so a commit that only publishes data has the tree of the one before it.
"""

import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from ..contracts import layout
from ..errors import DataCommonsError, EnvironmentFault
from .store import Store

PINS = "data.dvc"
# Debian 12's Python 3.11.2 has no filters; what is unpacked is the user's own repository, or was checked by its hash.
_SAFELY: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}


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
        return f"{commit or git.head(tree)}:{tree}"


def identity(repository: Path) -> str:
    """`COMMIT:TREE` of the repository's files as they are, as `push` gives it; nothing is stored."""
    with tempfile.TemporaryDirectory() as place:
        git = _Git(repository, Path(place))
        tree = git.tree()
        return f"{git.head(tree)}:{tree}"


def tree_at(repository: Path, revision: str) -> str:
    """The tree that a run of a commit's code names. Raises EnvironmentFault where there is no such commit."""
    with tempfile.TemporaryDirectory() as place:
        return _Git(repository, Path(place)).tree_of(revision)


def unpack(repository: Path, revision: str, into: Path) -> None:
    """The files of a commit in the folder `into`. Raises EnvironmentFault where there is no such commit."""
    _unpacked(_checked(["archive", "--format=tar", revision], repository), into)
    (into / PINS).unlink(missing_ok=True)


def unpack_archive(store: Store, tree: str, into: Path) -> bool:
    """The files of a code archive of the store in the folder `into`, its hash checked; False where it has none.

    Raises EnvironmentFault where somebody changed it.
    """
    archive = store.get(layout.code(tree))
    if archive is None:
        return False
    _unpacked(archive, into)
    if (found := identity(into).rpartition(":")[2]) != tree:
        raise EnvironmentFault(
            f"{store.url}/{layout.code(tree)}: its content is tree {found}: somebody changed it. Nothing ran."
        )
    return True


def _unpacked(archive: bytes, into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(into, **_SAFELY)  # noqa: S202


class _Git:
    """Git over the files of a folder, with an index and objects of its own in a temporary place."""

    def __init__(self, folder: Path, place: Path) -> None:
        self.folder, self.place = folder, place
        self.run("init", "-q", "--bare", str(place / "git"), bare=True)
        (place / "git/info").mkdir(exist_ok=True)
        (place / "git/info/exclude").write_text(f".git\n.venv\n.venv-task\n/{PINS}\n")

    def tree(self) -> str:
        """The tree of the files as they are."""
        self.run("add", "-A", ".")
        return self.run("write-tree").decode().strip()

    def tree_of(self, revision: str) -> str:
        """The same of a commit of the folder's repository."""
        listed = _checked(["ls-tree", "-z", revision], self.folder).split(b"\0")
        kept = b"\0".join(line for line in listed if line.rpartition(b"\t")[2] != PINS.encode())
        return self.run("mktree", "-z", "--missing", text=kept).decode().strip()

    def head(self, tree: str) -> str:
        """HEAD's commit, marked where the files are not its tree; `unversioned` outside Git."""
        if not (self.folder / ".git").exists():
            return "unversioned"
        commit = _checked(["rev-parse", "HEAD"], self.folder).decode().strip()
        return commit if self.tree_of("HEAD") == tree else f"{commit}+dirty"

    def run(self, *arguments: str, bare: bool = False, text: bytes = b"") -> bytes:
        plain = ["-c", "core.autocrlf=false", "-c", "core.excludesFile=", "-c", "core.attributesFile="]
        where = [] if bare else [f"--git-dir={self.place / 'git'}", f"--work-tree={self.folder}"]
        return _checked([*plain, *where, *arguments], self.folder, text)


def _checked(arguments: list[str], folder: Path, text: bytes = b"") -> bytes:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    done = subprocess.run(["git", *arguments], cwd=folder, env=clean, input=text, capture_output=True, check=False)
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
