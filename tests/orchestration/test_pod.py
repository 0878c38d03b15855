"""Every pod of every contract: rights, sizes, names, secrets, environment."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from include.contracts import layout, loader
from include.orchestration import dag as dags
from include.orchestration import pod as pods
from include.pods.admission import violations
from include.settings import REPOSITORY, Settings, settings
from tests.orchestration.conftest import CONTRACT, pod_of, write_matched

ROOM = REPOSITORY / "include/datasets"
NAMES = loader.names(ROOM)
CODE = "0" * 40 + ":" + "1" * 40


@pytest.fixture(autouse=True)
def deployment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Settings of a deployment with secrets, read anew."""
    for key, value in {
        "COMMONS_CODE": CODE, "COMMONS_STORE": "s3://bucket/all", "COMMONS_PUBLISH": "https://git.example.org/d.git",
        "COMMONS_STORE_SECRET": "run-store", "COMMONS_PUBLISH_SECRET": "publisher",
    }.items():  # fmt: skip
        monkeypatch.setenv(key, value)
    settings.cache_clear()
    yield
    settings.cache_clear()


def tasks(folder: Path) -> dict[str, Any]:
    found = {task.task_id: task for task in dags.dataset_dag(folder).tasks if task.task_id != "announce"}
    assert list(found) == list(layout.verbs(loader.load(folder)))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_pod_meets_the_restricted_profile_and_more(name: str) -> None:
    """Fault 29."""
    assert len(NAMES) >= 8
    for task in tasks(ROOM / name).values():
        pod = pod_of(task)
        spec = pod["spec"]
        assert kubernetes_validate.validate(pod, "1.35", strict=True) is not None
        assert violations(spec) == []
        assert spec["automountServiceAccountToken"] is False
        assert spec["restartPolicy"] == "Never"
        assert 0 < spec["activeDeadlineSeconds"] <= 12 * 3600
        assert "runAsUser" not in spec["securityContext"]
        assert len(spec["containers"]) == 1
        assert not spec.get("initContainers")
        for container in spec["containers"]:
            own = container["securityContext"]
            assert own["readOnlyRootFilesystem"] is True
            assert own["privileged"] is False
            assert "runAsUser" not in own
            assert set(container["resources"]["limits"]) == {"cpu", "memory", "ephemeral-storage"}
            assert set(container["resources"]["requests"]) == {"cpu", "memory", "ephemeral-storage"}
        assert all(set(volume) - {"name"} <= {"emptyDir", "secret"} for volume in spec["volumes"])


def test_a_pod_runs_one_verb_with_the_facts_of_its_run() -> None:
    pod = pod_of(tasks(ROOM / "elf_codes")["validate"])
    container = pod["spec"]["containers"][0]
    assert container["command"] == ["commons-task"]
    assert container["args"] == [
        "validate", "elf_codes", "--run", "scheduled__2026-01-01T00:00:00+00:00", "--attempt", "0000",
        "--start", "2026-01-01T00:00:00Z", "--end", "2026-01-02T00:00:00Z", "--code", CODE,
    ]  # fmt: skip
    assert re.fullmatch(r"data-commons-task:[0-9a-f]{16}", container["image"])


def test_a_pod_is_told_where_code_and_log_lie_in_its_own_space(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMONS_DEVELOPER", "jane")
    settings.cache_clear()
    container = pod_of(tasks(ROOM / "elf_codes")["validate"])["spec"]["containers"][0]
    known = {variable["name"]: variable.get("value") for variable in container["env"]}
    assert known["COMMONS_ARCHIVE"] == "s3://bucket/all/dev-jane/code/{tree}.tar"
    run = "scheduled__2026-01-01T00%3A00%3A00%2B00%3A00"
    assert known["COMMONS_LOG"] == f"s3://bucket/all/dev-jane/logs/elf_codes/{run}/validate/0000-{{writer}}.log"
    receipts = f"s3://bucket/all/dev-jane/runs/elf_codes/{run}/validate/0000/receipt-*.json"
    assert known["COMMONS_RECEIPTS"] == receipts
    assert [known[f"COMMONS_{which}"] for which in ("STORE", "ENVIRONMENT", "DEVELOPER")] == [
        "s3://bucket/all", "dev", "jane",
    ]  # fmt: skip


def test_trust_zones_keep_what_publishes_from_what_runs_authors_code() -> None:
    """Fault 27: a pod can't tell a secret that it does not hold."""
    held = {verb: pod_of(task)["spec"] for verb, task in tasks(ROOM / "lei_entities").items()}

    def secrets(spec: dict[str, Any]) -> set[str]:
        container = spec["containers"][0]
        of_env = {source["secretRef"]["name"] for source in container.get("envFrom", [])}
        return of_env | {volume["secret"]["secretName"] for volume in spec["volumes"] if "secret" in volume}

    assert secrets(held["extract"]) == {"run-store", "source-lei-entities"}
    assert secrets(held["validate"]) == {"run-store"}
    assert secrets(held["publish"]) == secrets(held["sync"]) == {"publisher"}
    names = {verb: {v["name"] for v in spec["containers"][0]["env"]} for verb, spec in held.items()}
    where_to_publish = {"COMMONS_PUBLISH", "COMMONS_FORGE"}
    assert where_to_publish <= names["publish"] & names["sync"]
    assert not where_to_publish & (names["extract"] | names["validate"])
    assert [verb for verb in names if "COMMONS_IMAGE" in names[verb]] == ["publish"]


def test_pods_that_match_hold_what_validate_holds_and_each_has_a_place_of_its_own(tmp_path: Path) -> None:
    """Fault 27: they read what a pod with author's code wrote."""
    held = tasks(write_matched(tmp_path))
    pods = [pod_of(held["compare"], map_index=number) for number in range(3)] + [pod_of(held["match"])]
    for pod in pods:
        assert kubernetes_validate.validate(pod, "1.35", strict=True) is not None
        assert violations(pod["spec"]) == []
        (source,) = pod["spec"]["containers"][0]["envFrom"]
        assert source["secretRef"]["name"] == "run-store"
        assert "COMMONS_PUBLISH" not in {variable["name"] for variable in pod["spec"]["containers"][0]["env"]}
    shards = [pod["spec"]["containers"][0] for pod in pods[:3]]
    assert [shard["args"][-2:] for shard in shards] == [["--shard", f"{number}/3"] for number in range(3)]
    assert shards[1]["args"][:4] == ["compare", "owners", "--run", "scheduled__2026-01-01T00:00:00+00:00"]
    assert len({pod["metadata"]["name"] for pod in pods}) == 4
    known = [{variable["name"]: variable.get("value") for variable in shard["env"]} for shard in shards]
    run = "owners/scheduled__2026-01-01T00%3A00%3A00%2B00%3A00"
    assert known[1]["COMMONS_LOG"] == f"s3://bucket/all/dev/logs/{run}/compare-0001/0000-{{writer}}.log"
    assert known[2]["COMMONS_RECEIPTS"] == f"s3://bucket/all/dev/runs/{run}/compare-0002/0000/receipt-*.json"


def test_sync_is_as_big_as_the_others_where_it_makes_a_register_searchable(tmp_path: Path) -> None:
    folder = write_matched(tmp_path)
    (folder / "contract.yaml").write_text((folder / "contract.yaml").read_text() + "size: medium\n")

    def memory(task: Any) -> str:
        return str(pod_of(task)["spec"]["containers"][0]["resources"]["limits"]["memory"])

    assert {memory(task) for task in tasks(folder).values()} == {"6144Mi"}
    assert memory(tasks(ROOM / "lei_entities")["sync"]) == "2048Mi"


def test_each_dataset_can_have_a_key_that_writes_its_own_runs_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMONS_STORE_SECRET", "run-{dataset}")
    settings.cache_clear()
    for name, secret in (("lei_entities", "run-lei-entities"), ("elf_codes", "run-elf-codes")):
        for verb in ("extract", "validate"):
            (source,) = pod_of(tasks(ROOM / name)[verb])["spec"]["containers"][0]["envFrom"]
            assert source["secretRef"]["name"] == secret


def test_only_named_variables_reach_a_pod(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 27: nothing of a worker's environment is passed on by accident."""
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "canary-27")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-27")
    for task in tasks(ROOM / "elf_codes").values():
        assert "canary-27" not in str(pod_of(task))


def test_a_try_has_one_name_and_another_try_another() -> None:
    """Fault 7."""
    task = tasks(ROOM / "wri_power_plants")["extract"]
    name = pod_of(task)["metadata"]["name"]
    assert pod_of(task)["metadata"]["name"] == name
    assert re.fullmatch(r"wri-power-plants-extract-[0-9a-f]{12}", name)
    others = {pod_of(task, **change)["metadata"]["name"] for change in ({"try_number": 2}, {"run_id": "manual__x"})}
    assert len(others | {name}) == 3


def test_a_long_name_is_cut_to_what_a_pod_may_be_called(room: Any) -> None:
    task = tasks(room("a" * 60 + "_b"))["validate"]
    assert len(pod_of(task)["metadata"]["name"]) <= 63


def test_a_retry_keeps_the_attempt_and_a_clear_raises_it() -> None:
    """Airflow counts tries up at both; it raises max_tries only where a person clears the task."""
    task = tasks(ROOM / "elf_codes")["publish"]

    def attempt(**counts: int) -> str:
        args = pod_of(task, **counts)["spec"]["containers"][0]["args"]
        return str(args[args.index("--attempt") + 1])

    assert attempt(try_number=1, max_tries=2) == "0000"
    assert attempt(try_number=2, max_tries=2) == attempt(try_number=3, max_tries=2) == "0000"
    assert attempt(try_number=2, max_tries=3) == "0001"
    assert attempt(try_number=5, max_tries=6) == "0004"


@pytest.mark.parametrize("size", pods.SIZES)
def test_a_size_sets_limits_and_what_the_verb_plans_for(room: Any, size: str) -> None:
    pod = pod_of(tasks(room("sized", CONTRACT + f"size: {size}\n"))["extract"])
    container = pod["spec"]["containers"][0]
    limit = int(container["resources"]["limits"]["memory"].removesuffix("Mi"))
    planned = next(int(v["value"]) for v in container["env"] if v["name"] == "COMMONS_MEMORY_MB")
    assert limit == pods.SIZES[size].memory_mb
    assert limit // 4 <= planned <= limit * 3 // 4
    scratch = next(volume for volume in pod["spec"]["volumes"] if volume["name"] == "tmp")
    assert scratch["emptyDir"]["sizeLimit"] == container["resources"]["limits"]["ephemeral-storage"]


def test_the_image_of_a_deployment_is_taken_as_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from include.orchestration import macros

    for image in ("registry.example.org:5000/task:1", "task@sha256:00"):
        monkeypatch.setenv("COMMONS_IMAGE", image)
        settings.cache_clear()
        macros.image.cache_clear()
        assert macros.image() == image
    monkeypatch.setenv("COMMONS_IMAGE", "registry.example.org:5000/task")
    settings.cache_clear()
    macros.image.cache_clear()
    assert re.fullmatch(r"registry\.example\.org:5000/task:[0-9a-f]{16}", macros.image())
    macros.image.cache_clear()


def test_retries_are_two_and_wait_longer_each_time() -> None:
    for task in tasks(ROOM / "elf_codes").values():
        assert task.retries == 2
        assert task.retry_exponential_backoff
        assert task.do_xcom_push is False
        assert task.on_finish_action.value == "delete_succeeded_pod"


def test_settings_decide_whether_tasks_are_deferred(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, deferred in (("1", True), ("", False)):
        monkeypatch.setenv("COMMONS_DEFERRABLE", value)
        settings.cache_clear()
        assert Settings().deferrable is deferred
        assert {task.deferrable for task in tasks(ROOM / "elf_codes").values()} == {deferred}


@pytest.mark.cluster
def test_the_cluster_admits_every_pod() -> None:
    """Fault 29: the real admission of a namespace that enforces "restricted", asked without starting anything."""
    from kubernetes import client, config

    if not os.environ.get("KUBECONFIG"):
        pytest.skip("KUBECONFIG names no cluster")
    api = client.CoreV1Api(config.new_client_from_config(os.environ["KUBECONFIG"]))
    admitted = Counter[str]()
    for name in NAMES:
        for verb, task in tasks(ROOM / name).items():
            api.create_namespaced_pod("data-commons", pod_of(task), dry_run="All")
            admitted[verb] += 1
    matched = sum(loader.load(ROOM / name).match is not None for name in NAMES)
    assert admitted == {**dict.fromkeys(("sync", "extract", "validate", "publish"), len(NAMES)), "match": matched}
    assert 0 < matched < len(NAMES)
