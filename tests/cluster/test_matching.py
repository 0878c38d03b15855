"""Names compared in mapped pods of a real cluster, each with the key of its dataset; one of them dies."""

import io

import polars as pl
import pytest

from tests.cluster import s3
from tests.cluster.authoring import SHARDS
from tests.cluster.deployment import NAMESPACE, Deployment, until
from tests.tasks.matched import OWNERS

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning"),
]


def kill(deployed: Deployment, shard: int) -> bool:
    """Deletes the pod of a shard without grace, as a lost node does, once it is at work; whether it was."""
    labels = f"data-commons.io/dataset=owners,data-commons.io/verb=compare,map_index={shard}"
    pods = deployed.outside.kube.list_namespaced_pod(NAMESPACE, label_selector=labels).items
    at_work = [pod.metadata.name for pod in pods if pod.status.phase == "Running"]
    for name in at_work:
        deployed.outside.kube.delete_namespaced_pod(name, NAMESPACE, grace_period_seconds=0)
    return bool(at_work)


def test_a_shard_whose_pod_is_killed_is_done_again_and_changes_nothing(deployed: Deployment) -> None:
    """Fault 2: the pod of one shard vanishes; the others stay done, and all read the index that sync left."""
    first = {name: deployed.laptop.api.trigger(name) for name in ("forms", "companies")}
    assert [deployed.ends(name, run) for name, run in first.items()] == ["success", "success"]
    run = deployed.laptop.api.trigger("owners")
    until(lambda: kill(deployed, shard=1), "the second shard is at work")
    assert deployed.ends("owners", run) == "success"
    found = deployed.instances("owners", run)
    tries = {one["map_index"]: one["try_number"] for one in found if one["task_id"] == "compare"}
    assert tries == {0: 1, 1: 2, 2: 1}
    assert len(deployed.commits("owners")) == 1
    for shard in range(SHARDS):
        assert len(deployed.receipts("owners", f"compare-{shard:04d}")) == 1
        logs = deployed.logs("owners", f"compare-{shard:04d}")
        assert any(f"compare-{shard:04d} owners: done" in log for log in logs)
        assert not any("index of companies: built" in log for log in logs)
    (receipt,) = deployed.receipts("owners", "match")
    links = pl.read_parquet(io.BytesIO(deployed.outside.s3.get(f"{s3.SPACE}/{receipt['folder']}/matches.parquet")))
    assert links.height == len({row["owner"] for row in OWNERS})
