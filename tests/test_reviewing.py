"""The page for reviewers is true: every command on it is run, from a clone, in its order, on real data."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from include.settings import REPOSITORY
from include.versions import reading, worktree
from tests.clone import environment, make_clone

PAGE = (REPOSITORY / "docs" / "reviewing.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = [line.partition("  #")[0].strip() for block in BLOCKS for line in block.splitlines() if line.strip()]
# What differs is said by the exit code too.
DIFFER = {command for command in COMMANDS if "diff november HEAD" in command} - {
    ".venv/bin/commons diff november HEAD owid_co2"
}
Told = list[tuple[str, str]]
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> tuple[Path, Told]:
    """The clone after the last command, and what each printed."""
    clone = make_clone(tmp_path_factory.mktemp("reviewer"))
    known = environment() | {"COMMONS_MIRROR": str(shared)}
    told: Told = []
    for command in COMMANDS:
        words = shlex.split(command)
        done = subprocess.run(words, cwd=clone, env=known, capture_output=True, text=True, check=False)
        assert done.returncode == (1 if command in DIFFER else 0), f"{command}\n{done.stdout}\n{done.stderr}"
        told.append((command, done.stdout))
    return clone, told


def said(told: Told, part: str, which: int = 0) -> str:
    return [text for command, text in told if part in command][which]


def test_it_is_a_whole_session() -> None:
    verbs = [command.split()[1] for command in COMMANDS if command.startswith(".venv/bin/commons")]
    assert list(dict.fromkeys(verbs)) == ["run", "history", "diff", "open", "show", "rebuild", "rollback"]
    assert verbs.count("run") == 2
    assert len(DIFFER) == 3


def test_every_linked_file_exists() -> None:
    linked = [path for path in re.findall(r"\]\(([^)]+)\)", PAGE) if not path.startswith("http")]
    assert len(linked) >= 3
    assert [path for path in linked if not (REPOSITORY / "docs" / path).exists()] == []


def test_the_front_page_leads_here() -> None:
    assert "docs/reviewing.md" in (REPOSITORY / "README.md").read_text()


def test_the_difference_is_that_of_the_two_releases(session: tuple[Path, Told]) -> None:
    _, told = session
    shown = said(told, "diff november HEAD")
    assert "24,016 rows before, 24,016 after: 159 changed, 189 moved." in shown
    for before, after, rows in (
        ("Swaziland", "Eswatini", 69),
        ("Czech Republic", "Czechia", 60),
        ("Macedonia", "North Macedonia", 60),
    ):
        assert re.search(rf"country +{before} +{after} +{rows}\b", shown)
    assert re.search(r"co2_per_unit_energy +159 \(0\.7 %\)", shown)
    assert "the dataset's contract.yaml changed" in shown
    assert "Lost" not in shown
    assert "Unexplained" not in shown


def test_the_files_hold_the_same_figures(session: tuple[Path, Told]) -> None:
    clone, _ = session
    for name in ("december.html", "december.md"):
        text = (clone / name).read_text()
        assert "159 changed, 189 moved" in text
        assert "North Macedonia" in text
    assert len((clone / "december.md").read_bytes()) < 60_000


def test_the_old_version_is_opened_and_made_again(session: tuple[Path, Told]) -> None:
    clone, told = session
    assert "Afghanistan" in said(told, "open owid_co2 --at november")
    assert "identical, byte for byte" in said(told, "rebuild owid_co2")
    countries = reading.open_version("owid_co2", "november", clone).select("country").unique().collect()["country"]
    assert {"Swaziland", "Macedonia"} <= set(countries)


def test_the_rollback_is_a_new_version_with_the_old_content_and_its_reason(session: tuple[Path, Told]) -> None:
    clone, told = session
    versions = reading.history(clone, "owid_co2")
    assert len(versions) == 3
    back, december, november = (version.entry for version in versions)
    assert back.meta.content == november.meta.content != december.meta.content
    assert back == worktree.pins(clone).entries["owid_co2"]
    assert "Energy of three countries is missing" in said(told, "history", -1)
    assert "no row differs" in said(told, "diff november HEAD owid_co2", -1)
