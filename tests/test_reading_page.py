"""The page for readers is true: its commands and its Python run in a reader's own clone, on a real history."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from include.settings import REPOSITORY
from include.versions.pins import Pins, parse, render
from tests.clone import environment, run
from tests.histories import Histories

PAGE = (REPOSITORY / "docs" / "reading.md").read_text(encoding="utf-8")
COMMANDS = [
    line.partition("  #")[0].strip()
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
EDITIONS = {"2017-11-30": 1, "2019-11-06": 2, "2020-06-10": 3, "2020-11-19": 4, "2021-09-23": 5, "2023-09-28": 6}
PRELUDE = "import sys\nimport include\nsys.modules['data_commons'] = include\n"


def git(at: Path, *arguments: str, **variables: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=at, env=environment() | variables, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def clone(histories: Histories, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reader's clone of the six editions of elf_codes, published on the first of each month of 2026 at noon.

    Each has the date of its edition as the date of its source, the first is tagged v1.
    """
    commits = histories.publish("elf_codes")
    assert list(commits) == list(EDITIONS)
    root = tmp_path_factory.mktemp("reader") / "clone"
    git(root.parent, "clone", "-q", str(histories.root), str(root))
    git(root, "checkout", "-q", "--orphan", "main-of-2026", commits["2017-11-30"])
    for edition, month in EDITIONS.items():
        git(root, "checkout", "-q", commits[edition], "--", "include/datasets/elf_codes", "data.dvc")
        entry = parse((root / "data.dvc").read_text()).entries["elf_codes"]
        meta = entry.meta.model_copy(update={"source_date": f"{edition}T00:00:00Z"})
        (root / "data.dvc").write_text(render(Pins().having(entry.model_copy(update={"meta": meta}))))
        git(root, "commit", "-qam", f"elf_codes of {edition}", GIT_COMMITTER_DATE=f"2026-0{month}-01T12:00:00Z")
    git(root, "tag", "v1", "HEAD~5")
    for name in (".venv", ".venv-task"):
        (root / name).symlink_to(REPOSITORY / name)
    return root


def test_every_command_works_and_says_what_the_page_says(clone: Path) -> None:
    told: dict[str, str] = {}
    for command in COMMANDS:
        done = run(command, clone)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        told[command] = done.stdout
    assert len(told) == 8
    lines = told[".venv/bin/commons history elf_codes"].splitlines()
    assert [line.split()[1] for line in lines[1:]] == [f"2026-0{month}-01" for month in (6, 5, 4, 3, 2, 1)]
    assert (clone / "codes.xlsx").stat().st_size > 10_000
    assert (clone / "march" / "elf_codes" / "version.json").exists()
    assert (clone / "first" / "elf_codes" / "table" / "part-00000.parquet").exists()


def rows(clone: Path, *options: str) -> int:
    """How many rows `commons open` finds."""
    name = f"{'-'.join(options)}.parquet"
    done = run(f".venv/bin/commons open elf_codes {' '.join(options)} --to {name}", clone)
    assert done.returncode == 0, done.stderr
    return int(re.findall(r"wrote ([\d,]+) rows", done.stdout)[0].replace(",", ""))


def test_dates_find_the_editions_of_their_time(clone: Path) -> None:
    import json

    known = {
        v["source_date"][:10]: v["rows"]
        for v in json.loads(run(".venv/bin/commons history elf_codes --json", clone).stdout)
    }
    assert list(known) == list(EDITIONS)[::-1]
    assert len(set(known.values())) == 6
    assert rows(clone, "--at", "2026-03-15") == known["2020-06-10"]
    assert rows(clone, "--at", "2026-03-01T11:59Z") == known["2019-11-06"]
    assert rows(clone, "--at", "v1") == known["2017-11-30"]
    assert rows(clone, "--source-date", "2020-12-31") == known["2020-11-19"]
    assert rows(clone, "--source-date", "2020-12-31", "--at", "2026-03-15") == known["2020-06-10"]


def python(clone: Path, program: str, *path: str) -> str:
    variables = environment() | {"PYTHONPATH": os.pathsep.join((str(clone), *path))}
    command = [".venv/bin/python", "-c", PRELUDE + program]
    done = subprocess.run(command, cwd=clone, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_its_python_works(clone: Path) -> None:
    assert len(BLOCKS) == 4
    program = "\n".join(block for block in BLOCKS if "pandas" not in block)
    said = python(clone, program + "\nprint(german.height, dataset.schema.names, active.num_rows)\n").splitlines()
    assert re.fullmatch(r"\[\('[A-Z]{2}', \d+\), \('[A-Z]{2}', \d+\), \('[A-Z]{2}', \d+\)\]", said[0])
    german, columns, active = re.fullmatch(r"(\d+) (\[.*\]) (\d+)", said[1]).groups()  # type: ignore[union-attr]
    assert int(german) > 10
    assert columns == "['elf_code', 'status']"
    assert int(active) > 2_000


@pytest.mark.network
def test_pandas_takes_what_was_selected(clone: Path, tmp_path: Path) -> None:
    """pandas is no dependency, so it is installed for this test alone."""
    command = [
        str(REPOSITORY / ".venv/bin/uv"),
        "pip",
        "install",
        "-q",
        "-p",
        ".venv",
        "--target",
        str(tmp_path),
        "pandas",
    ]
    done = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the package registry can't be reached: {done.stderr.strip()[-200:]}")
    (block,) = [block for block in BLOCKS if "pandas" in block]
    opened = "import data_commons\ncodes = data_commons.open('elf_codes', at='v1')\n"
    said = python(
        clone, f"{opened}{block}\nprint(type(frame).__module__, list(frame.columns), len(frame))", str(tmp_path)
    )
    kind, columns, count = re.fullmatch(r"(\S+) (\[.*\]) (\d+)\n", said).groups()  # type: ignore[union-attr]
    assert (kind.partition(".")[0], columns) == ("pandas", "['elf_code', 'country_code']")
    assert int(count) == rows(clone, "--at", "v1")
