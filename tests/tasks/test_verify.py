"""verify as a pod runs it: it clones what was published, reads it, and says in words what is wrong and with what."""

import dataclasses
from pathlib import Path

from include.adapters.remote import remote
from include.contracts.layout import VERIFICATION
from include.tasks.receipts import found
from include.versions import heads, reading
from tests.tasks.conftest import ROWS, Wells
from tests.versions.test_verify import flip


def upkeep(wells: Wells) -> Wells:
    return dataclasses.replace(wells, name=VERIFICATION)


def table(wells: Wells) -> Path:
    """The table of the newest version, where its remote keeps it."""
    entry, where = wells.pinned(), remote("public", None, str(wells.root / "remotes"))
    assert entry is not None
    files = reading.listing(entry.md5, where, wells.root / "cache").files
    return Path(where.path(files["table/part-00000.parquet"]))


def test_all_is_well_and_the_receipt_says_how_much_was_looked_at(wells: Wells) -> None:
    wells.run("r1")
    wells.write(ROWS.replace("W3,4.5", "W3,4.75"))
    wells.run("r2")
    assert upkeep(wells).verb("verify", "v1")["code"] == 0
    receipt = found(wells.store, VERIFICATION, "v1", "verify")
    assert receipt is not None
    assert (receipt.outcome, receipt.problems, receipt.facts["versions"]) == ("done", (), 2)
    assert receipt.facts["read"] == receipt.facts["bytes"] > 5000


def test_damage_stops_the_task_and_names_dataset_and_version(wells: Wells) -> None:
    """Fault 10: as an operator meets it."""
    wells.run("r1")
    good = flip(table(wells))
    assert upkeep(wells).verb("verify", "v1")["code"] == 1
    receipt = found(wells.store, VERIFICATION, "v1", "verify")
    entry = wells.pinned()
    assert receipt is not None
    assert entry is not None
    problem, last = receipt.problems
    assert "data/wells/table/part-00000.parquet of wells " + entry.md5[:12] in problem
    assert "run r1" in problem
    assert last.startswith("verify: 1 problem, named above. `commons verify --all --repair`")
    table(wells).chmod(0o644)
    table(wells).write_bytes(good)
    assert upkeep(wells).verb("verify", "v1")["code"] == 1, "a retry adopts what was found"
    assert upkeep(wells).verb("verify", "v1", attempt=1)["code"] == 0, "clearing the task looks again"


def test_sync_of_all_datasets_goes_before_it(wells: Wells) -> None:
    wells.run("r1")
    head = heads.read(wells.store, "main", "wells")
    assert head is not None
    heads.write(wells.store, "main", head.entry.model_copy(update={"md5": "0" * 32 + ".dir"}), {})
    assert upkeep(wells).verb("verify", "v0")["code"] == 1
    assert upkeep(wells).verb("sync", "v1")["code"] == 0
    assert upkeep(wells).verb("verify", "v1")["code"] == 0


def test_git_that_does_not_answer_is_worth_another_try(wells: Wells) -> None:
    wells.run("r1")
    wells.more["COMMONS_PUBLISH"] = str(wells.root / "nowhere.git")
    assert upkeep(wells).verb("verify", "v1")["code"] == 2
    assert found(wells.store, VERIFICATION, "v1", "verify") is None
