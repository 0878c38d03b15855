"""The code that made a version is had again: from its commit, or from the archive of what nobody had committed."""

import subprocess
from pathlib import Path

import pytest

from include.adapters import code
from include.adapters.store import Store
from include.contracts import layout
from include.errors import EnvironmentFault


def git(repository: Path, *arguments: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    done = subprocess.run(["git", *who, *arguments], cwd=repository, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    place = tmp_path / "repository"
    (place / "include").mkdir(parents=True)
    (place / "include/run.sh").write_text("#!/bin/sh\n")
    (place / "include/run.sh").chmod(0o755)
    (place / "link").symlink_to("include/run.sh")
    git(place, "init", "-q")
    git(place, "add", "-A")
    git(place, "commit", "-qm", "first")
    return place


def test_pins_are_no_code(repository: Path, tmp_path: Path) -> None:
    """A publication changes data.dvc only: the run after it has the same clean code, and no new archive."""
    store = f"file://{tmp_path}/store"
    before = code.push(store, repository)
    (repository / "data.dvc").write_text("outs: []\n")
    assert code.identity(repository) == before
    git(repository, "add", "data.dvc")
    git(repository, "commit", "-qm", "Publish")
    commit, tree = code.push(store, repository).split(":")
    assert (commit, tree) == (git(repository, "rev-parse", "HEAD"), before.rpartition(":")[2])
    assert len(Store(store).list("code")) == 1
    assert code.tree_at(repository, "HEAD") == code.tree_at(repository, "HEAD^") == tree


def test_changes_that_an_author_commits_together_with_their_data_are_known_by_their_tree(repository: Path) -> None:
    (repository / "include/extract.py").write_text("new")
    commit, tree = code.identity(repository).split(":")
    assert commit.endswith("+dirty")
    (repository / "data.dvc").write_text("outs: []\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "A dataset and its data")
    assert code.tree_at(repository, "HEAD") == tree


def test_the_files_of_a_commit_are_unpacked_without_its_pins(repository: Path, tmp_path: Path) -> None:
    (repository / "data.dvc").write_text("outs: []\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "Publish")
    (repository / "include/run.sh").unlink()
    into = tmp_path / "code"
    code.unpack(repository, "HEAD", into)
    assert sorted(path.name for path in into.rglob("*")) == ["include", "link", "run.sh"]
    assert code.identity(into).rpartition(":")[2] == code.tree_at(repository, "HEAD")
    with pytest.raises(EnvironmentFault):
        code.unpack(repository, "0" * 40, tmp_path / "other")


def test_an_archive_of_the_store_is_unpacked_only_if_it_is_what_its_name_says(repository: Path, tmp_path: Path) -> None:
    store = Store(f"file://{tmp_path}/store")
    (repository / "new").write_text("uncommitted")
    tree = code.push(store.url, repository).rpartition(":")[2]
    assert code.unpack_archive(store, tree, tmp_path / "code")
    assert (tmp_path / "code/new").read_text() == "uncommitted"
    assert not code.unpack_archive(store, "0" * 40, tmp_path / "nothing")
    (repository / "new").write_text("somebody else's")
    other = code.push(store.url, repository).rpartition(":")[2]
    store.put(layout.code(tree), store.get(layout.code(other)) or b"")
    with pytest.raises(EnvironmentFault, match="somebody changed it"):
        code.unpack_archive(store, tree, tmp_path / "changed")
