"""Equal sources and code give equal bytes, whatever the cores, memory, locale, time zone, hash seed, order of rows."""

import csv
import hashlib
import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from include.adapters.fetch import fetch_all
from include.cli.local import verbs
from include.contracts import loader
from include.settings import REPOSITORY
from include.versions import worktree
from include.versions.pins import Entry

ROOM = REPOSITORY / "include" / "datasets"
TABLE = "table/part-00000.parquet"
MACHINES = {
    "one core, far east, Turkish, little memory": {
        "POLARS_MAX_THREADS": "1", "TZ": "Pacific/Apia", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "0",
        "COMMONS_MEMORY_MB": "256",
    },
    "more threads than cores, far west, plain C": {
        "POLARS_MAX_THREADS": "7", "TZ": "Pacific/Marquesas", "LC_ALL": "C", "PYTHONHASHSEED": "4242",
    },
}  # fmt: skip


def make(name: str, place: Path, mirror: Path, room: Path = ROOM, **machine: str) -> tuple[Entry, dict[str, str]]:
    """What is pinned of a run by the processes that pods run, and the md5 of each file; what it reads runs before."""
    place.mkdir()
    known = {k: v for k, v in os.environ.items() if not k.startswith(("COMMONS_", "LC_", "LANG", "TZ"))}
    own = {"STORE": f"file://{place}/store", "REMOTE": f"{place}/remote", "PUBLISH": f"worktree:{place}"}
    own |= {"MIRROR": str(mirror), "DATASETS": str(room), "CODE": f"{'c' * 40}:{'d' * 40}"}
    variables = (
        known | {f"COMMONS_{key}": value for key, value in own.items()} | {"XDG_CACHE_HOME": str(place)} | machine
    )
    one_core = ["taskset", "-c", "0"] if machine.get("POLARS_MAX_THREADS") == "1" and shutil.which("taskset") else []
    command = [*one_core, str(REPOSITORY / ".venv-task/bin/python"), "-m", "include.tasks"]
    for one in (*loader.inputs(room, loader.load(room / name)), name):
        for verb in verbs(loader.load(room / one)):
            asked = [verb, one, "--run", "r", "--start", "2026-01-01T00:00:00Z", "--end", "2026-02-01T00:00:00Z"]
            done = subprocess.run(
                [*command, *asked], env=variables, cwd=REPOSITORY, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
    entry = worktree.pins(place).entries[name]
    listing = (place / "remote" / entry.remote / "files/md5" / entry.md5[:2] / entry.md5[2:]).read_bytes()
    return entry, {item["relpath"]: item["md5"] for item in json.loads(listing)}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ["lei_entities", "wri_power_plants"])
def test_every_machine_makes_the_same_bytes(name: str, shared: Path, tmp_path: Path) -> None:
    here, files = make(name, tmp_path / "here", shared)
    assert here.meta.rows > 20_000
    for number, (machine, variables) in enumerate(MACHINES.items()):
        there, others = make(name, tmp_path / str(number), shared, **variables)
        assert others == files, machine
        assert (there.md5, there.meta.content) == (here.md5, here.meta.content)


@pytest.mark.timeout(900)
def test_the_order_of_the_files_in_the_source_makes_no_difference_to_the_table(shared: Path, tmp_path: Path) -> None:
    room = tmp_path / "room"
    for name in ("elf_codes", "lei_entities", "wri_power_plants"):
        shutil.copytree(ROOM / name, room / name, ignore=shutil.ignore_patterns("__pycache__"))
    contract = room / "wri_power_plants/contract.yaml"
    document = yaml.safe_load(contract.read_text())
    given = list(document["source"]["url"])
    document["source"]["url"] = sorted(given, key=lambda url: hashlib.sha256(url.encode()).hexdigest())
    assert document["source"]["url"] != given
    contract.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
    assert loader.load(room / "wri_power_plants").key
    here, files = make("wri_power_plants", tmp_path / "here", shared)
    there, others = make("wri_power_plants", tmp_path / "there", shared, room)
    for name in (TABLE, "schema.json", "blocks.json", "matches.parquet", "review.parquet", "match.json"):
        assert others[name] == files[name]
    assert others["raw/sources.json"] != files["raw/sources.json"]
    assert there.meta.content == here.meta.content


def test_the_order_of_the_rows_in_the_source_makes_no_difference_to_the_table(shared: Path, tmp_path: Path) -> None:
    mirror = _shuffled(shared, "owid_co2", tmp_path / "mirror")
    here, files = make("owid_co2", tmp_path / "here", shared)
    there, others = make("owid_co2", tmp_path / "there", mirror)
    assert others["raw/sources.json"] != files["raw/sources.json"]
    for name in (TABLE, "schema.json", "blocks.json", "quality.json"):
        assert others[name] == files[name]
    assert there.meta.content == here.meta.content


def _shuffled(shared: Path, name: str, into: Path) -> Path:
    """A mirror whose answer to the dataset's source has the same records in another order."""
    contract = loader.load(ROOM / name)
    assert contract.dictionary
    (url,) = contract.source.url
    source, texts = fetch_all([url, contract.dictionary.url], into, mirror=str(shared))
    assert source.path
    with source.path.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    random.Random(7).shuffle(rows)
    with (into / "source.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    items = []
    for address, place in ((url, "source.csv"), (texts.address, texts.sha256)):
        content = (into / place).read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        items.append({"address": address, "file": place, "bytes": len(content), "sha256": sha256})
    (into / "mirror.yaml").write_text(yaml.safe_dump(items))
    return into
