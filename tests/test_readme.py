"""The README is true: every command in it is run, from a clone, in its order, on a file of the reader's own."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.settings import REPOSITORY
from tests.clone import make_clone, run

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
COMMANDS = [line.partition("  #")[0].strip() for block in BLOCKS for line in block.splitlines() if line.strip()]
# Run by .ci/run and tests/test_demo.py; running the tests inside the tests would not end.
ELSEWHERE = {"make demo", "make test"}

TREES = """\
tree id;Species;Height (m);Planted;District
T-001;Tilia cordata;12,5;2001-04-12;Nord
T-002;Quercus robur;18,0;1987-11-03;Nord
T-003;Acer platanoides;9,25;2010-03-30;Süd
T-004;Tilia cordata;11,75;2003-10-21;West
T-005;Platanus x hispanica;22,0;1969-01-15;Süd
"""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = make_clone(tmp_path_factory.mktemp("reader"))
    (root / "trees.csv").write_text(TREES, encoding="utf-8")
    yield root
    run(".venv/bin/commons down", root)


def test_it_is_short_and_its_commands_are_known() -> None:
    assert len(README.splitlines()) <= 150
    assert len(COMMANDS) >= 10
    assert set(COMMANDS) >= ELSEWHERE


def test_make_targets_named_in_it_exist() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    named = set(re.findall(r"`make (\w+)`", README)) | {c.split()[1] for c in COMMANDS if c.startswith("make ")}
    assert {"demo", "test", "install"} <= named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"make {target} is in the README, not in the Makefile"


def test_every_linked_file_exists() -> None:
    linked = [path for path in re.findall(r"\]\(([^)]+)\)", README) if not path.startswith("http")]
    assert linked
    assert [path for path in linked if not (REPOSITORY / path).exists()] == []


@pytest.mark.airflow
@pytest.mark.timeout(600)
def test_every_command_works_in_its_order(clone: Path) -> None:
    told: dict[str, str] = {}
    for command in COMMANDS:
        if command in ELSEWHERE:
            continue
        done = run(command, clone)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        told[command] = done.stdout
    assert "Tilia cordata" in told[".venv/bin/commons open city_trees"]
    assert "data/city_trees" in (clone / "data.dvc").read_text()
    assert re.search(r"http://127\.0\.0\.1:\d+ +user admin", told[".venv/bin/commons up"])


@pytest.mark.airflow
@pytest.mark.timeout(600)
def test_a_new_dataset_runs_through_airflow_too(clone: Path) -> None:
    if not (clone / "include/datasets/city_trees").exists():
        assert run(".venv/bin/commons new city_trees --from trees.csv", clone).returncode == 0
    done = run(".venv/bin/commons run city_trees --airflow", clone)
    assert done.returncode == 0, done.stdout + done.stderr
    assert run(".venv/bin/commons open city_trees --json", clone).stdout.count("tree_id") == 5
