"""The page for operators is true: its session is run in a clone with a real history, and then things go wrong."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.settings import REPOSITORY
from include.versions import reading
from include.versions.census import census
from tests import histories
from tests.clone import run
from tests.test_reading_page import git
from tests.versions.keeper import older
from tests.versions.test_verify import flip

PAGE = (REPOSITORY / "docs" / "operating.md").read_text(encoding="utf-8")
COMMANDS = [
    line.partition("  #")[0].strip()
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
EDITIONS = 6
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Iterator[Path]:
    """An operator's clone of six editions of elf_codes and nothing else; the first is tagged v1."""
    place = tmp_path_factory.mktemp("operator")
    made = histories.histories(place, shared)
    commits = list(made.publish("elf_codes").values())
    made.close()
    assert len(commits) == EDITIONS
    git(made.root, "checkout", "-q", "--orphan", "published", commits[0])
    git(made.root, "commit", "-qm", "elf_codes, first edition")
    git(made.root, "tag", "v1")
    for commit in commits[1:]:
        git(made.root, "checkout", "-q", commit, "--", ".")
        git(made.root, "commit", "-qm", "elf_codes, another edition")
    git(place, "clone", "-q", "--bare", "--single-branch", "--branch", "published", str(made.root), "origin.git")
    git(place / "origin.git", "branch", "-m", "published", "main")
    git(place, "clone", "-q", str(place / "origin.git"), "clone")
    for name in (".venv", ".venv-task"):
        (place / "clone" / name).symlink_to(REPOSITORY / name)
    yield place / "clone"
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def told(clone: Path) -> dict[str, str]:
    """What each command of the session printed, in its order."""
    said: dict[str, str] = {}
    for command in COMMANDS:
        done = run(command, clone)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        said[command] = " ".join(done.stdout.split())
        if " withdraw " in command:
            said["before it is pushed"] = run(".venv/bin/commons gc", clone).stderr
    return said


def public(clone: Path) -> Path:
    return clone.parent / "remotes" / "public"


def test_the_session_works_and_says_what_the_page_says(told: dict[str, str]) -> None:
    assert len(COMMANDS) == 11
    commons = [told[command] for command in COMMANDS if command.startswith(".venv")]
    synced, here, every, first, pushed, dry, withdrawn, applied, last = commons
    assert synced == "corrected: elf_codes"
    assert re.fullmatch(r"1 version of 1 dataset: \d+ objects, [\d.]+ kB; all read, 0 problems\.", here)
    assert "6 versions of 1 dataset:" in every
    assert "20% read, 0 problems" in every
    assert "1 version of 1 dataset:" in first
    assert re.match(r"6 versions whole at \.\./backup: \d+ objects", pushed)
    assert re.search(r"public +keep +pinned", dry)
    assert re.search(r"elf_codes [0-9a-f]{12}: \d files are this version's alone", withdrawn)
    assert "data.dvc changed. Commit it and open a pull request" in withdrawn
    waits = r"elf_codes [0-9a-f]{12} was withdrawn here only: its bytes stay until that is merged and pushed\.\n"
    assert re.fullmatch(waits, told["before it is pushed"])
    assert re.search(r"public +move +withdrawn", applied)
    assert "withdrawn by" in last
    assert "files with its bytes stay until" in last
    assert "5 versions of 1 dataset:" in last


def test_damage_is_named_for_machines_and_mended_from_the_second_home(clone: Path, told: dict[str, str]) -> None:
    """Fault 10: the whole way of an operator."""
    (clone / ".dvc/config.local").write_text(f"['remote \"backup\"']\n    url = {clone.parent}/backup/public\n")
    entry = next(iter(census(clone).versions.values())).entry
    listed = run(".venv/bin/commons verify elf_codes --json", clone)
    assert json.loads(listed.stdout)["problems"] == []
    (table,) = [path for path in public(clone).glob("files/md5/*/*") if path.read_bytes()[:4] == b"PAR1"][:1]
    flip(table, 100)
    found = run(".venv/bin/commons verify --all --json", clone)
    assert found.returncode == 1
    (problem,) = json.loads(found.stdout)["problems"]
    assert problem["object"] == table.parent.name + table.name
    assert problem["versions"]
    assert all(label.startswith(entry.name) for label in problem["versions"])
    mended = run(".venv/bin/commons verify --all --repair", clone)
    assert mended.returncode == 0, mended.stdout
    assert "Restored from backup (" in mended.stdout
    assert run(".venv/bin/commons verify --all", clone).returncode == 0


def test_everything_but_git_and_the_remotes_can_go(clone: Path, told: dict[str, str]) -> None:
    """Store, caches and heads are derived: a fresh clone and `sync` have all of it again."""
    shutil.rmtree(clone / ".commons", ignore_errors=True)
    shutil.rmtree(clone / ".dvc/cache", ignore_errors=True)
    fresh = clone.parent / "fresh"
    git(clone.parent, "clone", "-q", str(clone.parent / "origin.git"), str(fresh))
    for name in (".venv", ".venv-task"):
        (fresh / name).symlink_to(REPOSITORY / name)
    assert "corrected: elf_codes" in run(".venv/bin/commons sync", fresh).stdout
    assert "Everything agrees with Git." in run(".venv/bin/commons sync", fresh).stdout
    commits = git(fresh, "log", "--format=%H", "--", "data.dvc").split()
    assert len(commits) == EDITIONS + 1
    frames = [reading.open_version("elf_codes", commit, fresh) for commit in commits[1:-1]]
    assert [frame.collect().height > 1000 for frame in frames] == [True] * (EDITIONS - 1)
    withdrawn = run(f".venv/bin/commons open elf_codes --at {commits[-1]}", fresh)
    assert withdrawn.returncode == 1
    assert "Its publisher took the licence back" in withdrawn.stderr
    assert run(".venv/bin/commons verify --all", fresh).returncode == 0


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("verify --sample 0", "expected a percentage such as 10%"),
        ("verify --at v1 --all", "--at and --all exclude each other"),
        ("verify --at nothing", "no revision 'nothing'"),
        ("push --to nowhere", "neither a remote of .dvc/config"),
        ("push --to {remotes}", "that is where public versions lie already"),
        ("withdraw elf_codes --at nothing --reason x", "no revision 'nothing'"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(clone: Path, told: dict[str, str], command: str, said: str) -> None:
    done = run(f".venv/bin/commons {command.format(remotes=clone.parent / 'remotes')}", clone)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_after_the_grace_the_bytes_are_gone_and_it_is_proven(clone: Path, told: dict[str, str]) -> None:
    text = (clone / "data.dvc").read_text()
    (at,) = re.findall(r"at: '(20[^']+Z)'", text)
    assert run(".venv/bin/commons verify --all", clone).returncode == 0
    (clone / "data.dvc").write_text(text.replace(at, "2026-01-01T00:00:00Z"))
    git(clone, "commit", "-qam", "Time passes")
    git(clone, "push", "-q")
    older(public(clone), 8)
    late = run(".venv/bin/commons verify --all", clone)
    assert late.returncode == 1
    assert "were to go by 2026-01-08T00:00:00Z, and are still there" in " ".join(late.stdout.split())
    (clone / ".dvc/config.local").write_text(f"['remote \"backup\"']\n    url = {clone.parent}/backup/public\n")
    done = run(".venv/bin/commons gc --apply --json", clone)
    assert done.returncode == 0
    assert {row["act"] for row in json.loads(done.stdout)["summary"]} == {"keep", "delete"}
    proven = run(".venv/bin/commons verify --all", clone)
    assert proven.returncode == 0, proven.stdout
    assert "its bytes are gone." in proven.stdout
