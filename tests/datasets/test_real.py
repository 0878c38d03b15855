"""Every dataset of the authors' room, from its real source to a pinned version, by the processes that pods run."""

import json
import os
import subprocess
from decimal import Decimal
from itertools import chain
from pathlib import Path

import polars as pl
import pytest

from include.adapters.store import Store
from include.cli.local import verbs
from include.contracts import loader
from include.settings import REPOSITORY
from include.tasks.receipts import Receipt, found
from include.versions import reading, worktree

ROOM = REPOSITORY / "include" / "datasets"
NAMES = list(chain.from_iterable(loader.waves(ROOM, loader.names(ROOM))))

# Records, published, quarantined, merged; counted from the publishers' files (see the data's own descriptions).
KNOWN = {
    "elf_codes": (3_819, 3_818, 1, 0),
    "lei_entities": (107_070, 69_668, 9, 37_393),
    "sec_filers": (10_365, 10_365, 0, 0),
    "pudl_utilities": (15_943, 15_943, 0, 0),
    "wri_power_plants": (21_175, 21_175, 0, 0),
    "owid_co2": (24_016, 24_016, 0, 0),
    "eia_plants": (11_833, 11_833, 0, 0),
    "epa_parents": (9_144, 9_144, 0, 0),
}


class Clone:
    """A repository with store and remotes beside it; verbs run as processes, sources come from the mirror."""

    def __init__(self, place: Path, mirror: Path) -> None:
        self.root, self.store = place / "clone", Store(f"file://{place}/store/dev")
        self.root.mkdir()
        subprocess.run(["git", "init", "-q", "-b", "main", str(self.root)], check=True)
        self.variables = os.environ | {
            "COMMONS_STORE": f"file://{place}/store",
            "COMMONS_REMOTE": str(place / "remote"),
            "COMMONS_PUBLISH": f"worktree:{self.root}",
            "COMMONS_MIRROR": str(mirror),
            "PYTHONPATH": str(REPOSITORY),
        }
        self.remote = place / "remote"

    def run(self, name: str, run: str) -> Receipt:
        for verb in verbs(loader.load(ROOM / name)):
            command = [str(REPOSITORY / ".venv-task/bin/python"), "-m", "include.tasks", verb, name, "--run", run]
            done = subprocess.run(
                command, env=self.variables, cwd=REPOSITORY, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
        receipt = found(self.store, name, run, "publish")
        assert receipt is not None
        return receipt


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Clone:
    return Clone(tmp_path_factory.mktemp("real"), shared)


def test_the_authors_room_holds_the_datasets_whose_counts_are_known() -> None:
    assert set(KNOWN) <= set(NAMES)
    assert NAMES.index("elf_codes") < NAMES.index("lei_entities") < NAMES.index("epa_parents")


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_is_small(name: str) -> None:
    files = [file for file in (ROOM / name).iterdir() if file.is_file()]
    assert len(files) <= 4
    assert sum(len(file.read_text().splitlines()) for file in files if file.name != "extract.py") < 150


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", NAMES)
def test_it_is_published_with_every_record_accounted_for_and_checked_the_second_time(name: str, clone: Clone) -> None:
    first = clone.run(name, "first")
    counts = first.counts
    assert first.outcome == "done"
    assert counts.records + counts.added == counts.published + counts.quarantined + counts.rejected + counts.merged
    assert (counts.records, counts.published, counts.quarantined, counts.merged) == KNOWN.get(
        name, (counts.records, counts.published, counts.quarantined, counts.merged)
    )
    entry = worktree.pins(clone.root).entries[name]
    assert entry.meta.rows == counts.published
    before = (clone.root / "data.dvc").read_bytes()
    again = clone.run(name, "second")
    assert again.outcome == "unchanged"
    assert (clone.root / "data.dvc").read_bytes() == before


def _file(clone: Clone, name: str, file: str) -> Path:
    entry = worktree.pins(clone.root).entries[name]
    source = reading.remote("public", clone.root, str(clone.remote))
    listing = reading.listing(entry.md5, source, clone.root / "cache")
    return reading.fetch(listing.files[file], source, clone.root / "cache")


def _rules(clone: Clone, name: str) -> dict[str, dict[str, object]]:
    quality = json.loads(_file(clone, name, "quality.json").read_text())
    return {rule["rule"]: rule for rule in quality["rules"] if rule["on"] == "rows"}


def test_elf_codes_name_the_surplus_form(clone: Clone) -> None:
    kept_back = pl.read_parquet(_file(clone, "elf_codes", "quarantine.parquet"))
    assert kept_back.select("elf_code", "language", "name").row(0) == ("X0SD", "Portuguese", "Companhia")
    assert "repeats record 337" in kept_back["reasons"][0][0]


def test_lei_entities_quarantine_wrong_check_digits(clone: Clone) -> None:
    kept_back = pl.read_parquet(_file(clone, "lei_entities", "quarantine.parquet"))
    assert kept_back.height == 9
    for lei in kept_back["lei"]:
        digits = "".join(str(int(character, 36)) for character in lei)
        assert int(digits) % 97 != 1, f"{lei} has right ISO 7064 check digits"


def test_wri_power_plants_have_the_columns_of_all_eleven_files(clone: Clone) -> None:
    table = pl.read_parquet(_file(clone, "wri_power_plants", "table/part-00000.parquet"))
    assert table.shape == (21_175, 31)
    assert len(json.loads(_file(clone, "wri_power_plants", "raw/sources.json").read_text())) == 11


def test_owid_co2_columns_are_described_by_the_codebook(clone: Clone, shared: Path) -> None:
    book = pl.read_csv(shared / "owid_co2" / "owid-co2-codebook_2020-12-09_2a6c4a2.csv")
    texts = dict(book.select("column", "description").iter_rows())
    columns = json.loads(_file(clone, "owid_co2", "schema.json").read_text())["columns"]
    assert len(columns) == 38
    assert {c["name"]: c["description"] for c in columns} == {name: " ".join(texts[name].split()) for name in texts}


def test_epa_parents_report_the_dirt_as_such(clone: Clone) -> None:
    rules = _rules(clone, "epa_parents")
    repeated = rules["unique.facility_id+reporting_year+parent_name"]
    assert (repeated["failures"], repeated["groups"], repeated["severity"]) == (23, 22, "warning")
    assert (rules["sums.ownership_pct"]["groups"], rules["sums.ownership_pct"]["severity"]) == (82, "warning")
    table = pl.read_parquet(_file(clone, "epa_parents", "table/part-00000.parquet"))
    assert table["ownership_pct"].null_count() == 81


# Names of each dataset; of them, links that are surely right and surely wrong, looked up in the register by a person.
MATCHED = {
    "pudl_utilities": (15_112, "Madison Gas & Electric Co", "MADISON GAS AND ELECTRIC COMPANY"),
    "sec_filers": (7_992, "BATTALION OIL CORP", "Battalion Oil Corporation"),
    "epa_parents": (3_319, "CALHOUN POWER CO LLC", "Calhoun Power Company, LLC"),
    "wri_power_plants": (6_868, "Portland General Electric Co", "PORTLAND GENERAL ELECTRIC COMPANY"),
    "eia_plants": (5_369, "Portland General Electric Co", "PORTLAND GENERAL ELECTRIC COMPANY"),
}


@pytest.mark.parametrize("name", MATCHED)
def test_names_are_linked_to_legal_entities_that_exist(name: str, clone: Clone) -> None:
    register = pl.read_parquet(_file(clone, "lei_entities", "table/part-00000.parquet"))
    matches = pl.read_parquet(_file(clone, name, "matches.parquet"))
    mentions, known, legal_name = MATCHED[name]
    assert matches.height == mentions
    linked = matches.drop_nulls("entity_id")
    assert 50 < linked.height < mentions / 2  # the register holds three sectors only
    for column in ("entity_id", "candidate_id", "runner_up"):
        assert matches[column].drop_nulls().is_in(register["lei"].implode()).all()
    assert dict(linked.select("name", "candidate_name").iter_rows())[known] == legal_name
    told = json.loads(_file(clone, name, "match.json").read_text())
    assert sum(part["mentions"] for part in told["decisions"].values()) == mentions
    assert told["register"]["md5"] == worktree.pins(clone.root).entries["lei_entities"].md5
    inputs = worktree.pins(clone.root).entries[name].meta.inputs
    assert set(inputs) == {"elf_codes", "lei_entities"}


def test_the_roll_up_of_epa_parents_preserves_the_facilities_totals(clone: Clone) -> None:
    table = pl.read_parquet(_file(clone, "epa_parents", "table/part-00000.parquet"))
    companies = pl.read_parquet(_file(clone, "epa_parents", "rollup.parquet"))
    facilities = table.select("facility_id", "reporting_year", "emissions_tco2e").unique().drop_nulls()
    published = sum((Decimal(repr(one)) for one in facilities["emissions_tco2e"].to_list()), Decimal())
    assert companies["emissions_tco2e"].sum() == published
    told = json.loads(_file(clone, "epa_parents", "match.json").read_text())["ownership"]
    assert Decimal(told["given"]) == published == Decimal(told["allocated"]) + Decimal(told["unallocated"])
    assert 0 < Decimal(told["unallocated"]) < published / 10
