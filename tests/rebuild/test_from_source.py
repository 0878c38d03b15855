"""Real public datasets come back identical on an empty machine, from their archives or from their sources."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from include.settings import REPOSITORY
from tests.clone import make_clone
from tests.rebuild.author import Author, begin, fresh

ROWS = {
    "owid_co2": 24_016, "wri_power_plants": 21_175, "eia_plants": 11_833, "elf_codes": 3_818, "lei_entities": 69_668,
}  # fmt: skip
NAMES = tuple(ROWS)
SHIPPED = {"elf_codes": 3_818, "lei_entities": 69_668, "sec_filers": 10_365, "pudl_utilities": 15_943}
PAGE = (REPOSITORY / "docs" / "rebuilding.md").read_text(encoding="utf-8")
COMMANDS = [
    line.partition("  #")[0].strip()
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
SOURCES = {"owid_co2": 2, "wri_power_plants": 11, "eia_plants": 1, "elf_codes": 1, "lei_entities": 3}


@pytest.fixture(scope="module")
def author(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Author:
    one = begin(tmp_path_factory.mktemp("real"), shared)
    one.run(*NAMES)
    one.commit()
    return one


@pytest.mark.timeout(900)
def test_an_empty_machine_gets_back_what_is_archived(author: Author, tmp_path: Path) -> None:
    """Fault 32: a fresh clone, empty stores; the remote still has the raw bytes."""
    machine = fresh(author, tmp_path / "machine")
    remote = f"file://{author.root}/.commons/remote"
    for name in NAMES:
        listing = json.loads(author.object(name, "").read_bytes())
        for item in listing:
            if not item["relpath"].startswith("raw/"):
                author.object(name, item["relpath"]).rename(tmp_path / f"{name}-{item['md5']}")
    code, done = machine.rebuild("--restore", COMMONS_MIRROR="", COMMONS_REMOTE=remote)
    assert code == 0
    assert {name: (one["status"], one["rows"]) for name, one in done.items()} == {
        name: ("identical", rows) for name, rows in ROWS.items()
    }
    for name in NAMES:
        for item in json.loads(author.object(name, "").read_bytes()):
            found, lost = author.object(name, item["relpath"]), tmp_path / f"{name}-{item['md5']}"
            assert not lost.exists() or found.read_bytes() == lost.read_bytes()


@pytest.mark.timeout(900)
def test_an_empty_machine_gets_back_what_its_sources_still_answer(author: Author, tmp_path: Path) -> None:
    """Fault 32: nothing is left but Git and the sources; what was fetched again is put on the machine's own remote."""
    machine = fresh(author, tmp_path / "machine")
    code, done = machine.rebuild()
    assert (code, {one["status"] for one in done.values()}) == (2, {"impossible"})
    code, done = machine.rebuild("--from-source", "--restore")
    assert (code, {one["status"] for one in done.values()}) == (0, {"identical"})
    assert {name: len(done[name]["sources"]) for name in NAMES} == SOURCES
    assert all(source["same"] for one in done.values() for source in one["sources"])
    assert machine.git("status", "--porcelain") == ""
    pulled = subprocess.run(
        [".venv/bin/dvc", "pull", *(f"data/{name}" for name in NAMES)], cwd=machine.root, capture_output=True, text=True
    )
    assert pulled.returncode == 0, pulled.stderr
    assert len((machine.root / "data/eia_plants/table/part-00000.parquet").read_bytes()) > 100_000
    assert machine.commons("pushed").returncode == 0


def test_a_source_that_answers_other_bytes_is_named(author: Author, tmp_path: Path) -> None:
    machine = begin(tmp_path)
    machine.write("wells")
    machine.commit("A dataset")
    machine.run("wells")
    machine.commit()
    machine.serve("https://example.org/wells.csv", "id,depth_m\n" + "".join(f"{n},{n}.25\n" for n in range(1, 21)))
    code, done = machine.rebuild("wells", "--from-source")
    assert (code, done["wells"]["status"]) == (1, "differs")
    assert done["wells"]["sources"] == [{"address": "https://example.org/wells.csv", "same": False}]
    assert done["wells"]["causes"][0].startswith("source: 1 of 1 answer other bytes now")
    assert (
        "table/part-00000.parquet: column depth_m, row 1 (id 1): pinned 1.5, made 1.25" in done["wells"]["differences"]
    )
    machine.serve("https://example.org/wells.csv", "id,depth\n1,2.5\n")
    code, done = machine.rebuild("wells", "--from-source")
    assert (code, done["wells"]["status"]) == (1, "differs")
    assert done["wells"]["causes"] == ["source: it was fetched again, and the code of this version stops at what came"]
    assert machine.rebuild("wells")[0] == 0
    machine.serve("https://example.org/other.csv", "")
    machine.answers.pop("https://example.org/wells.csv")
    machine.serve("https://example.org/other.csv", "")
    code, done = machine.rebuild(
        "wells", "--from-source", http_proxy="http://127.0.0.1:9", https_proxy="http://127.0.0.1:9"
    )
    assert (code, done["wells"]["status"]) == (2, "impossible")
    assert "extract stopped" in done["wells"]["causes"][0]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Author:
    """Who cloned this repository just now; the packages of the registry are answered from a folder."""
    return Author(make_clone(tmp_path_factory.mktemp("reader")), shared)


@pytest.mark.timeout(900)
def test_what_this_repository_pins_comes_back_by_the_commands_of_the_page(reader: Author) -> None:
    assert reader.commons("open", "elf_codes").returncode == 2
    told = {}
    for command in sorted(COMMANDS, key=lambda command: "--restore" not in command):
        one = () if "--restore" in command or "elf_codes" in command else ("elf_codes",)  # all four take their time
        done = reader.commons(*command.split()[1:], *one)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        told[command] = done.stdout
    assert len(told) == 6
    restored = told[".venv/bin/commons rebuild --from-source --restore"]
    assert restored.count("identical, byte for byte") == restored.count("restored on remote public") == 4
    assert "sources that answer the bytes of this version still: 3 of 3" in restored
    assert (reader.root / "again/elf_codes/table/part-00000.parquet").is_file()
    listed = {one["dataset"]: one["rows"] for one in json.loads(reader.commons("list", "--json").stdout)}
    assert {name: listed[name] for name in SHIPPED} == SHIPPED
    assert reader.commons("pushed").returncode == 0
    assert reader.git("status", "--porcelain") == "?? again/"


@pytest.mark.network
def test_the_registry_itself_gives_back_what_this_repository_pins(reader: Author, tmp_path: Path) -> None:
    machine = fresh(reader, tmp_path / "machine")
    code, done = machine.rebuild("--from-source", "elf_codes", COMMONS_MIRROR="")
    said = "\n".join(done["elf_codes"]["causes"])
    if any(told in said for told in ("can't be reached", "did not answer")) and not os.environ.get("CI"):
        pytest.skip(f"the package registry can't be reached: {said}")
    assert (code, done["elf_codes"]["status"], done["elf_codes"]["rows"]) == (0, "identical", SHIPPED["elf_codes"])
