"""Companies that give their LEI themselves: what is matched by identifier, and by name, against what they say."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from include.adapters.store import Store
from include.cli.local import verbs
from include.contracts import loader
from include.settings import REPOSITORY
from include.tables.checkdigits import lei
from include.tasks.receipts import found

ADDRESS = (
    "https://raw.githubusercontent.com/ScienceBasedTargets/SBTi-finance-tool/8eb0c06eaf2cbfa23034211a111f347f8c0d0ea9/"
    "SBTi/inputs/current-Companies-Taking-Action-191.xlsx"
)
CONTRACT = f"""\
title: Companies with science-based targets
description: As of January 2023.
owner: climate-data@example.org
licence: LicenseRef-SBTi
source:
  url: {ADDRESS}
  ignore:
    - ISIN
    - Near term - Target Status
    - Near term - Target Classification
    - Near term - Target Year
    - Long term - Target Status
    - Long term - Target Classification
    - Long term - Target Year
    - Net-Zero Committed
    - Net-Zero Year
    - Organization Type
    - BA1.5
    - BA1.5 Date
    - Region
    - Sector
    - Date
    - Target
    - Target Classification
    - Extension
repeats: keep
match:
  register: lei_entities
  entity: company_name
  country: location
"""
SCHEMA = """\
import pandera.polars as pa


class Schema(pa.DataFrameModel):
    company_name: str = pa.Field(description="Name as the company wrote it")
    lei: str = pa.Field(nullable=True, description="LEI as the company wrote it, not checked")
    location: str = pa.Field(nullable=True, description="Country, in words")
"""
ROOM = REPOSITORY / "include" / "datasets"


IDENTIFIERS = "  identifiers: {lei: lei}\n"


class Matched:
    """Links and report of the companies: by LEI and name, and by name alone."""

    def __init__(self, place: Path, mirror: Path) -> None:
        self.room, self.store = place / "room", Store(f"file://{place}/store/dev")
        known = {"STORE": f"file://{place}/store", "REMOTE": f"{place}/remote", "PUBLISH": f"worktree:{place}"}
        known |= {"MIRROR": str(mirror), "DATASETS": str(self.room)}
        self.variables = {f"COMMONS_{key}": value for key, value in known.items()} | {"PYTHONPATH": str(REPOSITORY)}
        for name in ("elf_codes", "lei_entities"):
            shutil.copytree(ROOM / name, self.room / name, ignore=shutil.ignore_patterns("__pycache__"))
            self.run(name)
        self.by_lei, self.told = self.match("by_lei", CONTRACT + IDENTIFIERS)
        self.by_name, _ = self.match("by_name", CONTRACT)

    def run(self, name: str) -> None:
        for verb in verbs(loader.load(self.room / name)):
            command = [str(REPOSITORY / ".venv-task/bin/python"), "-m", "include.tasks", verb, name, "--run", "r"]
            done = subprocess.run(
                command, env=os.environ | self.variables, cwd=REPOSITORY, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr

    def match(self, name: str, contract: str) -> tuple[pl.DataFrame, dict[str, Any]]:
        (self.room / name).mkdir()
        (self.room / name / "contract.yaml").write_text(contract)
        (self.room / name / "schema.py").write_text(SCHEMA)
        self.run(name)
        receipt = found(self.store, name, "r", "match")
        assert receipt
        left = [self.store.local(f"{receipt.folder}/{file}", Path()) for file in ("matches.parquet", "match.json")]
        return pl.read_parquet(left[0]), json.loads(left[1].read_text())


@pytest.fixture(scope="module")
def matched(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Matched:
    return Matched(tmp_path_factory.mktemp("sbti"), shared)


@pytest.fixture(scope="module")
def register(shared: Path) -> pl.Series:
    files = sorted((shared / "gleif_lei").glob("gleif_*.parquet"))
    assert len(files) == 3
    return pl.concat([pl.read_parquet(file, columns=["LEI"]) for file in files])["LEI"].unique()


@pytest.mark.timeout(300)
def test_every_lei_is_sound_and_looked_up_or_told_as_wrong(matched: Matched, register: pl.Series) -> None:
    links = matched.by_lei.with_columns(sound=lei(pl.col("given_lei").str.strip_chars().replace("", None)))
    assert int(links["records"].sum()) == 4_418
    counts = matched.told["identifiers"]["lei"]
    assert (counts["wrong"], links.filter(~pl.col("sound")).height) == (43, 44)  # one, "LEI 5299…", can be repaired
    here = links.filter(pl.col("sound") & pl.col("given_lei").str.strip_chars().is_in(register.implode()))
    assert here.height == counts["sound"] > 50
    named = here.filter(pl.col("method") == "identifier")
    assert named.height == here.height
    assert (named["candidate_id"] == named["given_lei"].str.strip_chars()).all()
    assert set(named["decision"]) == {"accept", "review"}  # a name that is another company's goes to a person
    assert matched.told["identifiers"]["conflicting"] == named.filter(pl.col("decision") == "review").height


@pytest.mark.timeout(300)
def test_links_by_name_alone_seldom_contradict_the_lei_that_a_company_gives(matched: Matched) -> None:
    given = matched.by_lei.filter(lei(pl.col("given_lei").str.strip_chars())).select("name", "given_lei")
    linked = matched.by_name.drop_nulls("entity_id").join(given, on="name")
    right = linked.filter(pl.col("entity_id") == pl.col("given_lei").str.strip_chars()).height
    assert linked.height >= 10
    assert right / linked.height > 0.8, linked.select("name", "candidate_name", "score").to_dicts()
