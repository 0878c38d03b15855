"""A version that came to the publication ref by hand is known to the next run from its beginning."""

import pytest

from include.tasks.receipts import found
from include.versions import heads
from tests.tasks.conftest import CONTRACT, ROWS, Wells
from tests.versions.house import git


def whole_run(wells: Wells, run: str) -> list[int]:
    """Exit codes of all that a DAG run does in pods."""
    first = int(wells.verb("sync", run)["code"])
    return [first] if first else [first, *wells.run(run)]


def outcome(wells: Wells, run: str) -> str:
    receipt = found(wells.store, "wells", run, "publish")
    assert receipt is not None
    return receipt.outcome


def merge(wells: Wells, run: str) -> None:
    """What a person does with a proposal."""
    git("pull", "-q", "origin", "main", at=wells.root / "seed")
    git("pull", "-q", "--no-rebase", "origin", f"proposal/wells/{run}", at=wells.root / "seed")
    git("push", "-q", "origin", "HEAD:main", at=wells.root / "seed")


def test_the_first_run_after_a_merged_proposal_works(wells: Wells) -> None:
    assert whole_run(wells, "r1") == [0, 0, 0, 0]
    wells.write(ROWS.replace("W3,4.5", "W3,4.75"), contract=CONTRACT + "publish: proposal\n")
    assert whole_run(wells, "r2") == [0, 0, 0, 0]
    assert outcome(wells, "r2") == "proposed"
    merge(wells, "r2")
    merged = wells.pinned()
    assert merged is not None
    assert merged.meta.run == "r2"
    wells.write(ROWS.replace("W3,4.5", "W3,4.25"))
    assert whole_run(wells, "r3") == [0, 0, 0, 0]
    assert outcome(wells, "r3") == "done"
    latest, receipt = wells.pinned(), found(wells.store, "wells", "r3", "validate")
    assert receipt is not None
    assert receipt.inputs["base"] == merged.md5
    assert latest is not None
    assert latest.meta.run == "r3"


def test_a_merge_while_a_run_is_on_its_way_stops_it_and_clearing_it_from_extract_on_goes_through(wells: Wells) -> None:
    """Nothing is overwritten; the conflict told the store what is pinned now."""
    wells.run("r1")
    wells.write(ROWS.replace("W3,4.5", "W3,4.75"), contract=CONTRACT + "publish: proposal\n")
    wells.run("r2")
    wells.write(ROWS.replace("W3,4.5", "W3,4.25"))
    assert wells.verb("sync", "r3")["code"] == 0
    merge(wells, "r2")
    assert wells.run("r3") == [0, 0, 1]
    assert [wells.verb(verb, "r3", attempt=1)["code"] for verb in ("extract", "validate", "publish")] == [0, 0, 0]
    assert outcome(wells, "r3") == "done"


def test_only_what_the_run_reads_is_looked_at(wells: Wells) -> None:
    whole_run(wells, "r1")
    true = heads.read(wells.store, "main", "wells")
    assert true is not None
    other = true.entry.model_copy(update={"path": "data/others"})
    heads.write(wells.store, "main", other, {})
    heads.write(wells.store, "main", true.entry.model_copy(update={"md5": "0" * 32 + ".dir"}), {"x": 1})
    assert wells.verb("sync", "r2")["code"] == 0
    assert heads.read(wells.store, "main", "wells") == heads.Head(true.entry)
    assert heads.read(wells.store, "main", "others") == heads.Head(other)
    receipt = found(wells.store, "wells", "r2", "sync")
    assert receipt is not None
    assert receipt.facts["corrected"] == ["wells"]


@pytest.mark.parametrize(("publish", "code"), [("{root}/nowhere.git", 2), ("worktree:{root}/tree", 1)])
def test_a_publication_address_that_fails_stops_the_run_before_it_fetches(
    wells: Wells, publish: str, code: int
) -> None:
    (wells.root / "tree").mkdir()
    (wells.root / "tree/data.dvc").write_text("outs: [")
    wells.more["COMMONS_PUBLISH"] = publish.format(root=wells.root)
    assert whole_run(wells, "r1") == [code]
    assert wells.store.list("") == []
