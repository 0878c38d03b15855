"""Real histories: what the difference of two versions must say, with figures counted from the publishers' files."""

import json
import subprocess
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
import python_calamine

from include.contracts.columns import Column, TableSchema
from include.diff.compare import Side, compare
from include.diff.model import Coverage, DatasetDiff, TableDiff
from include.versions import changes, reading
from tests.clone import run
from tests.histories import Histories
from tests.past import elf_codes, owid_co2, sbti_companies, wri_power_plants

pytestmark = pytest.mark.timeout(600)


def difference(histories: Histories, name: str, before: str, after: str) -> tuple[DatasetDiff, TableDiff]:
    """What `commons diff` says of a dataset between two versions of its history."""
    commits = histories.publish(name)
    (found,) = changes.changes(histories.root, commits[before], commits[after], [name]).datasets
    assert (found.status, found.problem) == ("changed", None)
    assert found.table is not None
    return found, found.table


def kinds(table: TableDiff) -> Counter[str]:
    return Counter(change.kind for change in table.schema_changes if change.kind != "description")


def cells(table: TableDiff) -> dict[str, int]:
    """Changed cells by column, keys left out."""
    return {column.name: column.cells for column in table.columns if column.cells and not column.key}


def coverage(table: TableDiff, column: str) -> Coverage:
    (found,) = (coverage for coverage in table.coverage if coverage.column == column)
    return found


@pytest.mark.parametrize("name", ["owid_co2", "wri_power_plants", "elf_codes", "sbti_companies"])
def test_history_and_rows_are_those_that_were_published(histories: Histories, name: str) -> None:
    commits = histories.publish(name)
    known = reading.history(histories.root, name)
    assert [version.commit for version in known] == list(commits.values())[::-1]
    for label, commit in commits.items():
        receipt = histories.receipt(name, label, "publish")
        assert receipt is not None
        frame = reading.open_version(name, commit, histories.root)
        assert frame.select(pl.len()).collect().item() == receipt.counts.published > 900


def test_owid_headings_in_prose_became_machine_names(histories: Histories) -> None:
    found, table = difference(histories, "owid_co2", "a96cbd0", "9f743dc")
    renamed = {change.before: change.after for change in table.schema_changes if change.kind == "renamed"}
    assert renamed == owid_co2.RENAMED
    assert len(renamed) == 35
    assert renamed["annual_co2_emissions_mt"] == "co2"
    assert kinds(table) == {"renamed": 35, "order": 1}
    assert not any(change.proposed for change in table.schema_changes)
    assert cells(table) == {}
    assert (table.counts.before, table.counts.after, table.counts.unchanged) == (24_016, 24_016, 24_016)
    assert "reason given: The publisher gave machine names to 35 headings (An author)" in found.causes
    assert not found.unexplained


def test_owid_names_that_no_author_connected_are_proposed_from_their_values(histories: Histories) -> None:
    """The same two versions as if every column had been dropped and added: the values tell which is which."""
    commits = histories.publish("owid_co2")
    before, after = (_side(histories, "owid_co2", commits[label]) for label in ("a96cbd0", "9f743dc"))
    apart = tuple(column.model_copy(update={"id": column.id + 100}) for column in after.schema.columns)
    table = compare(before, Side(after.files, after.schema.model_copy(update={"columns": apart})), 512)
    renamed = {change.before: change.after for change in table.schema_changes if change.kind == "renamed"}
    assert renamed == owid_co2.RENAMED
    assert all(change.proposed for change in table.schema_changes if change.kind == "renamed")
    assert not kinds(table) & Counter(["dropped", "added"])


def test_owid_corrected_values_and_no_key(histories: Histories) -> None:
    _, table = difference(histories, "owid_co2", "9f743dc", "da0fcf7")
    assert (table.counts.added, table.counts.removed, table.counts.moved) == (0, 0, 0)
    assert cells(table) == {
        "co2_per_capita": 20_464,
        "share_global_cumulative_co2": 19_824,
        "co2_per_gdp": 14_940,
        "trade_co2_share": 3_359,
        "consumption_co2_per_capita": 3_331,
        "consumption_co2_per_gdp": 3_182,
    }
    assert kinds(table) == {}


def test_owid_renamed_countries_are_a_moved_key(histories: Histories) -> None:
    _, table = difference(histories, "owid_co2", "da0fcf7", "2a6c4a2")
    (moved,) = table.moved
    assert moved.columns == ("country",)
    assert {move.before[0]: (move.after[0], move.rows) for move in moved.moves} == {
        "Czech Republic": ("Czechia", 60),
        "Swaziland": ("Eswatini", 69),
        "Macedonia": ("North Macedonia", 60),
    }
    counts = table.counts
    assert (counts.moved, counts.added, counts.removed, counts.changed) == (189, 0, 0, 159)
    assert cells(table) == {"co2_per_unit_energy": 159}
    assert table.coverage == ()


def test_wri_key_was_renamed_and_countries_were_lost_with_a_file(histories: Histories) -> None:
    found, table = difference(histories, "wri_power_plants", "v1.0.0", "v1.1.0")
    renamed = {change.before: change.after for change in table.schema_changes if change.kind == "renamed"}
    assert renamed == {"pw_idnr": "gppd_idnr", "country": "country_long"}
    assert table.key == ("gppd_idnr",)
    assert found.before is not None
    assert found.before.quarantined == 434, "ids that came twice in v1.0.0"
    assert {rule.rule: (rule.before, rule.after) for rule in found.quality} == {"repeats": (388, 0), "key": (46, 0)}
    lost = coverage(table, "country_long")
    assert (lost.lost_values, lost.gained_values) == (123, 0)
    assert lost.lost_rows == 13_671
    assert ("France", 2_080) in [(part.value, part.rows) for part in lost.lost]
    rows = _rows(histories, "wri_power_plants", "v1.0.0")
    assert rows["country"].n_unique() == 135
    brazil = _rows(histories, "wri_power_plants", "v1.1.0").filter(pl.col("country") == "BRA")
    assert brazil.height == 4_666, "Brazil's file has the names of v1.0.0 for a release longer"
    assert brazil["gppd_idnr"].null_count() == 0
    assert table.counts.added == 0


def test_wri_lost_the_united_kingdom_and_gained_columns(histories: Histories) -> None:
    _, table = difference(histories, "wri_power_plants", "v1.1.0", "v1.2.3")
    assert [(part.value, part.rows) for part in coverage(table, "country_long").lost] == [("United Kingdom", 2_991)]
    assert [(part.value, part.rows) for part in coverage(table, "country").lost] == [("GBR", 2_991)]
    came = {change.column for change in table.schema_changes if change.kind == "added"}
    assert came == set(wri_power_plants.CAME["v1.2.3"])
    assert len(came) == 7
    assert not any(change.breaking for change in table.schema_changes)


def test_wri_gained_two_years_of_generation(histories: Histories) -> None:
    found, table = difference(histories, "wri_power_plants", "v1.2.3", "v1.3.0")
    came = {change.column for change in table.schema_changes if change.kind == "added"}
    assert came == set(wri_power_plants.CAME["v1.3.0"])
    assert (table.counts.before, table.counts.after) == (19_442, 21_175)
    assert (table.counts.added, table.counts.removed) == (1_924, 191)
    assert [(rule.rule, rule.before, rule.after) for rule in found.quality] == [("latitude.le", 0, 1)]


# Codes added, rows whose status changed, rows made inactive; counted from GLEIF's files.
FORMS = {
    ("2017-11-30", "2019-11-06"): (482, 45, 40),
    ("2019-11-06", "2020-06-10"): (785, 37, 37),
    ("2020-06-10", "2020-11-19"): (46, 58, 58),
    ("2020-11-19", "2021-09-23"): (361, 12, 12),
    ("2021-09-23", "2023-09-28"): (156, 47, 47),
}


@pytest.mark.parametrize(("before", "after"), FORMS)
def test_elf_codes_were_added_and_made_inactive(histories: Histories, before: str, after: str) -> None:
    assert len(elf_codes.EDITIONS) == len(FORMS) + 1
    _, table = difference(histories, "elf_codes", before, after)
    added, changed, inactive = FORMS[before, after]
    codes = coverage(table, "elf_code")
    assert (codes.gained_values, codes.lost_values) == (added, 0)
    assert cells(table)["status"] == changed
    old, new = (_rows(histories, "elf_codes", label) for label in (before, after))
    both = old.join(new, on=["elf_code", "country_code", "language_code"], suffix="_now", nulls_equal=True)
    assert both.filter((pl.col("status") == "ACTV") & (pl.col("status_now") == "INAC")).height == inactive
    assert kinds(table) == {}


def test_elf_codes_moved_where_a_language_got_its_own_code(histories: Histories) -> None:
    """Swedish forms were listed as Northern Sami (se) until 2019."""
    _, table = difference(histories, "elf_codes", "2017-11-30", "2019-11-06")
    (moved,) = table.moved
    assert moved.rows == 17
    assert ("1TN0", "SE", "se") in [move.before for move in moved.moves]
    assert ("1TN0", "SE", "sv") in [move.after for move in moved.moves]


def test_sbti_editions_have_9_20_21_and_22_columns(histories: Histories) -> None:
    commits = histories.publish("sbti_companies")
    widths = [len(_side(histories, "sbti_companies", commit).schema.columns) for commit in commits.values()]
    assert widths == [9, 9, 20, 20, 21, 22]
    _, table = difference(histories, "sbti_companies", "2021-09-10", "2022-03-01")
    assert (kinds(table)["renamed"], kinds(table)["added"]) == (4, 11)
    _, table = difference(histories, "sbti_companies", "2022-09-05", "2023-01-18")
    assert {c.column for c in table.schema_changes if c.kind == "added"} == {"lei"}


def test_sbti_repeats_889_rows_in_2021(histories: Histories, shared: Path, tmp_path: Path) -> None:
    """They are blank: as a table of the sheet they repeat, as records they are none."""
    sides = [_sheet(shared, tmp_path, name) for name in ("2020-06-25_bbd15d4", "2021-09-10_8b9345d")]
    # 890 rows are equal, so 889 are too many; by name, six nameless ones more and two names twice share theirs.
    for key, sharing in (((), 890), (("company_name",), 890 + 6 + 4)):
        before, after = (Side(side.files, side.schema.model_copy(update={"key": key})) for side in sides)
        table = compare(before, after, 512)
        assert (table.counts.before, table.counts.after) == (911, 2_676)
        assert (table.repeated.before, table.repeated.after) == (0, sharing)
    receipt = histories.publish("sbti_companies") and histories.receipt("sbti_companies", "2021-09-10", "publish")
    assert receipt
    assert receipt.counts.records == 2_676 - 890
    assert (receipt.counts.published, receipt.counts.quarantined) == (1_778, 8)


def test_sbti_in_2025_is_stopped_until_a_person_allows_it(histories: Histories) -> None:
    histories.publish("sbti_companies")
    said = "\n".join(histories.stopped["sbti_companies", "2025-05-20"])
    assert "'Near term - Target Status' is gone" in said, "validate stops at the headings"
    assert "11 changes break whoever reads the last version" in said, "publish stops at the key"
    assert "the key changes from (company_name) to (sbti_id)" in said
    found, table = difference(histories, "sbti_companies", "2023-01-18", "2025-05-20")
    assert kinds(table)["key"] == 1
    assert kinds(table)["renamed"] == len(sbti_companies.WAS["2025-05-20"]) == 9
    assert (table.counts.before, table.counts.after) == (4_417, 11_348)
    assert any("reason given: The publisher has an identifier of its own now" in cause for cause in found.causes)
    entry = reading.entry_at(histories.root, "sbti_companies")
    assert entry.meta.why == "The publisher has an identifier of its own now, and other headings (An author)"


@pytest.mark.parametrize(
    ("name", "version", "many"),
    [
        ("owid_co2", "9f743dc", "35 changes break"),
        ("wri_power_plants", "v1.1.0", "3 changes break"),
        ("sbti_companies", "2022-03-01", "4 changes break"),
        ("sbti_companies", "2023-01-18", "2 changes break"),
    ],
)
def test_every_version_that_breaks_readers_was_stopped_first(
    histories: Histories, name: str, version: str, many: str
) -> None:
    histories.publish(name)
    said = "\n".join(histories.stopped[name, version])
    assert many in said
    assert "breaking:\n  - after:" in said


def test_the_command_says_it_in_words_with_exit_code_1(histories: Histories) -> None:
    commits = histories.publish("wri_power_plants")
    done = run(
        f".venv/bin/commons diff {commits['v1.0.0']} {commits['v1.1.0']} wri_power_plants --markdown -", histories.root
    )
    assert done.returncode == 1, done.stderr
    for words in ("pw_idnr", "gppd_idnr", "123", "France"):
        assert words in done.stdout
    same = run(
        f".venv/bin/commons diff {commits['v1.1.0']} {commits['v1.1.0']} wri_power_plants --json", histories.root
    )
    assert (same.returncode, json.loads(same.stdout)["datasets"]) == (0, [])


def _side(histories: Histories, name: str, commit: str) -> Side:
    entry = reading.entry_at(histories.root, name, commit)
    cache = histories.root / "cache"
    schema = reading.file_of(entry, "schema.json", cache, histories.root).read_bytes()
    return Side(reading.table_files(entry, cache, histories.root), TableSchema.from_json(schema))


def _rows(histories: Histories, name: str, label: str) -> pl.DataFrame:
    return reading.open_version(name, histories.publish(name)[label], histories.root).collect()


def _sheet(shared: Path, place: Path, name: str) -> Side:
    """The sheet as it is, blank rows included, as a table of text."""
    book = python_calamine.CalamineWorkbook.from_path(shared / f"sbti_companies/companies-taking-action_{name}.xlsx")
    rows = book.get_sheet_by_name("Worksheet").to_python()[1:]
    names = ["company_name", "isin", "qualification", "country", "region", "sector", "status", "date", "about"]
    columns = {name: [str(row[at]) or None for row in rows] for at, name in enumerate(names)}
    file = place / f"{name}.parquet"
    pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String)).write_parquet(file)
    made = (Column(name=name, id=at, type="string", nullable=True) for at, name in enumerate(names, 1))
    return Side([file], TableSchema(columns=tuple(made)))


def test_plain_dvc_reads_every_version_of_a_history(histories: Histories, tmp_path: Path) -> None:
    commits = histories.publish("elf_codes")
    for label in ("2017-11-30", "2023-09-28"):
        out = tmp_path / label
        command = [
            histories.root / ".venv/bin/dvc",
            "get",
            "--rev",
            commits[label],
            ".",
            "data/elf_codes/table",
            "-o",
            out,
        ]
        subprocess.run(command, cwd=histories.root, check=True, capture_output=True)
        assert pl.read_parquet(out / "*.parquet").equals(_rows(histories, "elf_codes", label))
