"""The spool: whole events or none, in order, bounded, and one deliverer at a time."""

import datetime as dt
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from include.adapters import spool, turns
from include.adapters.store import Store
from include.contracts import layout
from include.errors import EnvironmentFault
from include.settings import REPOSITORY

WRITER = """
import itertools, sys
from include.adapters import spool
from include.adapters.store import Store
from tests.adapters.test_spool import event

store = Store(sys.argv[1])
for number in itertools.count():
    spool.put(store, event(number, padding="x" * 500_000))
    print(number, flush=True)
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"file://{tmp_path}/store/dev")


def event(number: int, kind: str = "task", name: str = "wells", **more: Any) -> dict[str, Any]:
    """The event of that number, a microsecond after the one before it."""
    at = dt.datetime(2026, 3, 29, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=number)
    return {
        "format": 1,
        "kind": kind,
        "name": name,
        "at": at.isoformat(timespec="microseconds"),
        "number": number,
    } | more


def numbers(store: Store, name: str = "") -> list[int]:
    """Of the events that wait, in the order in which they are delivered."""
    return [(spool.read(store, item) or {})["number"] for item in spool.waiting(store, name)]


def test_events_come_in_the_order_in_which_they_happened_by_dataset(store: Store) -> None:
    for number in (3, 1, 2):
        spool.put(store, event(number))
        spool.put(store, event(10 + number, name="mines"))
    assert numbers(store) == [11, 12, 13, 1, 2, 3]
    assert numbers(store, "wells") == [1, 2, 3]


def test_a_clock_of_another_zone_is_read_as_utc(store: Store) -> None:
    """Fault 30: the hour that summer time repeats is two hours in UTC."""
    later = event(1, at="2026-10-25T02:30:00+01:00")
    sooner = event(2, at="2026-10-25T02:30:00+02:00")
    paths = [spool.put(store, later), spool.put(store, sooner)]
    assert [path.split("/")[2][:16] for path in paths] == ["20261025T013000.", "20261025T003000."]
    assert numbers(store) == [2, 1]


def test_a_killed_writer_leaves_whole_events_only(tmp_path: Path, store: Store) -> None:
    """Fault 1: kill -9 while events are written; each that was acknowledged is there, none is cut short."""
    for after in range(1, 9):
        command = [sys.executable, "-c", WRITER, store.url]
        with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout
            acknowledged = [int(line) for line in itertools.islice(writer.stdout, after)]
            writer.send_signal(signal.SIGKILL)
        found = numbers(store)
        assert acknowledged == list(range(after))
        assert set(acknowledged) <= set(found)
        for item in spool.waiting(store):
            spool.remove(store, item)


def test_a_full_volume_is_named_and_leaves_nothing_behind(small_volume: Path) -> None:
    """Fault 8: what is waiting stays whole, and there is room for more once there is room."""
    store = Store(f"file://{small_volume}/store/dev")
    spool.put(store, event(1))
    with pytest.raises(EnvironmentFault, match=f"the volume at {small_volume} is full"):
        spool.put(store, event(2, padding="x" * 300_000))
    assert numbers(store) == [1]
    spool.put(store, event(3))
    assert numbers(store) == [1, 3]


def test_the_oldest_are_dropped_and_counted_where_too_many_wait(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "MOST", 5)
    spool.put(store, event(0, kind="dataset"))
    for number in range(1, 13):
        spool.put(store, event(number))
    spool.put(store, event(1, name="mines"))
    assert numbers(store, "wells") == [0, 8, 9, 10, 11, 12], "the dataset event is no task's, so it stays"
    told = [(spool.read(store, item) or {}).get("dropped", 0) for item in spool.waiting(store, "wells")]
    assert sum(told) == 7


def test_of_new_versions_only_the_latest_waits(store: Store) -> None:
    for number in range(4):
        spool.put(store, event(number, kind="task" if number % 2 else "dataset"))
    assert numbers(store) == [1, 2, 3]


def test_an_event_that_is_too_large_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="expected at most 1,048,576"):
        spool.put(store, event(1, padding="x" * spool.LARGEST))
    assert spool.waiting(store) == []


@pytest.mark.parametrize("name", ["../../etc", "a/b", "💧 “wells”", "x" * 200, ".."])
def test_names_of_any_dag_stay_in_their_folder(store: Store, name: str) -> None:
    spool.put(store, event(1, name=name))
    (item,) = spool.waiting(store)
    assert item.path.startswith("spool/")
    assert len(item.path.split("/")) == 3
    assert (spool.read(store, item) or {})["name"] == name


def test_length_and_age_are_told_by_dataset(store: Store) -> None:
    for number in range(3):
        spool.put(store, event(number))
    spool.put(store, event(9, name="mines"))
    first, *_ = spool.waiting(store, "wells")
    spool.refuse(store, first, "400: no such column")
    assert [(one.dataset, one.waiting, one.refused) for one in spool.lengths(store)] == [
        ("mines", 1, 0),
        ("wells", 2, 1),
    ]
    assert spool.lengths(store)[1].oldest == dt.datetime(2026, 3, 29, 1, 0, 0, 1, tzinfo=dt.UTC)
    ((path, told),) = spool.refusals(store)
    assert path.startswith("spool-refused/wells/2026")
    assert told["reason"] == "400: no such column"
    assert json.loads(told["event"])["number"] == 0


def test_events_are_handed_over_to_a_process_that_writes_them(tmp_path: Path) -> None:
    lines = "".join(f"{json.dumps(event(number))}\n" for number in range(2))
    variables = {**os.environ, "COMMONS_STORE": f"file://{tmp_path}/store", "COMMONS_ENVIRONMENT": "test"}
    command = [sys.executable, "-m", "include.adapters.spool"]
    subprocess.run(command, cwd=REPOSITORY, env=variables, input=lines, text=True, check=True)
    assert numbers(Store(f"file://{tmp_path}/store/test")) == [0, 1]


def test_of_many_that_begin_at_once_one_delivers(store: Store) -> None:
    ready, won, lost, done = threading.Barrier(8), [], [], threading.Event()

    def deliver() -> None:
        ready.wait()
        try:
            with turns.turn(store):
                won.append(1)
                done.wait(30)
        except EnvironmentFault as fault:
            lost.append(str(fault))
            if len(lost) >= 7:
                done.set()

    threads = [threading.Thread(target=deliver) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 7)
    assert "delivers the spool now" in lost[0]
    with turns.turn(store):
        won.append(2)
    assert won == [1, 2], "the turn was given back"


def test_a_killed_deliverer_holds_up_the_next_only_until_its_turn_ends(store: Store) -> None:
    now = dt.datetime.now(dt.UTC)
    for number, until in ((4, now - dt.timedelta(hours=1)), (5, now + dt.timedelta(seconds=30))):
        store.put(layout.deliverer(number), json.dumps({"who": "pod 7", "until": until.isoformat()}).encode())
    with pytest.raises(EnvironmentFault, match="pod 7 delivers the spool now"), turns.turn(store):
        pytest.fail("two deliver at once")
    store.put(layout.deliverer(5), json.dumps({"who": "pod 7", "until": now.isoformat()}).encode())
    with turns.turn(store):
        assert store.list("spool-deliverer") == [layout.deliverer(6)]


def test_who_lost_the_turn_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "RENEW_SECONDS", 0.01)
    with turns.turn(store) as lost:
        store.put(layout.deliverer(2), b"{}")
        assert lost.wait(30)
