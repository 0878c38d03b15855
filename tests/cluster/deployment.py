"""A deployment on the cluster: a repository with its Git server, an S3 server, Secrets, and a real Airflow."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernetes import client, config

from include.laptop import Laptop, down
from include.settings import REPOSITORY
from tests.cluster import authoring, git_server, image, middleman, s3

NAMESPACE = "data-commons"
UID = 1000650000
START = "import json, sys; from include.laptop import up; l = up(*map(__import__('pathlib').Path, sys.argv[1:2]), \
sys.argv[2:], json.load(sys.stdin), seconds=400); print(json.dumps([l.address, l.user, l.password]))"


@dataclass(frozen=True)
class Outside:
    """What the cluster's pods reach over the network, and the Secrets that open it to each trust zone."""

    kubeconfig: Path
    host: str
    s3: s3.S3
    git: git_server.GitServer
    secrets: str
    """What the names of the Secrets begin with, before the zone."""
    image: str

    @property
    def kube(self) -> client.CoreV1Api:
        """The cluster's own API."""
        return client.CoreV1Api(config.new_client_from_config(str(self.kubeconfig)))

    def settings(self) -> dict[str, str]:
        """The deployment's variables, as Airflow has them: no key but its own, none that publishes."""
        return {
            "COMMONS_STORE": f"s3://{s3.STORE}",
            "COMMONS_PUBLISH": self.git.address,
            "COMMONS_REF": "main",
            "COMMONS_ENVIRONMENT": s3.SPACE,
            "COMMONS_IMAGE": self.image,
            "COMMONS_PULL": "Never",
            "COMMONS_NAMESPACE": NAMESPACE,
            "COMMONS_RUN_AS": str(UID),
            "COMMONS_STORE_SECRET": f"{self.secrets}run-{{dataset}}",
            "COMMONS_PUBLISH_SECRET": f"{self.secrets}publish",
            **self.s3.variables("airflow"),
        }

    def clone(self, into: Path) -> Path:
        """A fresh clone from the Git server."""
        variables = os.environ | self.git.variables()
        subprocess.run(["git", "clone", "-q", self.git.address, str(into)], env=variables, check=True)
        return into


@dataclass(frozen=True)
class Deployment:
    """The running whole."""

    outside: Outside
    middleman: middleman.Middleman
    laptop: Laptop

    def wish(self, dataset: str, wish: bytes | None) -> None:
        """What a dataset's extract.py is to do from now on."""
        root, key = self.outside.s3.client("root"), f"wishes/{dataset}"
        if wish:
            root.put_object(Bucket=s3.STORE, Key=key, Body=wish)
        else:
            root.delete_object(Bucket=s3.STORE, Key=key)

    def state(self, dataset: str, run: str, task: str = "extract") -> str:
        """The task's state now."""
        return self.laptop.api.states(dataset, run).get(task, "")

    def ends(self, dataset: str, run: str) -> str:
        """The run's last state; on failure shows what the tasks said."""
        state = self.laptop.api.follow(dataset, run, seconds=300)
        if state != "success":
            for one in self.instances(dataset, run):
                task, number = one["task_id"], one["map_index"]
                told = self.laptop.api.log(dataset, run, task, instance=number) if one["try_number"] else ""
                print(f"== {task} {number}: {one['state']}\n{told[-6000:]}")
        return state

    def instances(self, dataset: str, run: str) -> list[dict[str, Any]]:
        """The task instances of a run; of a mapped task there are several."""
        return list(self.laptop.api.call("GET", f"dags/{dataset}/dagRuns/{run}/taskInstances")["task_instances"])

    def logs(self, dataset: str, verb: str = "extract") -> list[str]:
        """The logs of a verb's pods that the store has."""
        keys = self.outside.s3.list(f"{s3.SPACE}/logs/{dataset}/")
        return [self.outside.s3.get(key).decode() for key in keys if f"/{verb}/" in key]

    def commits(self, dataset: str) -> list[str]:
        """The commits on the publication ref that publish a dataset."""
        return self.outside.git.git("log", "--format=%H", f"--grep=^Dataset: {dataset}$", "main").splitlines()

    def receipts(self, dataset: str, verb: str) -> list[dict[str, Any]]:
        """All receipts of a verb."""
        keys = [
            key
            for key in self.outside.s3.list(f"{s3.SPACE}/{'published' if verb == 'publish' else 'runs'}/{dataset}/")
            if f"/{verb}/0000/receipt-" in key
        ]
        return [json.loads(self.outside.s3.get(key)) for key in keys]


def until(condition: Callable[[], Any], what: str, seconds: float = 180) -> Any:
    """Waits for a condition to hold; what it gave."""
    end, pause = time.monotonic() + seconds, threading.Event()
    while not (found := condition()):
        assert time.monotonic() < end, f"still waiting after {seconds:.0f} s: {what}"
        pause.wait(0.2)
    return found


def node_address(kubeconfig: Path) -> str:
    """The address of the cluster's only node."""
    nodes = client.CoreV1Api(config.new_client_from_config(str(kubeconfig))).list_node().items
    return next(a.address for node in nodes for a in node.status.addresses if a.type == "InternalIP")


@contextmanager
def outside(kubeconfig: Path, place: Path, shared: Path) -> Iterator[Outside]:
    """Servers on the node's address, the repository that publishes there, and the Secrets."""
    host = node_address(kubeconfig)
    bare = _repository(place / "repository", shared)
    with s3.serve(host, place / "s3") as store, git_server.serve(host, bare) as git:
        found = Outside(kubeconfig, host, store, git, f"test-{uuid.uuid4().hex[:8]}-", image.load(place))
        try:
            for zone, values in _held(found).items():
                meta = client.V1ObjectMeta(name=found.secrets + zone)
                found.kube.create_namespaced_secret(NAMESPACE, client.V1Secret(metadata=meta, string_data=values))
            yield found
        finally:
            _clean(found)


@contextmanager
def deployment(found: Outside, place: Path) -> Iterator[Deployment]:
    """Airflow with the test's repository as its bundle, its kubeconfig pointing to the cluster."""
    home, repository = place / "airflow", place / "repository"
    with middleman.between(found.kubeconfig) as between:
        place.mkdir(exist_ok=True)
        variables = found.settings() | {"KUBECONFIG": str(between.kubeconfig(found.kubeconfig, place / "kubeconfig"))}
        wanted = s3.DATASETS
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-c", START, str(home), *wanted],
                cwd=repository, env=os.environ | found.settings() | {"PYTHONPATH": str(repository)},
                input=json.dumps(variables), capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr[-3000:]
            yield Deployment(found, between, Laptop(home, *json.loads(done.stdout)))
        finally:
            down(home)


def _repository(folder: Path, shared: Path) -> Path:
    """A repository with the files as they are here, the test's datasets, DVC remotes on S3; a bare one beside it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY, check=True, capture_output=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, listed):
        if (REPOSITORY / name).is_file() and name != "data.dvc":
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, folder / name)
    authoring.room(folder / "include/datasets", shared)
    remotes = [f"['remote \"{n}\"']\n    url = s3://{s3.REMOTE}/{n}\n" for n in ("public", "internal", "restricted")]
    (folder / ".dvc/config").write_text("[core]\n    remote = internal\n    analytics = false\n" + "".join(remotes))
    bare = folder.parent / "origin.git"
    who = ["-c", "user.name=Author", "-c", "user.email=author@example.org"]
    for at, *command in (
        (folder, "init", "-q", "-b", "main"),
        (folder, "add", "-A"),
        (folder, *who, "commit", "-q", "-m", "Begin"),
        (folder, "clone", "-q", "--bare", ".", str(bare)),
        (bare, "config", "http.receivepack", "true"),
        (bare, "config", "uploadpack.allowFilter", "true"),
    ):
        subprocess.run(["git", *command], cwd=at, check=True)
    return bare


def _held(found: Outside) -> dict[str, dict[str, str]]:
    """The variables that the Secret of each trust zone holds."""
    run = {zone: found.s3.variables(zone) for zone in map(s3.run_zone, s3.DATASETS)}
    return run | {"publish": found.s3.variables("publish") | found.git.variables()}


def _clean(found: Outside) -> None:
    """Takes the test's Secrets and pods away."""
    for zone in _held(found):
        found.kube.delete_namespaced_secret(found.secrets + zone, NAMESPACE)
    datasets = ",".join(s3.DATASETS)
    found.kube.delete_collection_namespaced_pod(
        NAMESPACE, label_selector=f"data-commons.io/dataset in ({datasets})", grace_period_seconds=0
    )
