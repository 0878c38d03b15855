"""`commons lineage` typed in a fresh clone: with and without bytes, with broken, deleted and invented neighbours."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.settings import REPOSITORY
from include.versions import worktree
from include.versions.pins import Withdrawn, render
from tests.clone import environment, make_clone

CONTRACT = """\
title: {name}
description: d
owner: {name}@example.org
licence: CC0-1.0
source: {{url: 'https://example.org/{name}.csv'}}
"""
SCHEMA = """\
import pandera.polars as pa


class Schema(pa.DataFrameModel):
    id: str = pa.Field(description="Its id")
    capacity_mw: float = pa.Field(description="Capacity", metadata={"source": "Cap (MW)"})
"""


# One process types all commands: each loads the libraries anew otherwise.
TYPIST = """
import contextlib, io, json, sys
from include.cli.app import main
for line in sys.stdin:
    sys.argv = ["commons", *json.loads(line)]
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = ended.code or 0
    print(json.dumps([code, said.getvalue()]), flush=True)
"""


@dataclass(frozen=True)
class Clone:
    """A clone, and a process in it that types commands."""

    root: Path
    typist: "subprocess.Popen[str]"

    @property
    def room(self) -> Path:
        return self.root / "include" / "datasets"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """A clone whose datasets have no version, or one without its bytes; nothing in it is changed."""
    root = make_clone(tmp_path_factory.mktemp("fresh"))
    command = [str(REPOSITORY / ".venv/bin/python"), "-P", "-c", TYPIST]
    variables = environment() | {"PYTHONPATH": str(root)}
    with subprocess.Popen(
        command, cwd=root, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as typist:
        yield Clone(root, typist)
        typist.kill()


@pytest.fixture
def clone(fresh: Clone) -> Iterator[Clone]:
    """The clone, with changes taken back in the end."""
    yield fresh
    for command in (["git", "checkout", "-q", "."], ["git", "clean", "-qfd", "include", "data.dvc"]):
        subprocess.run(command, cwd=fresh.root, check=True)


def add(clone: Clone, name: str, more: str = "", schema: str = SCHEMA, extract: str = "") -> Path:
    folder = clone.room / name
    folder.mkdir()
    (folder / "contract.yaml").write_text(CONTRACT.format(name=name) + more)
    (folder / "schema.py").write_text(schema)
    if extract:
        (folder / "extract.py").write_text(extract)
    return folder


def commons(clone: Clone, *words: str, code: int = 0) -> str:
    """What the command prints, of both streams; it ends with `code`."""
    assert clone.typist.stdin
    assert clone.typist.stdout
    clone.typist.stdin.write(json.dumps(words) + "\n")
    clone.typist.stdin.flush()
    ended, said = json.loads(clone.typist.stdout.readline())
    assert ended == code, said
    assert "Traceback" not in said
    return str(said)


def data(clone: Clone, *words: str) -> dict[str, Any]:
    found = json.loads(commons(clone, "lineage", *words, "--json"))
    assert isinstance(found, dict)
    return found


def contract(name: str) -> dict[str, Any]:
    found = yaml.safe_load((REPOSITORY / "include" / "datasets" / name / "contract.yaml").read_text())
    assert isinstance(found, dict)
    return found


def test_the_way_from_the_public_addresses_and_on_to_the_users(fresh: Clone) -> None:
    """A fresh clone lacks the bytes: what is shown is the contract's, and the way to the rest is told."""
    said = commons(fresh, "lineage", "lei_entities")
    lines = [line.strip("│├└─ ") for line in said.splitlines()]
    (folder,) = {url.rpartition("/")[0] for url in contract("lei_entities")["source"]["url"]}
    assert f"{folder}/  fetched, 3 files" in lines
    for url in contract("lei_entities")["source"]["url"]:
        assert url.rpartition("/")[2] in lines
    assert lines.index("lei_entities: raw  read and validated") < lines.index("used by")
    assert "epa_parents: rollup  owners named" in lines[lines.index("used by") :]
    assert "eia_plants: matches  names looked up" in lines[lines.index("used by") :]
    assert re.search(r"The bytes of lei_entities, .* are not here: .*`commons rebuild --from-source --restore", said)
    assert "No version yet of eia_plants, epa_parents" in said


def test_one_way_only(fresh: Clone) -> None:
    assert "used by" not in commons(fresh, "lineage", "elf_codes", "--up")
    assert "made of" not in commons(fresh, "lineage", "elf_codes", "--down")
    assert data(fresh, "elf_codes", "--up").keys() >= {"up", "ends"}
    assert "up" not in data(fresh, "elf_codes", "--down")
    assert data(fresh, "owid_co2", "--down")["down"] == []
    assert "used by nothing here" in commons(fresh, "lineage", "owid_co2")


@pytest.mark.parametrize(("command", "width"), [("", 80), ("| cat", None)])
def test_eleven_addresses_are_readable_on_a_narrow_screen_and_in_a_pipe(
    fresh: Clone, command: str, width: int | None
) -> None:
    try:
        for end in os.openpty():
            os.close(end)
    except OSError:
        pytest.skip("no pseudo-terminal on this machine")
    typed = f"stty cols 80; .venv/bin/python -m include.cli lineage wri_power_plants --up {command}"
    shown = subprocess.run(
        ["script", "-qec", typed, "/dev/null"],
        cwd=fresh.root,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    tree = [line for line in re.sub("\x1b\\[[0-9;?]*[a-zA-Z]", "", shown).splitlines() if line[:1] in "│├└w "]
    assert width is None or max(map(len, tree)) <= width
    urls = contract("wri_power_plants")["source"]["url"]
    assert len(urls) == 11
    for url in urls:
        assert sum(line.strip("│├└─ ") == url.rpartition("/")[2] for line in tree) == 1
    together = "".join(line.strip("│├└─ ") for line in tree)
    assert f"{urls[0].rpartition('/')[0]}/" in together
    if width is None:
        assert any(urls[0].rpartition("/")[0] in line for line in tree), "what is piped has its lines whole"


def test_a_column_is_followed_to_its_heading_and_on_to_the_roll_up(fresh: Clone) -> None:
    said = commons(fresh, "lineage", "epa_parents", "--column", "emissions_tco2e")
    assert "epa_parents: raw (FAC_EMISSIONS)  renamed, read as float64" in said
    assert contract("epa_parents")["source"]["url"] in said
    assert "epa_parents: rollup (emissions_tco2e)  shared out" in said
    edges = data(fresh, "epa_parents", "--column", "emissions_tco2e")["up"]
    assert [(e["from"]["kind"], [c["from"] for c in e["columns"]]) for e in edges] == [
        ("raw", ["FAC_EMISSIONS"]), ("source", []),
    ]  # fmt: skip


def test_tables_beside_the_rows_can_be_asked_for(fresh: Clone) -> None:
    found = data(fresh, "epa_parents__rollup", "--column", "company", "--up")
    assert {(e["from"]["name"], c["from"]) for e in found["up"] for c in e["columns"]} >= {
        ("epa_parents", "parent_name"), ("epa_parents", "entity_id"), ("lei_entities", "lei"),
        ("lei_entities", "Entity.LegalName"),
    }  # fmt: skip
    assert data(fresh, "epa_parents", "--column", "company", "--up")["up"] == found["up"]
    ends = data(fresh, "epa_parents", "--column", "score", "--up")["ends"]
    assert [(end["column"], end["why"]) for end in ends] == [("score", "the match step computes it")]


def test_who_is_hit_by_a_change(fresh: Clone) -> None:
    said = commons(fresh, "lineage", "lei_entities", "--impact", "--column", "legal_name")
    assert "a change reaches 5 other datasets; ask climate-data@example.org, energy-data@example.org" in said
    assert "its matches ← lei_entities, names looked up: legal_name → candidate_name, runner_up_name, entity_id" in said
    assert "its rollup ← epa_parents: matches, owners named" in said
    found = {one["dataset"]: one for one in data(fresh, "lei_entities", "--impact")["affected"]}
    assert {name: one["owner"] for name, one in found.items()} == {name: contract(name)["owner"] for name in found}
    assert [table["kind"] for table in found["epa_parents"]["tables"]] == ["matches", "rollup"]
    assert "match stops where one of lei, legal_name, country_code" in found["sec_filers"]["stops"][0]
    assert "a change reaches 0 other datasets" in commons(fresh, "lineage", "owid_co2", "--impact")


def test_what_is_not_there_is_said_with_the_nearest(fresh: Clone) -> None:
    assert "Did you mean 'epa_parents'?" in commons(fresh, "lineage", "epa_parent", code=2)
    said = commons(fresh, "lineage", "epa_parents", "--column", "emisions_tco2e", code=2)
    assert "no such column in epa_parents, epa_parents: matches" in said
    assert "did you mean 'emissions_tco2e'?" in said
    assert "no such dataset" in commons(fresh, "lineage", "owid_co2__matches", code=2)
    assert "no such dataset" in commons(fresh, "lineage", "../x[red]", code=2)


def test_extract_py_ends_a_trail_and_the_contract_can_say_more(clone: Clone) -> None:
    add(clone, "mixed", extract="def extract(frames):\n    return next(iter(frames.values()))\n")
    said = commons(clone, "lineage", "mixed", "--column", "id")
    assert "id: the trail ends here, extract.py makes it: any function" in said
    assert "through extract.py, renamed" in commons(clone, "lineage", "mixed", "--column", "capacity_mw")
    told = "lineage:\n  - {dataset: elf_codes, note: Codes of it., columns: {id: [elf_code]}}\n"
    with (clone.room / "mixed/contract.yaml").open("a") as file:
        file.write(told)
    assert "✓ mixed" in commons(clone, "check", "mixed")
    assert "elf_codes (elf_code)  Codes of it." in commons(clone, "lineage", "mixed", "--column", "id")
    assert "mixed  Codes of it." in commons(clone, "lineage", "elf_codes", "--down")


def test_columns_that_lineage_names_and_schema_lacks_are_told_with_line_and_nearest(clone: Clone) -> None:
    more = "lineage:\n  - dataset: elf_codes\n    note: n\n    columns:\n"
    more += "      capacty_mw: [elf_code]\n      id: [elf_cod]\n"
    add(clone, "mixed", more)
    said = commons(clone, "check", "mixed", code=1)
    where = "include/datasets/mixed/contract.yaml"
    assert f"{where}:10: lineage: no column 'capacty_mw' in mixed/schema.py (did you mean 'capacity_mw'?)" in said
    assert f"{where}:11: lineage: no column 'elf_cod' in elf_codes/schema.py (did you mean 'elf_code'?)" in said
    (clone.root / where).write_text((clone.root / where).read_text().replace("dataset: elf_codes", "dataset: elf_code"))
    assert f"{where}:7: dataset 'elf_code' is not known (did you mean 'elf_codes'?)" in commons(
        clone, "check", "mixed", code=1
    )


def test_a_circle_is_shown_and_ends(clone: Clone) -> None:
    rule = "expect: {{references: [{{columns: [id], dataset: {}, to: [id]}}]}}\n"
    add(clone, "one", rule.format("two"))
    add(clone, "two", rule.format("one"))
    for words in ((), ("--column", "id")):
        said = commons(clone, "lineage", "one", "--down", *words)
        assert [re.search(r"\b(one|two)\b", line)[0] for line in said.splitlines()[:1]] == ["one"]  # type: ignore[index]
        assert "see above" in said
    impact = {one["dataset"] for one in data(clone, "one", "--impact")["affected"]}
    assert impact == {"two"}


def test_a_broken_neighbour_is_told_and_stops_nothing(clone: Clone) -> None:
    (clone.room / "sec_filers/contract.yaml").write_text("title: [\n")
    said = commons(clone, "lineage", "lei_entities")
    assert "sec_filers: its contract can't be read, so what it uses is not shown. `commons check sec_filers`" in said
    assert "epa_parents: matches" in said
    assert "sec_filers/contract.yaml:" in commons(clone, "lineage", "sec_filers", code=1)


def test_a_folder_that_somebody_deleted_is_still_told_where_it_is_pinned(clone: Clone) -> None:
    shutil.rmtree(clone.room / "elf_codes")
    said = commons(clone, "lineage", "elf_codes")
    assert "elf_codes: its folder is gone from" in said
    assert "still pins a version of it, of 3,818 rows" in said
    assert "elf_codes: its folder is gone" in commons(clone, "lineage", "epa_parents")
    impact = commons(clone, "lineage", "elf_codes", "--impact")
    assert "match stops where one of country_code, name" in impact
    assert "elf_codes: its folder is gone" in impact
    shutil.rmtree(clone.room / "owid_co2")  # never pinned
    assert "no such dataset" in commons(clone, "lineage", "owid_co2", code=2)


def test_a_version_that_was_withdrawn_is_not_promised_back(clone: Clone) -> None:
    gone = Withdrawn(by="owner@example.org", at="2026-02-01T00:00:00Z", why="It names a person.")
    pins = worktree.pins(clone.root)
    entry = pins.entries["elf_codes"]
    entry = entry.model_copy(update={"meta": entry.meta.model_copy(update={"withdrawn": gone})})
    (clone.root / "data.dvc").write_text(render(pins.withdrawing(entry, last=False)))
    said = commons(clone, "lineage", "elf_codes", "--up")
    assert "elf_codes: its newest version was withdrawn by owner@example.org" in said
    assert "are not here" not in said


def test_two_datasets_that_claim_one_table_are_told(clone: Clone) -> None:
    add(clone, "epa_parents__matches")
    add(clone, "owid_co2__matches")
    said = commons(clone, "check", "epa_parents__matches", code=1)
    assert "dataset 'epa_parents' has `match:`, so a table of its versions is called 'epa_parents__matches'" in said
    assert "✓ owid_co2__matches" in commons(clone, "check", "owid_co2__matches")


def test_foreign_text_is_shown_as_text(clone: Clone) -> None:
    more = "lineage:\n  - address: https://example.org/[red]x\n    note: '[bold]note <script> 🌳'\n"
    folder = add(clone, "odd", more)
    text = (folder / "contract.yaml").read_text().replace("title: odd", "title: '[blink]T'")
    (folder / "contract.yaml").write_text(text)
    said = commons(clone, "lineage", "odd")
    assert "https://example.org/[red]x  [bold]note <script> 🌳" in said
    assert "odd  [blink]T" in said
