"""`commons check`: all contracts of the house are sound, and no author's file can hide a problem."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from include.contracts import loader
from include.settings import REPOSITORY

CONTRACT = """\
title: Trees
description: Trees.
owner: trees@example.org
licence: CC0-1.0
source: {url: "https://example.org/trees.csv"}
"""
SCHEMA = """\
import pandera.polars as pa


class Schema(pa.DataFrameModel):
    tree_id: str = pa.Field(description="Tree")
"""


def _check(room: Path, *names: str) -> tuple[int, dict[str, list[str]]]:
    command = [sys.executable, "-P", "-m", "include.cli", "check", "--json", *names]
    known = {"PYTHONPATH": str(REPOSITORY), "COMMONS_DATASETS": str(room)}
    done = subprocess.run(command, env=os.environ | known, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout)


def _write(room: Path, name: str, contract: str = CONTRACT, schema: str = SCHEMA) -> None:
    (room / name).mkdir(parents=True)
    (room / name / "contract.yaml").write_text(contract)
    (room / name / "schema.py").write_text(schema)


def test_every_dataset_of_the_house_is_sound() -> None:
    room = REPOSITORY / "include" / "datasets"
    code, found = _check(room)
    assert list(found) == loader.names(room)
    assert len(found) >= 8
    assert {name: problems for name, problems in found.items() if problems} == {}
    assert code == 0


@pytest.mark.parametrize("line", ["import os; os._exit(0)", "import sys; sys.exit(0)", "raise BaseException('no')"])
def test_a_file_that_ends_the_process_is_its_own_datasets_problem(tmp_path: Path, line: str) -> None:
    _write(tmp_path, "a_good")
    _write(tmp_path, "b_bad", schema=f"{line}\n{SCHEMA}")
    _write(tmp_path, "c_good")
    code, found = _check(tmp_path)
    assert code == 1
    assert (found["a_good"], found["c_good"]) == ([], [])
    assert len(found["b_bad"]) == 1


def test_what_an_authors_file_prints_is_not_in_the_answer(tmp_path: Path) -> None:
    _write(tmp_path, "loud", schema=f"print('hello')\n{SCHEMA}")
    assert _check(tmp_path) == (0, {"loud": []})


def test_a_circle_of_references_is_found(tmp_path: Path) -> None:
    for name, other in (("aa", "bb"), ("bb", "cc"), ("cc", "aa")):
        refers = f"expect: {{references: [{{columns: [tree_id], dataset: {other}, to: [tree_id]}}]}}\n"
        _write(tmp_path, name, CONTRACT + refers)
    code, found = _check(tmp_path, "aa")
    assert code == 1
    assert "aa -> bb -> cc -> aa" in found["aa"][0]


def test_what_matching_names_is_checked_with_the_schema_and_the_judgements(tmp_path: Path) -> None:
    register = "register: {id: tree_id, name: tree_id, country: country, legal_forms: forms}\n"
    _write(tmp_path, "forms")
    _write(tmp_path, "companies", CONTRACT + register)
    _write(tmp_path, "owners", CONTRACT + "match: {register: companies, entity: tree_id, weight: tree_id}\n")
    (tmp_path / "owners" / "judgements.csv").write_text(
        "name,country,lei,judgement,by,on,why\nA,US,none,match,jane,2026-01-05,known\nB,USA,none,maybe,,2026-01-05,x\n"
    )
    code, found = _check(tmp_path)
    assert (code, found["forms"]) == (1, [])
    (country,) = found["companies"]
    assert country.endswith(":6: register.country: no column 'country' in schema.py. Name one of its columns.")
    weight, *judged = found["owners"]
    assert ":6: match.weight: column 'tree_id' is string, expected a number." in weight
    assert len(judged) == 3
    assert all("owners/judgements.csv:3: " in problem for problem in judged)
