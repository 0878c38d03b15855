"""`commons rollback` where versions are pushed to a branch: one commit, or a proposal where readers lose something."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.adapters.remote import point_remotes
from tests.adapters.github import TOKEN, Host, host
from tests.clone import environment, make_clone
from tests.versions.house import git

CONTRACT = """\
title: Trees
description: Generated.
owner: trees@example.org
licence: CC0-1.0
source: {url: "file:trees.csv"}
key: [tree]
access: public
"""
SCHEMA = """\
import pandera.polars as pa


class Schema(pa.DataFrameModel):
    tree: str = pa.Field(description="Identifier")
    height_m: float = pa.Field(nullable=True, description="Height")
"""
MORE = '    kind: str = pa.Field(nullable=True, description="Kind")\n'
SHORT = "tree,height_m\nT1,12.5\nT2,18\nT3,9.25\n"
TALL = SHORT.replace("12.5", "125")
KINDS = "tree,height_m,kind\nT1,12.5,lime\nT2,18,oak\nT3,9.25,maple\n"


class Place:
    """A person's clone, whose versions go to the branch main of a bare repository beside it."""

    def __init__(self, place: Path, forge: Host) -> None:
        self.root, self.origin = make_clone(place), place / "origin.git"
        point_remotes(self.root, place / "remotes")
        git("rm", "-q", "--ignore-unmatch", "data.dvc", at=self.root)
        git("commit", "-q", "--all", "-m", "Point the remotes to a folder", at=self.root)
        git("branch", "-q", "-M", "main", at=self.root)
        git("clone", "-q", "--bare", str(self.root), str(self.origin), at=place)
        git("remote", "set-url", "origin", str(self.origin), at=self.root)
        self.known = environment() | {
            "COMMONS_PUBLISH": str(self.origin),
            "COMMONS_FORGE": forge.address,
            "COMMONS_SECRET_FORGE_TOKEN": TOKEN,
        }

    def commons(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.root / ".venv/bin/commons"), *arguments]
        return subprocess.run(command, cwd=self.root, env=self.known, capture_output=True, text=True, check=False)

    def run(self, rows: str, schema: str = SCHEMA) -> subprocess.CompletedProcess[str]:
        """Publish `rows` as a run does, and bring the commit home."""
        folder = self.root / "include" / "datasets" / "trees"
        folder.mkdir(exist_ok=True)
        (folder / "contract.yaml").write_text(CONTRACT)
        (folder / "schema.py").write_text(schema)
        (folder / "trees.csv").write_text(rows)
        done = self.commons("run", "trees")
        git("fetch", "-q", at=self.root)
        git("checkout", "-q", "origin/main", "--", "data.dvc", at=self.root)
        git("update-ref", "refs/heads/main", "origin/main", at=self.root)
        return done

    def versions(self) -> list[dict[str, object]]:
        known: list[dict[str, object]] = json.loads(self.commons("history", "trees", "--json").stdout)
        return known

    def rows(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = json.loads(self.commons("open", "trees", "--at", "HEAD", "--json").stdout)
        return found


@pytest.fixture(scope="module")
def forge() -> Iterator[Host]:
    with host() as started:
        yield started


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, forge: Host) -> Place:
    made = Place(tmp_path_factory.mktemp("rolling"), forge)
    for rows in (SHORT, TALL):
        done = made.run(rows)
        assert done.returncode == 0, done.stdout + done.stderr
    return made


@pytest.mark.timeout(600)
def test_a_person_rolls_back_and_the_next_run_does_not_undo_it(place: Place) -> None:
    tall, short = place.versions()
    done = place.commons("rollback", "trees", "--to", str(short["commit"]), "--why", "A lost decimal point")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"trees: back to {str(short['commit'])[:12]}" in done.stdout
    assert "Pushed as" in done.stdout
    assert git("log", "-1", "--format=%an %s", "main", at=place.origin) == "reader@example.org Roll back trees: 3 rows"
    trailers = git("log", "-1", "--format=%(trailers:key=Reason,valueonly)", "main", at=place.origin)
    assert trailers == "A lost decimal point"
    again = place.run(TALL)
    assert again.returncode == 1
    assert "this is the content that was rolled back" in again.stdout
    assert "(A lost decimal point)" in again.stdout
    assert [row["height_m"] for row in place.rows()] == [12.5, 18.0, 9.25]
    assert len(place.versions()) == 3
    assert place.commons("rollback", "trees", "--to", str(tall["commit"]), "--why", " ").returncode == 2
    same = place.commons("rollback", "trees", "--to", str(short["commit"]), "--why", "Again")
    assert (same.returncode, "is the newest one already" in same.stdout) == (0, True)


@pytest.mark.timeout(600)
def test_a_rollback_that_takes_something_from_readers_is_a_pull_request(place: Place, forge: Host) -> None:
    done = place.run(KINDS, SCHEMA + MORE)
    assert done.returncode == 0, done.stdout + done.stderr
    before = place.versions()[1]
    back = place.commons("rollback", "trees", "--to", str(before["commit"]), "--why", "Kinds are guesses")
    assert back.returncode == 0, back.stdout + back.stderr
    assert "column 'kind' is dropped" in back.stdout
    assert "A person must merge https://git.example.org/example/data/pull/1." in back.stdout
    (pull,) = forge.pulls
    assert pull["title"] == "Roll back trees: 3 rows"
    assert "Reason: Kinds are guesses" in pull["body"]
    assert "dropped" in pull["body"]
    branch = pull["head"]["ref"]
    opened = place.commons("open", "trees", "--at", branch, "--json")
    assert [sorted(row) for row in json.loads(opened.stdout)] == [["height_m", "tree"]] * 3
    git("fetch", "-q", at=place.root)
    git("push", "-q", str(place.origin), f"origin/{branch}:refs/heads/main", at=place.root)
    git("fetch", "-q", at=place.root)
    git("update-ref", "refs/heads/main", "origin/main", at=place.root)
    assert sorted(place.rows()[0]) == ["height_m", "tree"]
    assert place.versions()[0]["why"] == "Kinds are guesses"


@pytest.mark.timeout(600)
def test_what_can_not_be_rolled_back_to_is_told(place: Place) -> None:
    for to, said in (
        ("HEAD~50000", "no revision 'HEAD~50000'"),
        (git("rev-list", "--max-parents=0", "HEAD", at=place.root).split()[0], "trees: no version at"),
    ):
        done = place.commons("rollback", "trees", "--to", to, "--why", "?")
        assert done.returncode in (1, 2)
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    git("commit", "-q", "--allow-empty", "-m", "Mine alone", at=place.root)
    done = place.commons("rollback", "trees", "--to", "HEAD", "--why", "?")
    assert done.returncode == 1
    assert "is no part of branch main" in done.stderr
