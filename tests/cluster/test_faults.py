"""Pods that are killed, run out of memory, or lose their log: a retry ends with one version, nothing is lost."""

import re
from collections.abc import Callable

import pytest

from tests.cluster import authoring
from tests.cluster.deployment import NAMESPACE, UID, Deployment, until

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning"),
]


WISHES = {"meters_killed": b"hold", "meters_hoarding": b"hoard", "meters_unheard": b"hold"}


@pytest.fixture(scope="module")
def runs(deployed: Deployment) -> dict[str, str]:
    """A run for each fault, all at once, the first try of extract failed: its id by dataset."""
    for dataset, wish in WISHES.items():
        deployed.wish(dataset, wish)
    deployed.middleman.loses = first_log_of("/meters-unheard-extract-")
    begun = {dataset: deployed.laptop.api.trigger(dataset) for dataset in WISHES}
    failed: set[str] = set()

    def all_failed() -> bool:
        if "meters_killed" not in failed and any("holding" in log for log in deployed.logs("meters_killed")):
            kill(deployed, "meters_killed")
        for dataset in WISHES.keys() - failed:
            if deployed.state(dataset, begun[dataset]) == "up_for_retry":
                deployed.wish(dataset, None)
                failed.add(dataset)
        return failed == WISHES.keys()

    until(all_failed, "the first tries fail")
    return begun


def first_log_of(name: str) -> Callable[[str], bool]:
    """Whether an API path is that of the log of the first pod whose path holds `name`."""
    heard: list[str] = []

    def loses(path: str) -> bool:
        if name in path and not heard:
            heard.append(path)
        return path in heard

    return loses


def kill(deployed: Deployment, dataset: str) -> None:
    """Deletes the dataset's pods without grace, as a lost node does."""
    deployed.outside.kube.delete_collection_namespaced_pod(
        NAMESPACE, label_selector=f"data-commons.io/dataset={dataset}", grace_period_seconds=0
    )


def assert_one_version(deployed: Deployment, dataset: str, run: str) -> None:
    """One commit, one receipt a verb, every record accounted for, and the log of the pod that did the work whole."""
    assert deployed.ends(dataset, run) == "success"
    assert set(deployed.laptop.api.states(dataset, run).values()) == {"success"}
    assert len(deployed.commits(dataset)) == 1
    for verb in ("extract", "validate", "publish"):
        assert len(deployed.receipts(dataset, verb)) == 1
    counts = deployed.receipts(dataset, "publish")[0]["counts"]
    bad = authoring.NEGATIVE
    good = authoring.RECORDS - bad
    assert counts == {
        "records": good + bad, "added": 0, "published": good, "quarantined": bad, "rejected": 0, "merged": 0,
    }  # fmt: skip
    (worked,) = [log for log in deployed.logs(dataset) if "done. 1,000 records" in log and "adopted" not in log]
    assert "bytes from file:readings.csv" in worked
    assert f"uid {UID} gid 0; Read-only file system" in worked


def test_a_pod_killed_in_mid_extract(deployed: Deployment, runs: dict[str, str]) -> None:
    """Fault 2: the pod vanishes while its log is being written; both tries have theirs in the store."""
    dataset = "meters_killed"
    assert_one_version(deployed, dataset, runs[dataset])
    told = deployed.laptop.api.log(dataset, runs[dataset], "extract", 1)
    assert "it went away before its end was seen" in told
    assert sorted("done. 1,000 records" in log for log in deployed.logs(dataset)) == [False, True]


def test_a_pod_over_its_memory_limit(deployed: Deployment, runs: dict[str, str]) -> None:
    dataset = "meters_hoarding"
    assert_one_version(deployed, dataset, runs[dataset])
    told = deployed.laptop.api.log(dataset, runs[dataset], "extract", 1)
    assert "OOMKilled: the pod used more memory than its limit. Give the dataset a bigger `size:`" in told
    (log,) = [log for log in deployed.logs(dataset) if "hoarding 0 MiB" in log]
    hoarded = [int(amount) for amount in re.findall(r"hoarding (\d+) MiB", log)]
    assert hoarded[:3] == [0, 64, 128]


def test_a_pod_whose_log_stream_is_lost(deployed: Deployment, runs: dict[str, str]) -> None:
    """Fault 4: the operator fails though the pod goes on and succeeds; the retry adopts what it did."""
    dataset = "meters_unheard"
    assert_one_version(deployed, dataset, runs[dataset])
    told = deployed.laptop.api.log(dataset, runs[dataset], "extract", 1)
    assert "at work when last seen, but its log or state can't be read" in told
    # The pods' own logs tell: what the operator streams of a busy node may be cut short.
    assert sorted("adopted what was finished" in log for log in deployed.logs(dataset)) == [False, True]
