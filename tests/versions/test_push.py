"""A second home: all versions copied and verified, resumable, and enough for a clone that has nothing else."""

import subprocess
from pathlib import Path

import pytest

from include.adapters.objects import QUARANTINE
from include.adapters.remote import listing_of
from include.versions import reading
from tests.versions.house import House, facts, git, house, version
from tests.versions.keeper import push, series
from tests.versions.test_dvc import dvc, files
from tests.versions.test_verify import TABLE, flip, objects


@pytest.fixture
def deployment(tmp_path: Path) -> House:
    return house(tmp_path / "house")


def moved(deployment: House, home: Path) -> Path:
    """A clone whose remotes are in the second home, after the first one went away."""
    (deployment.root / "remotes").rename(deployment.root / "gone")
    clone = deployment.clone("moved")
    sections = [f"['remote \"{name}\"']\n    url = {home}/{name}\n" for name in ("public", "restricted")]
    (clone / ".dvc/config.local").write_text("".join(sections))
    return clone


def test_a_clone_with_only_the_second_home_opens_everything(deployment: House, tmp_path: Path) -> None:
    done = series(deployment, tmp_path, [1.0, 2.0, 3.0])
    folder = version(tmp_path / "secret", {"s": 9.0})
    hidden = deployment.publish(folder, facts(1, name="secret", access="restricted"))
    report = push(deployment.clone(), tmp_path / "home")
    assert (report.versions, report.problems, report.exit_code) == (4, [], 0)
    assert report.read == report.bytes == listing_of(tmp_path / "home").size
    assert files(tmp_path / "home/public/files") == files(deployment.root / "remotes/public/files")

    clone = moved(deployment, tmp_path / "home")
    for number, published in enumerate(done):
        frame = reading.open_version("shares", str(published.commit), clone)
        assert frame.collect()["share"].to_list() == [float(number + 1)]
    assert reading.open_version("secret", str(hidden.commit), clone).collect()["share"].to_list() == [9.0]
    dvc("pull", "-q", "-r", "public", "data/shares", at=clone)
    assert files(clone / "data/shares") == files(tmp_path / "shares-2")
    assert not (clone / "data/secret").exists(), "what is restricted lies in a folder of its own"
    dvc("pull", "-q", at=clone)
    assert files(clone / "data/secret") == files(folder)
    git("checkout", "-q", str(done[0].commit), at=clone)
    dvc("pull", "-q", at=clone)
    assert files(clone / "data/shares") == files(tmp_path / "shares-0")


def test_it_goes_on_where_it_stopped_and_mends_what_was_damaged_there(deployment: House, tmp_path: Path) -> None:
    done = series(deployment, tmp_path, [1.0, 2.0])
    clone, home = deployment.clone(), tmp_path / "home"
    push(clone, home)
    kept = {path: path.stat().st_ino for path in (home / "public/files").rglob("*") if path.is_file()}
    table = home / objects(deployment, done[0], tmp_path / "shares-0")[TABLE].relative_to(deployment.root / "remotes")
    listing = home / objects(deployment, done[1], tmp_path / "shares-1")[""].relative_to(deployment.root / "remotes")
    flip(table)
    listing.unlink()
    assert push(clone, home).problems == []
    again = {path: path.stat().st_ino for path in (home / "public/files").rglob("*") if path.is_file()}
    assert again.keys() == kept.keys()
    assert {path for path in again if again[path] != kept[path]} == {table, listing}
    assert len([path for path in (home / "public" / QUARANTINE).rglob("*") if path.is_file()]) == 1
    assert files(home / "public/files") == files(deployment.root / "remotes/public/files")


def test_a_version_that_is_not_whole_has_no_listing_there(deployment: House, tmp_path: Path) -> None:
    """DVC takes a listing for proof that all its files are there."""
    first, second = series(deployment, tmp_path, [1.0, 2.0])
    clone, home = deployment.clone(), tmp_path / "home"
    flip(objects(deployment, first, tmp_path / "shares-0")[TABLE])
    report = push(clone, home)
    (problem,) = report.problems
    assert "is whole nowhere, so it was not copied" in str(problem)
    assert problem.files == (f"data/shares/{TABLE}",)
    assert report.exit_code == 1
    there = {path.parent.name + path.name for path in (home / "public/files/md5").glob("*/*")}
    assert second.entry.md5 in there
    assert first.entry.md5 not in there


def test_a_listing_that_is_nowhere_is_one_problem(deployment: House, tmp_path: Path) -> None:
    first, second = series(deployment, tmp_path, [1.0, 2.0])
    clone, home = deployment.clone(), tmp_path / "home"
    Path(deployment.remote("public").path(first.entry.md5)).unlink()
    (problem,) = push(clone, home).problems
    assert first.entry.md5 in str(problem)
    there = {path.parent.name + path.name for path in (home / "public/files/md5").glob("*/*")}
    assert second.entry.md5 in there


def test_an_ordinary_dvc_remote_can_be_the_second_home(deployment: House, tmp_path: Path) -> None:
    """As `--to NAME` does: everything in one remote of .dvc/config."""
    from include.adapters.remote import remotes
    from include.versions import census, copying
    from include.versions.contents import contents
    from tests.versions.keeper import places

    done = series(deployment, tmp_path, [1.0])
    clone = deployment.clone()
    (clone / ".dvc/config.local").write_text(f"['remote \"backup\"']\n    url = {tmp_path}/backup\n")
    versions, there = census.chosen(clone, (), every=True), places(clone)
    known = contents(versions, there)
    copying.copy(versions, known, there, dict.fromkeys(known.uses, remotes(clone)["backup"]))
    assert files(tmp_path / "backup/files") == files(deployment.root / "remotes/public/files")
    (deployment.root / "remotes").rename(deployment.root / "gone")
    (clone / ".dvc/config.local").write_text(f"['remote \"public\"']\n    url = {tmp_path}/backup\n")
    dvc("pull", "-q", "-r", "public", at=clone)
    assert listing_of(clone / "data/shares").md5 == done[0].entry.md5
    assert subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, check=True).stdout == b""
