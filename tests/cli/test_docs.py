"""`commons docs`: the folder is the whole site or what it was before, and nothing else is overwritten."""

import contextlib
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from include.cli.docs import MARK, in_place_of
from include.errors import EnvironmentFault
from include.settings import REPOSITORY
from tests.clone import environment
from tests.versions.house import House, facts, house, version

CONTRACT = """\
title: Shares
description: Who owns what.
owner: owner@example.org
licence: CC0-1.0
source: {url: "https://example.org/rows.json"}
access: public
"""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reader's clone with this code, two versions of `shares` and a broken contract."""
    place = tmp_path_factory.mktemp("docs")
    deployment: House = house(place / "house")
    first = deployment.publish(version(place / "1", {"a": 1.0, "b": 2.0}), facts(2))
    told = facts(3, run="manual__2", base=first.entry.md5)
    deployment.publish(version(place / "2", {"a": 1.0, "b": 4.0, "c": 3.0}), told)
    root = deployment.clone("reader")
    ignored = shutil.ignore_patterns("__pycache__", "datasets")
    shutil.copytree(REPOSITORY / "include", root / "include", ignore=ignored)
    for name, text in (("shares", CONTRACT), ("broken", CONTRACT.replace("title", "titel"))):
        (root / "include/datasets" / name).mkdir(parents=True)
        (root / "include/datasets" / name / "contract.yaml").write_text(text)
    return root


def docs(clone: Path, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "include.cli", "docs", *words]
    done = subprocess.run(command, cwd=clone, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_the_site_tells_of_the_versions_of_a_repository(clone: Path, tmp_path: Path) -> None:
    said = json.loads(docs(clone, "--to", str(tmp_path / "site"), "--differences", "--json").stdout)
    assert (said["datasets"], said["left_out"]) == (1, ["broken"])
    assert (said["files"], said["folder"]) == (len(content(tmp_path / "site")), str(tmp_path / "site"))
    page = (tmp_path / "site/datasets/shares.html").read_text()
    assert "+1 rows" in page
    assert "percent" in page
    assert 'href="../differences/shares.html"' in page
    difference = (tmp_path / "site/differences/shares.html").read_text()
    assert "2 rows before, 3 after: 1 added, 1 changed." in difference
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_two_builds_of_a_commit_give_the_same_bytes_and_the_second_takes_the_place_of_the_first(
    clone: Path, tmp_path: Path
) -> None:
    docs(clone, "--to", str(tmp_path / "site"))
    first = content(tmp_path / "site")
    assert len(first) > 20
    (tmp_path / "site/datasets/gone.html").write_text("of a dataset that is no more")
    said = docs(clone, "--to", str(tmp_path / "site"))
    assert content(tmp_path / "site") == first
    assert (tmp_path / "site/index.html").as_uri() in said.stdout
    assert "broken: left out, its contract is broken." in said.stderr


def test_a_folder_that_holds_something_else_is_left_as_it_is(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    said = docs(clone, "--to", str(tmp_path), code=2)
    assert "holds something else" in said.stderr
    assert content(tmp_path) == {"thesis.txt": b"years of work"}
    said = docs(clone, "--to", str(tmp_path / "thesis.txt"), code=2)
    assert "holds something else" in said.stderr


def test_a_build_that_fails_leaves_the_old_site(tmp_path: Path) -> None:
    site = old_site(tmp_path)
    with contextlib.suppress(RuntimeError), in_place_of(site) as (new, _):
        (new / "index.html").write_text("half a page")
        raise RuntimeError
    assert content(site) == {MARK: b"{}", "index.html": b"old"}
    assert list(tmp_path.iterdir()) == [site]


def test_a_build_that_was_killed_leaves_the_old_site_and_the_next_one_clears_up(clone: Path, tmp_path: Path) -> None:
    site = old_site(tmp_path)
    program = f"from pathlib import Path; from include.cli.docs import in_place_of as i; c = i(Path({str(site)!r}))"
    program += "; new, _ = c.__enter__(); (new / 'half').touch(); print('begun', flush=True); input()"
    child = subprocess.Popen(
        [sys.executable, "-c", program], cwd=clone, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout
    assert child.stdout.readline() == b"begun\n"
    with pytest.raises(EnvironmentFault, match="another build is at work"), in_place_of(site):
        pass
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert content(site) == {MARK: b"{}", "index.html": b"old"}
    with in_place_of(site) as (new, _):
        assert list(new.iterdir()) == []
        (new / "index.html").write_text("new")
    assert content(site) == {"index.html": b"new"}
    assert list(tmp_path.iterdir()) == [site]


def test_a_site_that_a_killed_build_had_set_aside_comes_back(tmp_path: Path) -> None:
    site = old_site(tmp_path)
    aside = tmp_path / ".site.building"
    aside.mkdir()
    site.rename(aside / "old")
    with contextlib.suppress(RuntimeError), in_place_of(site):
        raise RuntimeError
    assert content(site) == {MARK: b"{}", "index.html": b"old"}


def old_site(place: Path) -> Path:
    site = place / "site"
    site.mkdir()
    (site / MARK).write_text("{}")
    (site / "index.html").write_text("old")
    return site
