"""`make demo`: real datasets from the package registry, through Airflow and pods, to versions that Git pins."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.versions import worktree
from tests.clone import make_clone, run

ROWS = {"elf_codes": 3_818, "lei_entities": 69_668, "sec_filers": 10_365, "pudl_utilities": 15_943}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    root = make_clone(tmp_path_factory.mktemp("demo"))
    done = run("make demo", root)
    assert done.returncode == 0, done.stdout + done.stderr
    clone = root / ".commons" / "demo" / "clone"
    yield clone, done.stdout
    run(".venv/bin/commons down", clone)


@pytest.mark.airflow
@pytest.mark.network
@pytest.mark.timeout(900)
def test_it_publishes_real_datasets_and_touches_nothing_of_the_reader(demo: tuple[Path, str]) -> None:
    clone, said = demo
    listed = {row["dataset"]: row["rows"] for row in json.loads(run(".venv/bin/commons list --json", clone).stdout)}
    assert {name: listed[name] for name in ROWS} == ROWS
    for name in ROWS:
        assert f"Publish {name}: {ROWS[name]:,} rows" in said
    for entry in worktree.pins(clone).entries.values():  # what a pod alone knows, and a rebuild asks for
        lock = entry.meta.environment
        assert (entry.meta.image, entry.meta.base) == (f"data-commons-task:{lock[:16]}", None)
        assert run(f"git cat-file -t {entry.meta.code}", clone).stdout.strip() == "commit"
        assert entry.meta.interval
        assert entry.meta.as_of
    reader = clone.parents[2]
    assert run("git status --porcelain", reader).stdout == ""
    assert not list((reader / ".commons").glob("re*"))  # neither a remote nor what a rebuild makes


@pytest.mark.airflow
@pytest.mark.network
def test_what_this_repository_pins_comes_back_on_a_machine_that_has_only_git(demo: tuple[Path, str]) -> None:
    clone, said = demo
    assert said.count("identical, byte for byte") == said.count("restored on remote public") == len(ROWS)
    machine = clone.parent / "machine"
    known = run("git show HEAD:data.dvc", machine).stdout
    assert (machine / "data.dvc").read_text() == known
    assert run(".venv/bin/commons pushed", machine).returncode == 0


@pytest.mark.airflow
@pytest.mark.network
def test_plain_dvc_reads_what_it_published(demo: tuple[Path, str], tmp_path: Path) -> None:
    clone, _ = demo
    fresh = tmp_path / "fresh"
    subprocess.run(["git", "clone", "-q", str(clone.parent / "origin.git"), str(fresh)], check=True)
    dvc = clone / ".venv" / "bin" / "dvc"
    pulled = run(f"{dvc} pull data/sec_filers", fresh)
    assert pulled.returncode == 0, pulled.stderr
    sources = json.loads((fresh / "data/sec_filers/raw/sources.json").read_text())
    assert [source["sha256"] for source in sources] == [
        "992d61ad828ae74192f261e4c2a891966c69928ca56bd092d636c7d001e0b562"
    ]
    assert (fresh / "data/sec_filers/raw" / sources[0]["sha256"]).stat().st_size == 291_392
