"""What pods that run authors' code may say is not believed where it matters; what extract.py counts must be true."""

from pathlib import Path

import pytest

from include.tasks.receipts import found
from include.versions import heads
from tests.tasks.conftest import ADDRESS, CONTRACT, ROWS, VERBS, Wells


def _extract_py(wells: Wells, body: str) -> None:
    text = "import polars as pl\n\n\ndef extract(frames):\n    (table,) = frames.values()\n"
    (wells.folder / "extract.py").write_text(text + "".join(f"    {line}\n" for line in body.splitlines()))


def test_a_source_that_only_changes_its_bytes_does_not_stop_the_runs_after_it(wells: Wells) -> None:
    """New bytes, equal rows: no new version, so no archive holds them when the source then says it is unchanged."""
    wells.write(contract=CONTRACT.replace("file:wells.csv", ADDRESS))
    lines = ROWS.splitlines(keepends=True)
    wells.serve(ROWS)
    assert wells.run("r1") == [0, 0, 0]
    wells.serve("".join([lines[0], *reversed(lines[1:])]))
    assert wells.run("r2") == [0, 0, 0]
    assert wells.run("r3") == [0, 0, 0]
    assert wells.run("r4") == [0, 0, 0]
    assert wells.versions() == 1


def test_an_unchanged_source_is_not_read_again_but_taken_from_the_archive(wells: Wells, tmp_path: Path) -> None:
    wells.run("r1")
    head = heads.read(wells.store, "main", "wells")
    assert head is not None
    (source,) = head.sources.values()
    assert len(source["sha256"]) == 64
    assert head.entry.meta.source_version == source["source_version"]


def test_publish_goes_by_the_commits_contract_not_by_the_copy_that_extract_left(wells: Wells) -> None:
    """A pod that runs extract.py could rewrite the contract it sees, to make restricted data public."""
    restricted = CONTRACT.replace("access: public", "access: restricted")
    wells.write(contract=restricted)
    (wells.folder / "extract.py").write_text(
        "from pathlib import Path\n\n\ndef extract(frames):\n"
        "    file = Path(__file__).with_name('contract.yaml')\n"
        "    file.write_text(file.read_text().replace('restricted', 'public'))\n"
        "    (table,) = frames.values()\n    return table\n"
    )
    assert wells.verb("extract")["code"] == 0
    (wells.folder / "contract.yaml").write_text(restricted)
    assert wells.verb("validate")["code"] == 0
    assert wells.verb("publish")["code"] == 1
    assert wells.pinned() is None


def test_extract_done_again_after_validate_is_noticed(wells: Wells) -> None:
    for verb in VERBS[:2]:
        wells.verb(verb)
    wells.write(ROWS.replace("W3,4.5", "W3,4.75"))
    assert wells.verb("extract", attempt=1)["code"] == 0
    assert wells.verb("publish")["code"] == 2
    assert wells.pinned() is None


@pytest.mark.parametrize(
    "body",
    [
        "return table.filter(pl.col('well_id') != 'W1'), {'rejected': {'gone': 2}, 'added': {'made': 1}}",
        "return table.with_columns(_record=pl.lit(None, pl.Int64))",
        "return table.with_columns(pl.col('_record').cast(pl.String))",
        "return pl.concat([table, table.head(1)])",
        "return table.with_columns(depth_m=pl.col('depth_m').str.to_integer(strict=True))",
        "raise SystemExit(0)",
        "return table.with_columns(pair=pl.concat_list('well_id', 'depth_m'))",
    ],
    ids=["counts", "numbers gone", "numbers as text", "uncounted copy", "fails when it runs", "exits", "list column"],
)
def test_an_extract_py_that_is_wrong_is_the_authors_error(wells: Wells, body: str) -> None:
    _extract_py(wells, body)
    codes = wells.run()
    assert codes[-1] == 1, "a mistake of the author must not read as a fault of the engine"
    assert wells.pinned() is None


def test_addresses_are_a_function_of_the_interval_and_the_last_version(wells: Wells) -> None:
    (wells.folder / "extract.py").write_text(
        "def addresses(start, end, last):\n"
        "    assert start.tzinfo is not None and start <= end\n"
        "    return ['file:wells.csv' if last is None else 'file:more.csv']\n"
    )
    (wells.folder / "more.csv").write_text(ROWS + "W21,31.5,NA\n")
    assert wells.run("r1") == [0, 0, 0]
    assert wells.run("r2") == [0, 0, 0]
    receipt = found(wells.store, "wells", "r2", "publish")
    assert receipt is not None
    assert receipt.counts.published == 21


def test_a_contract_that_wants_proposals_gets_a_branch(wells: Wells) -> None:
    wells.write(contract=CONTRACT + "publish: proposal\n")
    assert wells.run() == [0, 0, 0]
    receipt = found(wells.store, "wells", "r1", "publish")
    assert receipt is not None
    assert receipt.outcome == "proposed"
    assert wells.pinned() is None


def test_the_pin_names_the_code_with_its_uncommitted_changes(wells: Wells) -> None:
    wells.run()
    entry = wells.pinned()
    assert entry is not None
    commit = entry.meta.code.partition("+")[0]
    assert len(commit) == 40
    assert entry.meta.code == commit or entry.meta.code.startswith(f"{commit}+dirty.")


def test_no_file_that_a_pod_can_reach_is_an_object_of_the_remote(wells: Wells) -> None:
    """Pods with authors' code write to the store's volume, if that is a folder; a second name there would be a door."""
    assert wells.run() == [0, 0, 0]
    stored, objects = (
        {file.stat().st_ino for file in folder.rglob("*") if file.is_file()}
        for folder in (wells.root / "store", wells.root / "remotes")
    )
    assert len(stored) > 8
    assert len(objects) > 8
    assert not stored & objects
