"""The pipeline in a real Airflow: retries, clearing, announcements, broken contracts, pages, doors."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import psutil
import pytest

from include.laptop.airflow import wanted_components
from include.laptop.processes import running
from tests.laptop.conftest import House
from tests.versions.test_verify import flip

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def run(house: House) -> str:
    """A run of elf_codes whose publish did its work and whose operator never heard of it (fault 4)."""
    house.flag.touch()
    started = house.laptop.api.trigger("elf_codes")
    state = house.laptop.api.follow("elf_codes", started, seconds=300)
    logs = {task: house.laptop.api.log("elf_codes", started, task) for task in house.tasks(started)}
    assert state == "success", logs
    return started


def test_a_retry_adopts_what_was_finished(house: House, run: str) -> None:
    """Fault 4: the pod succeeded, the operator says failed; the retry finds the receipt, there is one version."""
    assert not house.flag.exists()
    publish = house.tasks(run)["publish"]
    assert (publish["state"], publish["try_number"]) == ("success", 2)
    first, second = (house.laptop.api.log("elf_codes", run, "publish", attempt) for attempt in (1, 2))
    assert "the pod succeeded, but its log or its end could not be read" in first
    assert "adopted what was finished" in second
    assert house.receipts() == ["extract/0000", "publish/0000", "sync/0000", "validate/0000"]
    assert len(house.commits()) == 1


def test_a_new_version_starts_what_references_it(house: House, run: str) -> None:
    """The Asset starts it; its own code is not in the archive, which its task tells in plain words, tried once."""
    api = house.laptop.api
    started = until(lambda: api.call("GET", "dags/referring/dagRuns")["dag_runs"])
    assert [found["run_type"] for found in started] == ["asset_triggered"]
    assert api.follow("referring", started[0]["dag_run_id"], seconds=120) == "failed"
    assert "Exit 1: the data or the contract is at fault" in api.log("referring", started[0]["dag_run_id"], "sync")
    assert api.states("referring", started[0]["dag_run_id"])["extract"] == "upstream_failed"


def test_a_new_version_is_announced_once_with_its_facts(house: House, run: str) -> None:
    (event,) = house.asset_events()
    assert event["uri"] == "commons://dev/elf_codes"
    assert event["source_task_id"] == "announce"
    extra = dict(event["extra"])  # type: ignore[call-overload]
    assert (extra["records"], extra["published"]) == (3819, 3818)
    assert [extra["commit"]] == house.commits()


def test_damage_fails_the_dag_that_verifies_in_words(house: House, run: str) -> None:
    """Fault 10: as an operator sees it in Airflow."""
    stored = next(
        path for path in (house.place / "remote/public/files/md5").glob("*/*") if path.stat().st_size > 100_000
    )
    good = flip(stored)
    api = house.laptop.api
    started = api.trigger("verification", {"sample": 100})
    ended = api.follow("verification", started, seconds=120)
    stored.chmod(0o644)
    stored.write_bytes(good)
    assert ended == "failed"
    assert api.states("verification", started) == {"sync": "success", "verify": "failed"}
    said = api.log("verification", started, "verify")
    assert f"object {stored.parent.name}{stored.name} is damaged" in said
    assert "of elf_codes " in said
    assert "`commons verify --all --repair` in a clone restores what it can" in said


def until(found: Callable[[], list[Any]], seconds: float = 60) -> list[Any]:
    """What `found` gives as soon as it is something."""
    end = time.monotonic() + seconds
    while not (now := found()) and time.monotonic() < end:
        time.sleep(0.2)
    return now


def test_pods_keep_their_own_log_in_the_store(house: House, run: str) -> None:
    logs = sorted((house.place / "store/dev/logs/elf_codes").glob("*/*/0000-*.log"))
    assert [path.parent.name for path in logs] == ["extract", "publish", "publish", "sync", "validate"]
    assert all(path.read_text().strip() for path in logs)


def test_links_lead_to_report_and_log_behind_airflow_s_login(house: House, run: str) -> None:
    links = house.laptop.api.call("GET", f"dags/elf_codes/dagRuns/{run}/taskInstances/validate/links")["extra_links"]
    token = {"Authorization": f"Bearer {house.laptop.api.token}"}
    for name, words in {"Report": "3,818", "Pod's own log": "validate elf_codes"}.items():
        address = house.laptop.address + links[name]
        assert httpx.get(address).status_code == 401
        assert httpx.get(address, headers={"Authorization": "Bearer made.up.token"}).status_code in (401, 403)
        page = httpx.get(address, headers=token)
        assert page.status_code == 200
        assert words in page.text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    for path in ("/commons/..%2f..%2fx/r/extract/log", "/commons/elf_codes/..%2f..%2f..%2fheads/extract/log"):
        assert httpx.get(house.laptop.address + path, headers=token).status_code == 404


def test_clearing_a_task_does_it_again(house: House, run: str) -> None:
    """The attempt rises where a person clears; equal content makes no second commit and no second Asset event."""
    house.laptop.api.clear("elf_codes", run, "extract")
    assert house.laptop.api.follow("elf_codes", run, seconds=300) == "success"
    attempts = house.receipts()
    for verb in ("extract", "validate", "publish"):
        mine = [attempt for attempt in attempts if attempt.startswith(verb)]
        assert len(mine) == 2
        assert mine[0] == f"{verb}/0000" < mine[1]
    assert "adopted" not in house.laptop.api.log("elf_codes", run, "extract", 2)
    assert house.tasks(run)["announce"]["state"] == "skipped"
    assert len(house.commits()) == 1
    assert len(house.asset_events()) == 1


def test_a_broken_contract_breaks_only_its_own_dag(house: House) -> None:
    """Fault 31."""
    api = house.laptop.api
    assert api.call("GET", "importErrors")["total_entries"] == 0
    assert api.call("GET", "plugins/importErrors")["total_entries"] == 0
    found = api.call("GET", "dags/broken/details")
    assert [tag["name"] for tag in found["tags"]] == ["contract-error"]
    assert "unknown key 'titel'" in found["doc_md"]
    assert found["timetable_summary"] is None
    started = api.trigger("broken")
    assert api.follow("broken", started, seconds=120) == "failed"
    assert "did you mean 'title'" in api.log("broken", started, "contract")


def test_everything_listens_on_loopback_only(house: House) -> None:
    doors: list[str] = []
    for name in ("pods", *wanted_components()):
        process = running(house.laptop.home, name)
        assert process is not None
        for member in (process, *process.children(recursive=True)):
            with suppress(psutil.AccessDenied, psutil.NoSuchProcess):  # a worker that just began is not readable yet
                doors += [door.laddr.ip for door in member.net_connections("inet") if door.status == "LISTEN"]
    assert len(doors) >= 2, "the API server and the pod runner listen"
    assert set(doors) == {"127.0.0.1"}


def test_what_airflow_keeps_is_for_its_owner_only(house: House) -> None:
    home = house.laptop.home
    assert home.stat().st_mode & 0o077 == 0
    for name in ("passwords.json", "kubeconfig", "laptop.json"):
        assert (home / name).stat().st_mode & 0o077 == 0
