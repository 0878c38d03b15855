"""Two servers for the same tests: the pod runner always, a real cluster where KUBECONFIG names one."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config, watch

from include.settings import REPOSITORY
from tests.cluster import image

NAMESPACE = "data-commons"
IMAGE = os.environ.get("COMMONS_TEST_IMAGE") or image.name()
RESTRICTED = {
    "runAsNonRoot": True,
    "runAsUser": 1000650000,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
UNTIL_TOLD = "import signal; signal.pause()"


@dataclass
class Server:
    """A Kubernetes API with what tests do to it again and again."""

    kind: str
    kubeconfig: Path
    secrets: Path
    made: list[str] = field(default_factory=list)
    secret_names: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.api = client.CoreV1Api(config.new_client_from_config(str(self.kubeconfig)))

    def create(self, script: str, **changes: Any) -> str:
        """Starts a pod that runs a Python script; its name. `changes` go into the container or the spec."""
        body = manifest(script, **changes)
        self.made.append(body["metadata"]["name"])
        self.api.create_namespaced_pod(NAMESPACE, body)
        return body["metadata"]["name"]

    def until(self, name: str, wanted: Callable[[Any], bool]) -> Any:
        """The pod as soon as `wanted` holds for it; every state it had before is tried, none is missed."""
        pods = self.api.list_namespaced_pod(NAMESPACE, field_selector=f"metadata.name={name}")
        for pod in pods.items:
            if wanted(pod):
                return pod
        stream = watch.Watch().stream(
            self.api.list_namespaced_pod, NAMESPACE, field_selector=f"metadata.name={name}",
            resource_version=pods.metadata.resource_version, timeout_seconds=60,
        )  # fmt: skip
        for event in stream:
            if event["type"] == "DELETED" or wanted(event["object"]):
                return event["object"]
        raise AssertionError(f"{name}: not so within a minute: {self.api.read_namespaced_pod(name, NAMESPACE).status}")

    def end(self, name: str) -> Any:
        """The pod once it has ended."""
        return self.until(name, lambda pod: pod.status.phase in ("Succeeded", "Failed"))

    def log(self, name: str, **options: Any) -> str:
        """The log now."""
        answer = self.api.read_namespaced_pod_log(name, NAMESPACE, _preload_content=False, **options)
        return str(answer.data.decode())

    def put_secret(self, name: str, values: dict[str, str]) -> None:
        """Makes a Secret, the way each server knows it."""
        if self.kind == "cluster":
            meta = client.V1ObjectMeta(name=name)
            self.secret_names.append(name)
            self.api.create_namespaced_secret(NAMESPACE, client.V1Secret(metadata=meta, string_data=values))
        for key, value in values.items():
            (self.secrets / name).mkdir(parents=True, exist_ok=True)
            (self.secrets / name / key).touch(mode=0o600)
            (self.secrets / name / key).write_text(value)


def manifest(script: str, **changes: Any) -> dict[str, Any]:
    """A pod that the restricted profile admits."""
    container = {
        "name": "base", "image": IMAGE, "imagePullPolicy": "Never", "command": ["python3", "-u", "-c", script],
        "securityContext": RESTRICTED, "terminationMessagePolicy": "FallbackToLogsOnError",
    }  # fmt: skip
    container |= {
        key: changes.pop(key) for key in ("resources", "env", "envFrom", "volumeMounts", "command") if key in changes
    }
    container["securityContext"] = changes.pop("securityContext", RESTRICTED)
    labels = {"suite": "conformance"} | changes.pop("labels", {})
    spec = {"containers": [container], "restartPolicy": "Never", "automountServiceAccountToken": False} | changes
    return {"metadata": {"name": f"t-{uuid.uuid4().hex[:12]}", "labels": labels}, "spec": spec}


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """The pod runner as people start it; its kubeconfig and its folder of secrets."""
    place = tmp_path_factory.mktemp("pods")
    command = [sys.executable, "-m", "include.pods", "--kubeconfig", str(place / "kubeconfig")]
    variables = os.environ | {"CANARY": "must not reach a pod"}
    process = subprocess.Popen(
        [*command, "--secrets", str(place / "secrets")],
        cwd=REPOSITORY,
        env=variables,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert "isolates nothing" in process.stdout.readline()
    assert process.stdout.readline().startswith("http://127.0.0.1:")
    yield place / "kubeconfig", place / "secrets"
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == -signal.SIGTERM


@pytest.fixture(params=["runner", pytest.param("cluster", marks=pytest.mark.cluster)])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """Each server in turn, emptied of the test's pods afterwards."""
    if request.param == "runner":
        kubeconfig, secrets = request.getfixturevalue("runner")
        made = Server("runner", kubeconfig, secrets)
    else:
        if not os.environ.get("KUBECONFIG"):
            pytest.skip("KUBECONFIG names no cluster")
        if "COMMONS_TEST_IMAGE" not in os.environ:
            if why := image.lacking():
                pytest.skip(f"no image can be loaded: {why}")
            image.load(tmp_path)
        made = Server("cluster", Path(os.environ["KUBECONFIG"]), tmp_path)
    yield made
    for name in made.secret_names:
        made.api.delete_namespaced_secret(name, NAMESPACE)
    for name in made.made:
        with suppress(client.ApiException):  # some are gone
            made.api.delete_namespaced_pod(name, NAMESPACE, grace_period_seconds=0)
