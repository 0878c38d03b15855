"""What the real API server says of our pods, and what a pod of each trust zone may do."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from include.contracts import loader
from include.contracts.layout import verbs
from include.orchestration.dag import dataset_dag
from include.orchestration.messages import explain
from include.settings import REPOSITORY, settings
from tests.cluster.deployment import NAMESPACE, UID, Outside, until
from tests.orchestration.conftest import pod_of

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning"),
]
ROOM = REPOSITORY / "include/datasets"
TRIES = """
import json, os, subprocess, sys
import botocore.session
s3 = botocore.session.get_session().create_client("s3")

def tried(bucket, key):
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    except s3.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    return "written"

mine = ("runs/elf_codes/y", "logs/elf_codes/y")
keys = (*mine, "runs/x/y", "logs/x/y", "published/elf_codes/y", "code/x.tar", "heads/main/elf_codes.json")
keys += ("indexes/x/y/z",)
found = {key: tried("store", "dev/" + key) for key in keys}
found |= {"prod": tried("store", "prod/runs/x/y"), "remote": tried("remote", "public/files/md5/00/x")}
asked = subprocess.run(["git", "ls-remote", sys.argv[1]], env=os.environ | {"GIT_TERMINAL_PROMPT": "0"})
user = {"user": [os.getuid(), os.getgid()], "root": os.access("/", os.W_OK)}
print(json.dumps(found | user | {"git": asked.returncode == 0}))
"""


@pytest.fixture
def pods(reached: Outside, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The pods of a dataset by verb, as the API gets them from the operator in this deployment."""
    for key, value in (reached.settings() | {"COMMONS_CODE": "0" * 40 + ":" + "1" * 40}).items():
        monkeypatch.setenv(key, value)
    settings.cache_clear()

    def of(folder: Path) -> dict[str, dict[str, Any]]:
        return {t.task_id: pod_of(t) for t in dataset_dag(folder).tasks if t.task_id != "announce"}

    yield of
    settings.cache_clear()


def test_every_pod_of_every_contract_is_admitted(reached: Outside, pods: Any) -> None:
    """Fault 29: the real admission, over all datasets."""
    names = loader.names(ROOM)
    assert len(names) >= 8
    admitted = 0
    for name in names:
        for verb, pod in pods(ROOM / name).items():
            answer = reached.kube.create_namespaced_pod(NAMESPACE, pod, dry_run="All")
            assert answer.metadata.labels["data-commons.io/verb"] == verb
            assert answer.spec.security_context.run_as_user == UID
            admitted += 1
    assert admitted == sum(len(verbs(loader.load(ROOM / name))) for name in names)


def test_a_pod_without_the_security_settings_is_refused_in_plain_words(reached: Outside, pods: Any) -> None:
    """Fault 29."""
    pod = pods(ROOM / "elf_codes")["extract"]
    del pod["spec"]["securityContext"], pod["spec"]["containers"][0]["securityContext"]
    with pytest.raises(client.ApiException) as refused:
        reached.kube.create_namespaced_pod(NAMESPACE, pod, dry_run="All")
    words = explain(None, refused.value)
    assert words.startswith("Pod refused: pods ")
    assert 'violates PodSecurity "restricted' in words
    assert "allowPrivilegeEscalation != false" in words
    assert "runAsNonRoot != true" in words
    assert words.endswith("Ask who runs the cluster, or correct include/orchestration/pod.py.")


def test_an_image_that_would_run_as_root_is_held_back_in_plain_words(reached: Outside, pods: Any) -> None:
    pod = _named(pods(ROOM / "elf_codes")["validate"])
    del pod["spec"]["securityContext"]["runAsUser"]

    def held() -> Any:
        found = reached.kube.read_namespaced_pod(name, NAMESPACE)
        statuses = found.status.container_statuses or []
        return found if any(s.state.waiting and "Config" in s.state.waiting.reason for s in statuses) else None

    name = reached.kube.create_namespaced_pod(NAMESPACE, pod).metadata.name
    words = explain(until(held, "the kubelet looks at the image", 60))
    reached.kube.delete_namespaced_pod(name, NAMESPACE, grace_period_seconds=0)
    assert "CreateContainerConfigError" in words
    assert "the image would run as root (set COMMONS_RUN_AS)" in words


def test_a_pod_that_runs_authors_code_can_write_to_its_own_runs_and_logs_only(reached: Outside, pods: Any) -> None:
    """Fault 27: the keys of each trust zone, tried out in pods of that zone."""
    own = pods(ROOM / "elf_codes")
    started = {verb: _start(reached, own[verb]) for verb in ("extract", "publish")}
    found = {verb: _said(reached, name) for verb, name in started.items()}
    denied = "AccessDenied"
    common = {"user": [UID, 0], "root": False}
    assert found["extract"] == common | {
        "runs/elf_codes/y": "written", "logs/elf_codes/y": "written", "runs/x/y": denied, "logs/x/y": denied,
        "published/elf_codes/y": denied, "code/x.tar": denied, "heads/main/elf_codes.json": denied, "prod": denied,
        "indexes/x/y/z": denied,
        "remote": denied, "git": False,
    }  # fmt: skip
    written = dict.fromkeys(found["extract"], "written")
    assert found["publish"] == written | common | {"prod": denied, "git": True}


def _named(pod: dict[str, Any]) -> dict[str, Any]:
    pod["metadata"]["name"] = f"zone-{uuid.uuid4().hex[:12]}"
    return pod


def _start(reached: Outside, pod: dict[str, Any]) -> str:
    """Starts the pod with `TRIES` as its program, all else unchanged."""
    pod["spec"]["containers"][0] |= {
        "command": ["/opt/commons/venv/bin/python", "-c", TRIES],
        "args": [reached.git.address],
    }
    return str(reached.kube.create_namespaced_pod(NAMESPACE, _named(pod)).metadata.name)


def _said(reached: Outside, name: str) -> dict[str, Any]:
    """The last line of the pod's log once it has ended; the pod is removed."""
    phase = until(lambda: _ended(reached, name), f"{name} ends", 90)
    log = until(lambda: _log(reached, name), f"{name} has a whole log", 30)  # the kubelet may write it a moment later
    reached.kube.delete_namespaced_pod(name, NAMESPACE, grace_period_seconds=0)
    assert phase == "Succeeded", log
    said: dict[str, Any] = json.loads(log.splitlines()[-1])
    return said


def _ended(reached: Outside, name: str) -> str:
    phase = str(reached.kube.read_namespaced_pod(name, NAMESPACE).status.phase)
    return phase if phase in ("Succeeded", "Failed") else ""


def _log(reached: Outside, name: str) -> str:
    """The pod's log, or nothing while it does not end with a whole line."""
    log: str = reached.kube.read_namespaced_pod_log(name, NAMESPACE, _preload_content=False).data.decode()
    return log if log.endswith("\n") and log.splitlines()[-1].startswith("{") else ""
