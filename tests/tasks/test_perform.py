"""Receipts: finished work is adopted, cleared work is done again, and no process writes over another."""

import json
from pathlib import Path

import pytest

from include.adapters.store import Store
from include.errors import DataError, EnvironmentFault
from include.tasks.perform import Run, Work, perform
from include.tasks.receipts import Counts, Receipt, files, found, needed

INPUTS = {"code": "abc"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"file://{tmp_path}/store")


def _extract(attempt: str = "0000", run: str = "manual__2026-01-01T00:00:00+00:00") -> Run:
    return Run("trees", "extract", run, attempt)


def _do(store: Store, run: Run, text: str, inputs: dict[str, str] = INPUTS) -> Receipt:
    def work(place: Path) -> Work:
        (place / "rows").write_text(text)
        return Work(outputs={"rows.txt": place / "rows"}, counts=Counts(records=1, published=1))

    return perform(run, store, inputs, work)


def _text(store: Store, receipt: Receipt, into: Path) -> str:
    return files(store, receipt, into)["rows.txt"].read_text()


def test_a_retry_adopts_finished_work(store: Store, tmp_path: Path) -> None:
    """Fault 4: the pod succeeded, the operator said failed; the retry finds the receipt."""
    first = _do(store, _extract(), "one")
    assert _do(store, _extract(), "two") == first
    assert _text(store, first, tmp_path) == "one"


def test_clearing_a_task_does_it_again_and_the_new_work_counts(store: Store, tmp_path: Path) -> None:
    _do(store, _extract("0000"), "one")
    again = _do(store, _extract("0003"), "two")
    assert _text(store, again, tmp_path) == "two"
    assert found(store, "trees", _extract().run, "extract") == again


def test_other_inputs_are_other_work(store: Store) -> None:
    _do(store, _extract(), "one", {"code": "abc"})
    other = _do(store, _extract(), "two", {"code": "def"})
    assert other.inputs == {"code": "def"}
    assert found(store, "trees", _extract().run, "extract") == other


def test_a_lost_pod_that_wakes_up_does_not_overwrite_its_successor(store: Store, tmp_path: Path) -> None:
    """Fault 7: the same attempt twice; the second finishes while the first still works."""
    inner: list[Receipt] = []

    def slow(place: Path) -> Work:
        inner.append(_do(store, _extract(), "successor"))
        (place / "rows").write_text("lost")
        return Work(outputs={"rows.txt": place / "rows"})

    assert perform(_extract(), store, INPUTS, slow) == inner[0]
    receipt = found(store, "trees", _extract().run, "extract")
    assert receipt is not None
    assert _text(store, receipt, tmp_path) == "successor"


def test_green_without_a_receipt_stops_the_next_verb(store: Store) -> None:
    """Fault 3: the operator says success, the pod never wrote."""
    with pytest.raises(EnvironmentFault, match=r"no receipt of extract.*Clear the task extract"):
        needed(store, "trees", "run", "extract")


def test_a_blocked_verb_stops_the_next_with_its_reasons(store: Store) -> None:
    blocked = Work(outcome="blocked", problems=("rows: expected 10 to 20, found 3",))
    perform(_extract(), store, INPUTS, lambda _: blocked)
    with pytest.raises(DataError, match=r"(?s)last good version stays.*found 3"):
        needed(store, "trees", _extract().run, "extract")


def test_changed_bytes_are_found_before_they_are_used(store: Store, tmp_path: Path) -> None:
    receipt = _do(store, _extract(), "one")
    (tmp_path / "store" / receipt.folder / "rows.txt").write_text("0ne")
    with pytest.raises(EnvironmentFault, match=r"rows.txt: its bytes are not those of the receipt"):
        files(store, receipt, tmp_path)


def test_lost_bytes_are_named(store: Store, tmp_path: Path) -> None:
    receipt = _do(store, _extract(), "one")
    (tmp_path / "store" / receipt.folder / "rows.txt").unlink()
    with pytest.raises(EnvironmentFault, match=r"rows.txt: is gone"):
        files(store, receipt, tmp_path)


def test_a_verb_that_fails_leaves_no_receipt(store: Store) -> None:
    def broken(_: Path) -> Work:
        raise DataError("no")

    with pytest.raises(DataError):
        perform(_extract(), store, INPUTS, broken)
    assert found(store, "trees", _extract().run, "extract") is None


def test_run_ids_are_encoded_into_one_folder(store: Store) -> None:
    receipt = _do(store, _extract(run="scheduled__2026-01-01T00:00:00+00:00/../x"), "one")
    assert receipt.folder.startswith("runs/trees/scheduled__2026-01-01T00%3A00%3A00%2B00%3A00%2F..%2Fx/extract/0000/")


@pytest.mark.parametrize("counts", [Counts(records=2, published=1), Counts(records=1, published=1, merged=1)])
def test_a_lost_or_invented_row_is_an_error(counts: Counts) -> None:
    with pytest.raises(DataError, match="rows came in and"):
        counts.check("trees")


@pytest.mark.parametrize(
    "change",
    [
        {"folder": "runs/other/run/validate/0000/abc"},
        {"outputs": {"../../x": {"sha256": "0" * 64, "bytes": 1}}},
        {"outputs": {"/etc/x": {"sha256": "0" * 64, "bytes": 1}}},
        {"dataset": "other"},
        {"attempt": "0001"},
    ],
)
def test_a_receipt_that_speaks_of_other_runs_is_refused(store: Store, change: dict[str, object]) -> None:
    """A pod that runs an author's code can write any receipt below its run; it can't reach beyond it."""
    _do(store, _extract(), "one")
    (path,) = [p for p in store.list("runs") if "/receipt-" in p]
    store.put(path, json.dumps(json.loads(store.get(path) or b"") | change).encode())
    with pytest.raises(EnvironmentFault, match=r"speaks of files or runs outside runs/trees/"):
        found(store, "trees", _extract().run, "extract")
