"""Pods that are killed, run out of memory, or lose their log: a retry ends with one version, nothing is lost."""

import re

import pytest

from tests.cluster import authoring
from tests.cluster.deployment import NAMESPACE, UID, Deployment, until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]


def begin(deployed: Deployment, dataset: str, wish: bytes) -> str:
    """Starts a run whose extract does as is wished; its id."""
    deployed.wish(dataset, wish)
    return deployed.laptop.api.trigger(dataset)


def retried(deployed: Deployment, dataset: str, run: str) -> str:
    """Waits until the first try of extract has failed; its log in Airflow."""
    until(lambda: deployed.state(dataset, run) == "up_for_retry", f"extract of {dataset} is to be retried")
    return deployed.laptop.api.log(dataset, run, "extract", 1)


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
    finished = [log for log in deployed.logs(dataset) if f"extract {dataset}: done. 1,000 records" in log]
    assert finished
    for log in finished:
        assert f"uid {UID} gid 0; Read-only file system" in log


def test_a_pod_killed_in_mid_extract(deployed: Deployment) -> None:
    """Fault 2: the pod vanishes; its log is in the store all the same."""
    dataset = "meters_killed"
    run = begin(deployed, dataset, b"hold")
    until(lambda: any("holding" in log for log in deployed.logs(dataset)), "the pod works, and its log is in the store")
    kube = deployed.outside.kube
    (pod,) = kube.list_namespaced_pod(NAMESPACE, label_selector=f"data-commons.io/dataset={dataset}").items
    kube.delete_namespaced_pod(pod.metadata.name, NAMESPACE, grace_period_seconds=0)
    assert "went away before its end was seen" in retried(deployed, dataset, run)
    deployed.wish(dataset, None)
    assert_one_version(deployed, dataset, run)
    assert len(deployed.logs(dataset)) == 2


def test_a_pod_over_its_memory_limit(deployed: Deployment) -> None:
    dataset = "meters_hoarding"
    run = begin(deployed, dataset, b"hoard")
    told = retried(deployed, dataset, run)
    assert "OOMKilled: the pod used more memory than its limit. Give the dataset a bigger `size:`" in told
    (log,) = deployed.logs(dataset)
    hoarded = [int(amount) for amount in re.findall(r"hoarding (\d+) MiB", log)]
    assert hoarded[:3] == [0, 64, 128]
    deployed.wish(dataset, None)
    assert_one_version(deployed, dataset, run)


def test_a_pod_whose_log_stream_is_lost(deployed: Deployment) -> None:
    """Fault 4: the operator fails though the pod goes on and succeeds; the retry adopts what it did."""
    dataset = "meters_unheard"
    middleman = deployed.middleman
    lost: set[str] = set()

    def loses(path: str) -> bool:
        """The log of the run's first pod."""
        if "/meters-unheard-extract-" in path and not lost:
            lost.add(path)
        return path in lost

    middleman.loses = loses
    run = begin(deployed, dataset, b"hold")
    assert "Reason: Internal Server Error" in retried(deployed, dataset, run)
    deployed.wish(dataset, None)
    until(lambda: deployed.receipts(dataset, "extract"), "the unheard pod finishes")
    assert_one_version(deployed, dataset, run)
    assert "adopted what was finished" in deployed.laptop.api.log(dataset, run, "extract", 2)
    first, second = sorted(deployed.logs(dataset), key=lambda log: "adopted" in log)
    assert "bytes from file:readings.csv" in first
    assert "extract meters_unheard: done. 1,000 records" in first
    assert "adopted" in second
