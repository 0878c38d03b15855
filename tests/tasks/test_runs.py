"""Whole runs, and what they leave when things go wrong: one version or none, nothing lost, a reason that helps."""

import dataclasses
import json
import re
from pathlib import Path

import polars as pl
import pytest

from include.tasks.receipts import found
from include.versions import heads, reading
from tests.tasks.conftest import CONTRACT, ROWS, SCHEMA, VERBS, Forks, Wells, deployment


def _rows(wells: Wells) -> pl.DataFrame:
    entry = wells.pinned()
    assert entry is not None
    source = reading.remote("public", None, str(wells.root / "remotes"))
    listing = reading.listing(entry.md5, source, wells.root / "cache").files
    part = reading.fetch(listing["table/part-00000.parquet"], source, wells.root / "cache")
    return pl.read_parquet(part)


def _problems(wells: Wells, run: str = "r1") -> str:
    receipt = found(wells.store, "wells", run, "validate")
    assert receipt is not None
    return "\n".join(receipt.problems)


def test_a_run_publishes_one_version_whose_rows_are_those_of_the_source(wells: Wells) -> None:
    assert wells.run() == [0, 0, 0]
    table = _rows(wells)
    assert table.height == 20
    assert table.filter(pl.col("well_id") == "W7").row(0) == ("W7", 10.5, "NA")
    assert table["country_code"].null_count() == 10
    entry = wells.pinned()
    assert entry is not None
    head = heads.read(wells.store, "main", "wells")
    assert head is not None
    assert head.entry == entry


def test_equal_content_makes_no_commit(wells: Wells) -> None:
    wells.run("r1")
    lines = ROWS.splitlines()
    wells.write("\r\n".join([lines[0], *reversed(lines[1:])]) + "\r\n")  # other bytes, the same rows
    assert wells.run("r2") == [0, 0, 0]
    receipt = found(wells.store, "wells", "r2", "publish")
    assert receipt is not None
    assert receipt.outcome == "unchanged"
    assert wells.versions() == 1


def test_a_new_version_follows_when_a_value_changes(wells: Wells) -> None:
    wells.run("r1")
    wells.write(ROWS.replace("W3,4.5", "W3,4.75"))
    wells.run("r2")
    assert wells.versions() == 2
    assert _rows(wells).filter(pl.col("well_id") == "W3")["depth_m"].item() == 4.75


def test_killed_anywhere_then_run_again_gives_exactly_one_version(tmp_path: Path, forks: Forks) -> None:
    """Fault 1: kill -9 at step boundaries of every verb."""
    calm = deployment(tmp_path / "calm", forks)
    events = {verb: calm.verb(verb)["events"] for verb in VERBS}
    wanted = calm.pinned()
    assert wanted is not None
    points = [(verb, at) for verb in VERBS for at in {1, 3, events[verb] // 2, events[verb] - 2, events[verb]}]
    assert len(points) >= 12
    for number, (verb, at) in enumerate(points):
        hit = deployment(tmp_path / f"hit{number}", forks)
        for step in VERBS[: VERBS.index(verb)]:
            assert hit.verb(step)["code"] == 0
        hit.verb(verb, kill_at=at)
        seen = hit.pinned()
        assert seen is None or seen.md5 == wanted.md5, f"half a version after {verb} was killed at {at}"
        for step in VERBS[VERBS.index(verb) :]:
            assert hit.verb(step)["code"] == 0, f"{step} after {verb} was killed at {at}"
        again = hit.pinned()
        assert again is not None
        assert (again.md5, again.meta.content, hit.versions()) == (wanted.md5, wanted.meta.content, 1)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (ROWS.replace("depth_m", "depth_metres"), r"'depth_m'.*'depth_metres'"),
        (ROWS.replace(",depth_m", "").replace(".5,", ",").replace(".0,", ","), "depth_m"),
        ("".join(f"{line},x\n" if n else f"{line},operator\n" for n, line in enumerate(ROWS.splitlines())), "operator"),
    ],
    ids=["renamed", "dropped", "added"],
)
def test_a_changed_source_is_blocked_with_the_difference(wells: Wells, rows: str, told: str) -> None:
    """Fault 13: upstream renames, drops or adds a column; the last good version stays."""
    wells.run("r1")
    before = wells.pinned()
    if told == "depth_m":
        rows = "well_id,country_code\n" + "".join(f"W{n},NA\n" for n in range(1, 21))
    wells.write(rows)
    assert wells.run("r2") == [0, 1]
    assert re.search(told, _problems(wells, "r2"))
    assert wells.pinned() == before


def test_a_column_of_another_type_is_blocked_and_kept(wells: Wells) -> None:
    """Fault 13: numbers become words: every row is quarantined with its reason, and none published."""
    wells.run("r1")
    before = wells.pinned()
    wells.write(ROWS.replace(".5,", " metres,").replace(".0,", " metres,"))
    assert wells.run("r2") == [0, 1]
    receipt = found(wells.store, "wells", "r2", "validate")
    assert receipt is not None
    assert (receipt.counts.quarantined, receipt.counts.published) == (20, 0)
    assert wells.pinned() == before


@pytest.mark.parametrize("kept", [0, 2], ids=["empty", "shrunk"])
def test_a_source_that_shrinks_is_blocked(wells: Wells, kept: int) -> None:
    """Fault 14: 90 % fewer rows, or none."""
    wells.run("r1")
    before = wells.pinned()
    wells.write("".join(ROWS.splitlines(keepends=True)[: kept + 1]))
    codes = wells.run("r2")
    assert codes[-1] == 1
    assert wells.pinned() == before
    if kept:
        assert "rows_change_pct" in _problems(wells, "r2")


def test_a_page_for_people_is_refused_and_its_bytes_are_kept(wells: Wells) -> None:
    """Fault 14: an HTML error page where a table should be."""
    wells.run("r1")
    before = wells.pinned()
    wells.write("<!DOCTYPE html><html><head><title>We are down</title></head><body>Sorry</body></html>")
    assert wells.run("r2") == [1]
    (kept,) = [path for path in wells.store.list("runs/wells/r2") if "/refused/" in path]
    assert b"We are down" in (wells.store.get(kept) or b"")
    assert wells.pinned() == before


def test_rows_that_break_a_rule_are_quarantined_with_every_reason(wells: Wells) -> None:
    wells.write(ROWS + "X1,-3,NA\nW1,1.5,NA\n")
    assert wells.run() == [0, 0, 0]
    receipt = found(wells.store, "wells", "r1", "publish")
    assert receipt is not None
    assert (receipt.counts.records, receipt.counts.published, receipt.counts.quarantined) == (22, 20, 2)
    local = wells.store.local(_output(wells, "quarantine.parquet"), wells.root)
    kept = {row["record"]: row["reasons"] for row in pl.read_parquet(local).to_dicts()}
    assert set(kept) == {21, 22}
    assert len(kept[21]) == 2, "a row tells every reason it fails for"


def test_broken_lines_are_rejected_with_their_place_and_too_many_stop_the_run(wells: Wells) -> None:
    wells.write(ROWS.replace("W20,30.0,", "W20"))
    assert wells.run("r1") == [0, 1]
    assert "1 of 20 records rejected (5 %)" in _problems(wells)
    wells.write(ROWS.replace("W20,30.0,", "W20"), CONTRACT.replace("quarantine_pct: 40", "rejected_pct: 5"))
    assert wells.run("r2") == [0, 0, 0]
    receipt = found(wells.store, "wells", "r2", "validate")
    assert receipt is not None
    report = (wells.store.get(f"{receipt.folder}/report.md") or b"").decode()
    assert "1: too few fields (first: wells.csv, line 21)" in report
    assert "1 rejected" in report


def test_extract_py_must_count_what_it_drops(wells: Wells) -> None:
    wells.write(contract=CONTRACT.replace("quarantine_pct: 40", "rejected_pct: 5"))
    (wells.folder / "extract.py").write_text(
        "import polars as pl\n\n\ndef extract(frames):\n    (table,) = frames.values()\n"
        "    return table.filter(pl.col('well_id') != 'W1')\n"
    )
    assert wells.run() == [1]
    (wells.folder / "extract.py").write_text(
        "import polars as pl\n\n\ndef extract(frames):\n    (table,) = frames.values()\n"
        "    return table.filter(pl.col('well_id') != 'W1'), {'rejected': {'the first well is a test': 1}}\n"
    )
    assert wells.run("r2") == [0, 0, 0]
    receipt = found(wells.store, "wells", "r2", "publish")
    assert receipt is not None
    assert (receipt.counts.records, receipt.counts.published, receipt.counts.rejected) == (20, 19, 1)


def test_restricted_data_are_proposed_and_lie_on_their_own_remote(wells: Wells) -> None:
    wells.write(
        contract=CONTRACT.replace("access: public", "access: internal"),
        schema=SCHEMA.replace('description="Country"', 'description="Country", metadata={"sensitivity": "restricted"}'),
    )
    assert wells.run() == [0, 0, 0]
    assert wells.pinned() is None
    assert (wells.root / "remotes" / "restricted").is_dir()
    assert not (wells.root / "remotes" / "internal").exists()


def _listing(wells: Wells) -> dict[str, str]:
    entry = wells.pinned()
    assert entry is not None
    source = reading.remote("public", None, str(wells.root / "remotes"))
    return reading.listing(entry.md5, source, wells.root / "cache").files


def test_an_unchanged_partition_keeps_its_object(wells: Wells) -> None:
    schema = SCHEMA.replace("nullable=True, ", "")
    rows = ROWS.replace(",\n", ",DE\n")
    wells.write(rows, CONTRACT + "partition: country_code\n", schema)
    assert wells.run("r1") == [0, 0, 0]
    before = {name: oid for name, oid in _listing(wells).items() if name.startswith("table/")}
    assert set(before) == {"table/country_code=DE/part-00000.parquet", "table/country_code=NA/part-00000.parquet"}
    wells.write(rows.replace("W3,4.5", "W3,4.75"), CONTRACT + "partition: country_code\n", schema)
    assert wells.run("r2") == [0, 0, 0]
    after = _listing(wells)
    assert after["table/country_code=DE/part-00000.parquet"] == before["table/country_code=DE/part-00000.parquet"]
    assert after["table/country_code=NA/part-00000.parquet"] != before["table/country_code=NA/part-00000.parquet"]


def test_references_are_checked_at_the_version_that_is_pinned(wells: Wells) -> None:
    """A row that refers to nothing in the other dataset is quarantined; the pin names the version that was read."""
    wells.run("r1")
    other = wells.folder.parent / "licences"
    other.mkdir()
    refers = "  references: [{columns: [well_id], dataset: wells, to: [well_id]}]\n"
    text = CONTRACT.replace("title: Wells", "title: Licences").replace("wells.csv", "licences.csv")
    text = text.replace("key: [well_id]", "key: [licence_id]").replace(
        "expect: {rows: [2, 1000], rows_change_pct: 50, quarantine_pct: 40}\n",
        f"expect:\n  quarantine_pct: 50\n{refers}",
    )
    (other / "contract.yaml").write_text(text)
    (other / "licences.csv").write_text("licence_id,well_id\nL1,W1\nL2,W2\nL3,W99\n")
    (other / "schema.py").write_text(
        "import pandera.polars as pa\n\n\nclass Schema(pa.DataFrameModel):\n"
        '    licence_id: str = pa.Field(description="Licence")\n    well_id: str = pa.Field(description="Its well")\n'
    )
    licences = dataclasses.replace(wells, name="licences")
    assert licences.run("r1") == [0, 0, 0]
    receipt = found(wells.store, "licences", "r1", "publish")
    pinned = wells.pinned()
    assert receipt is not None
    assert pinned is not None
    assert (receipt.counts.published, receipt.counts.quarantined) == (2, 1)
    assert receipt.facts["entry"]["meta"]["inputs"] == {"wells": pinned.meta.content}


def test_a_secret_is_found_nowhere(wells: Wells) -> None:
    """Fault 27: the token that a source needs is in no store, remote, repository or receipt."""
    canary = "canary-6f1b-token"
    wells.more["COMMONS_SECRET_WELLS_TOKEN"] = canary
    (wells.folder / "extract.py").write_text(
        "def addresses(start, end, last):\n    return [{'url': 'https://192.0.2.1/w.csv', 'secret': 'wells-token'}]\n"
    )
    assert wells.run()[-1] in (1, 2)
    (wells.folder / "extract.py").unlink()
    assert wells.run("r2") == [0, 0, 0]
    places = [path for path in wells.root.rglob("*") if path.is_file()]
    assert len(places) > 20
    assert [path for path in places if canary.encode() in path.read_bytes()] == []


def test_a_retry_of_publish_adopts_the_version_it_made(wells: Wells) -> None:
    """Fault 4: the pod published, the operator said failed; the retry makes no second version."""
    wells.run()
    assert wells.verb("publish")["code"] == 0
    assert wells.versions() == 1


def test_clearing_extract_makes_the_run_again(wells: Wells) -> None:
    wells.run()
    wells.write(ROWS.replace("W3,4.5", "W3,4.75"))
    for verb in VERBS:
        assert wells.verb(verb, attempt=3)["code"] == 0
    assert wells.versions() == 2
    receipt = found(wells.store, "wells", "r1", "extract")
    assert receipt is not None
    assert receipt.attempt == "0003"


def test_two_runs_at_once_do_not_overwrite_each_other(wells: Wells) -> None:
    """Fault 5: both start from the same version; the second to publish stops with a conflict and can be run again."""
    wells.run("r1")
    for run, value in (("r2", "4.75"), ("r3", "4.25")):
        wells.write(ROWS.replace("W3,4.5", f"W3,{value}"))
        assert [wells.verb(verb, run)["code"] for verb in VERBS[:2]] == [0, 0]
    assert wells.verb("publish", "r2")["code"] == 0
    assert wells.verb("publish", "r3")["code"] == 1
    assert _rows(wells).filter(pl.col("well_id") == "W3")["depth_m"].item() == 4.75
    assert wells.run("r4") == [0, 0, 0]
    assert _rows(wells).filter(pl.col("well_id") == "W3")["depth_m"].item() == 4.25


def test_a_head_that_fell_behind_git_is_corrected_by_the_conflict_it_makes(wells: Wells) -> None:
    """Somebody merged by hand, so pods know an old version: the run stops, and the next one works."""
    wells.run("r1")
    old = heads.read(wells.store, "main", "wells")
    wells.write(ROWS.replace("W3,4.5", "W3,4.75"))
    wells.run("r2")
    assert old is not None
    heads.write(wells.store, "main", old.entry, {})
    wells.write(ROWS.replace("W3,4.5", "W3,4.25"))
    assert wells.run("r3") == [0, 0, 1]
    assert wells.run("r4") == [0, 0, 0]
    assert wells.versions() == 3


def _output(wells: Wells, name: str) -> str:
    receipt = found(wells.store, "wells", "r1", "validate")
    assert receipt is not None
    return f"{receipt.folder}/{name}"


def test_receipts_say_what_format_says(wells: Wells) -> None:
    wells.run()
    paths = [path for path in wells.store.list("") if "/receipt-" in path]
    assert len(paths) == 3
    for path in paths:
        content = json.loads(wells.store.get(path) or b"{}")
        assert content["format"] == 1
        assert set(content) >= {"dataset", "verb", "run", "attempt", "outcome", "inputs", "folder", "outputs", "counts"}
