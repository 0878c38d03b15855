"""Announcing hangs on the receipt that publish left, never on its colour."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowException, AirflowRuntimeError, AirflowSkipException
from airflow.sdk.execution_time.comms import ErrorResponse

from include.orchestration import announce
from include.settings import settings

RUN = "scheduled__2026-01-01T00:00:00+00:00"
ASSET = Asset(name="elf_codes", uri="commons://dev/elf_codes")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("COMMONS_STORE", f"file://{tmp_path}/store")
    settings.cache_clear()
    yield tmp_path / "store/dev"
    settings.cache_clear()


def receipt(store: Path, attempt: str, outcome: str, finished: str = "2026-01-01T00:00:00Z", **facts: str) -> None:
    folder = store / "published/elf_codes/scheduled__2026-01-01T00%3A00%3A00%2B00%3A00/publish" / attempt
    folder.mkdir(parents=True, exist_ok=True)
    meta = {"content": facts.pop("content", "c0"), "source_version": "0.0.18", "inputs": {}}
    entry = {"md5": "0f.dir", "meta": meta}
    known = {"finished": finished, "pod": "not told", "entry": entry} | facts
    content = {"outcome": outcome, "counts": {"published": 3818}, "facts": known}
    (folder / f"receipt-{finished[:10]}.json").write_text(json.dumps(content))


class Before(list[Any]):
    """The asset's earlier events, oldest first, as Airflow gives them."""

    def ascending(self, up: bool) -> "Before":
        return self if up else Before(reversed(self))

    def limit(self, most: int) -> "Before":
        return Before(self[:most])


def told(*before: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    events = {ASSET: SimpleNamespace(extra={})}
    earlier = Before(SimpleNamespace(extra=extra, timestamp="2026-01-01") for extra in before)
    return announce.announce("elf_codes", RUN, ASSET, events, {ASSET: earlier}), events[ASSET].extra


def test_a_new_version_is_told_with_what_is_known_of_it(store: Path) -> None:
    receipt(store, "0000", "done", commit="abc", content="def")
    facts, extra = told()
    assert facts == extra
    assert facts == {
        "dataset": "elf_codes", "run": RUN, "published": 3818, "commit": "abc", "content": "def", "md5": "0f.dir",
        "source_version": "0.0.18",
    }  # fmt: skip


@pytest.mark.parametrize("outcome", ["unchanged", "proposed"])
def test_nothing_new_is_skipped(store: Path, outcome: str) -> None:
    receipt(store, "0000", outcome)
    with pytest.raises(AirflowSkipException, match=f"publish says {outcome}"):
        told()


def test_green_without_a_receipt_fails_and_announces_nothing(store: Path) -> None:
    """Fault 3: the operator says success, the pod never wrote."""
    with pytest.raises(AirflowException, match="publish is green, but it left no receipt") as failure:
        told()
    assert "Clear the task publish" in str(failure.value)
    assert "last good version stays" in str(failure.value)


def test_the_highest_attempt_counts_and_of_it_the_last_finished(store: Path) -> None:
    receipt(store, "0000", "done", "2026-01-09T00:00:00Z", commit="old")
    receipt(store, "0002", "unchanged", "2026-01-02T00:00:00Z")
    receipt(store, "0002", "done", "2026-01-03T00:00:00Z", commit="new")
    assert told()[0]["commit"] == "new"


def test_a_version_is_announced_once_however_often_its_run_is_cleared(store: Path) -> None:
    other, same = {"commit": "000", "content": "def"}, {"commit": "abc", "content": "def"}
    receipt(store, "0000", "done", commit="abc", content="def")
    assert told(same)[0]["commit"] == "abc"
    receipt(store, "0002", "done", commit="abc", content="def")
    with pytest.raises(AirflowSkipException, match="was announced before its run was cleared"):
        told(other, same)
    assert told(same, other)[0]["commit"] == "abc"
    assert told()[0]["commit"] == "abc"


def test_a_version_is_announced_again_where_airflow_can_t_say_whether_it_was(store: Path) -> None:
    class Mute:
        def __getitem__(self, _: Asset) -> Any:
            raise AirflowRuntimeError(ErrorResponse())

    receipt(store, "0000", "done", commit="abc")
    receipt(store, "0002", "done", commit="abc")
    events = {ASSET: SimpleNamespace(extra={})}
    assert announce.announce("elf_codes", RUN, ASSET, events, Mute())["commit"] == "abc"
