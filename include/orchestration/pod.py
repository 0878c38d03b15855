"""One function builds every pod: small rights, known size, code of the DAG run's commit."""

import datetime as dt
from functools import cache
from typing import Any, NamedTuple

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk.definitions.mappedoperator import MappedOperator
from kubernetes.client import models as k8s

from ..contracts.layout import Verb
from ..settings import settings
from .messages import PlainWords

SECRETS = "/var/run/secrets/commons"  # settings.secrets' default
LABEL = "data-commons.io"
TRUSTED: tuple[Verb, ...] = ("sync", "publish", "verify")
"""They hold what publishes, so they run no author's code and parse no foreign bytes."""


class Size(NamedTuple):
    """What a pod may use; `hours` is its deadline."""

    cpu: str
    memory_mb: int
    disk_gb: int
    hours: int


SIZES = {
    "small": Size("1", 2048, 4, 1),
    "medium": Size("2", 6144, 20, 4),
    "large": Size("4", 24576, 100, 12),
}

RESTRICTED = {
    "run_as_non_root": True,
    "allow_privilege_escalation": False,
    "privileged": False,
    "read_only_root_filesystem": True,
    "capabilities": k8s.V1Capabilities(drop=["ALL"]),
    "seccomp_profile": k8s.V1SeccompProfile(type="RuntimeDefault"),
}


def pod_task(dataset: str, verb: Verb, size_name: str, *more: str) -> KubernetesPodOperator:
    """The task that runs `verb` of `dataset` in a pod, to be made inside a DAG with `macros` as `commons`.

    `size_name` is one of SIZES, `more` are arguments that the verb has beside those of every verb.

    Its log is also in the store, its result is a receipt there: nothing hangs on the pod or on XCom.
    """
    arguments = [*_arguments(dataset, verb), *more]
    return KubernetesPodOperator(**_options(dataset, verb, size_name), arguments=arguments, max_active_tis_per_dag=1)


def pod_tasks(dataset: str, verb: Verb, size_name: str, shards: int) -> MappedOperator:
    """As `pod_task`, mapped: a pod for each of `shards` parts, which is told which one it does; all at once."""
    parts = [[*_arguments(dataset, verb), "--shard", f"{number}/{shards}"] for number in range(shards)]
    options = _options(dataset, verb, size_name) | {"max_active_tis_per_dag": shards}
    return KubernetesPodOperator.partial(**options).expand(arguments=parts)


def _options(dataset: str, verb: Verb, size_name: str) -> dict[str, Any]:
    size = SIZES[size_name]
    secret = settings().publish_secret if verb in TRUSTED else _own(settings().store_secret, dataset)
    return {
        "task_id": verb,
        "name": "{{ commons.name(ti) }}",
        "random_name_suffix": False,
        "namespace": "{{ commons.setting('namespace') }}",
        "image": "{{ commons.image() }}",
        "image_pull_policy": settings().pull,
        "cmds": ["commons-task"],
        "env_vars": _variables(dataset, verb, size),
        "env_from": _credentials(secret),
        "volumes": _volumes(dataset, verb, size),
        "volume_mounts": _mounts(verb),
        "labels": {f"{LABEL}/dataset": dataset, f"{LABEL}/verb": verb, "app.kubernetes.io/part-of": "data-commons"},
        "container_resources": _resources(size),
        "security_context": _of_pod(settings().run_as),
        "container_security_context": _of_container(),
        "automount_service_account_token": False,
        "active_deadline_seconds": size.hours * 3600,
        "termination_grace_period": 30,
        "termination_message_policy": "FallbackToLogsOnError",
        "schedule_timeout_seconds": 3600,
        "startup_timeout_seconds": 900,
        "startup_check_interval_seconds": 1,
        "poll_interval": 1,
        "deferrable": settings().deferrable,
        "do_xcom_push": False,
        "on_finish_action": "delete_succeeded_pod",
        "log_events_on_failure": True,
        "log_pod_spec_on_failure": False,
        "retries": 2,
        "retry_delay": dt.timedelta(seconds=10),
        "retry_exponential_backoff": True,
        "max_retry_delay": dt.timedelta(minutes=10),
        "retry_policy": PlainWords(),
    }


def _arguments(dataset: str, verb: Verb) -> list[str]:
    facts = {
        "--run": "{{ run_id }}",
        "--attempt": "{{ commons.attempt(ti) }}",
        "--start": "{{ commons.start(dag_run) }}",
        "--end": "{{ commons.end(dag_run) }}",
        "--code": "{{ commons.code(ti) }}",
    }
    return [verb, dataset, *(part for pair in facts.items() for part in pair)]


def _variables(dataset: str, verb: Verb, size: Size) -> dict[str, str]:
    """Facts of the deployment that a verb needs, by name; where to publish is for those that run no author's code."""
    shared = ["store", "remote", "ref", "environment", "developer", "mirror"]
    wanted = [*shared, "publish", "forge", "git_name", "git_email"] if verb in TRUSTED else shared
    variables = {f"COMMONS_{which.upper()}": f"{{{{ commons.setting('{which}') }}}}" for which in wanted}
    variables["COMMONS_ARCHIVE"] = "{{ commons.archive() }}"
    for which in ("log", "receipts"):
        variables[f"COMMONS_{which.upper()}"] = f"{{{{ commons.{which}(ti, '{dataset}') }}}}"
    if verb == "publish":
        variables["COMMONS_IMAGE"] = "{{ commons.image() }}"
    variables |= {"COMMONS_MEMORY_MB": str(size.memory_mb // 2), "COMMONS_SECRETS": SECRETS}
    return variables | {"COMMONS_WORK": "/tmp/work", "HOME": "/tmp/home", "TMPDIR": "/tmp"}  # noqa: S108 - the emptyDir


# Every object of the Kubernetes client costs 0.2 ms, so tasks share those that say nothing of their dataset.


@cache
def _credentials(secret: str) -> list[k8s.V1EnvFromSource]:
    """Trust zones: a pod that runs authors' code or parses foreign bytes never holds what publishes."""
    return [k8s.V1EnvFromSource(secret_ref=k8s.V1SecretEnvSource(name=secret))] if secret else []


def _own(secret: str, dataset: str) -> str:
    """The name of a Secret, the dataset's own where it says {dataset}."""
    return secret.replace("{dataset}", dataset.replace("_", "-"))


def _volumes(dataset: str, verb: Verb, size: Size) -> list[k8s.V1Volume]:
    if verb != "extract":
        return [_scratch(size)]
    own = _own(settings().source_secrets + "{dataset}", dataset)
    source = k8s.V1SecretVolumeSource(secret_name=own, optional=True, default_mode=0o440)
    return [_scratch(size), k8s.V1Volume(name="source", secret=source)]


@cache
def _scratch(size: Size) -> k8s.V1Volume:
    return k8s.V1Volume(name="tmp", empty_dir=k8s.V1EmptyDirVolumeSource(size_limit=f"{size.disk_gb}Gi"))


@cache
def _mounts(verb: Verb) -> list[k8s.V1VolumeMount]:
    scratch = k8s.V1VolumeMount(name="tmp", mount_path="/tmp")  # noqa: S108 - the emptyDir
    source = k8s.V1VolumeMount(name="source", mount_path=SECRETS, read_only=True)
    return [scratch, source] if verb == "extract" else [scratch]


@cache
def _resources(size: Size) -> k8s.V1ResourceRequirements:
    memory: dict[str, Any] = {"memory": f"{size.memory_mb}Mi", "ephemeral-storage": f"{size.disk_gb}Gi"}
    return k8s.V1ResourceRequirements(requests={"cpu": "250m", **memory}, limits={"cpu": size.cpu, **memory})


@cache
def _of_pod(user: int) -> k8s.V1PodSecurityContext:
    profile = k8s.V1SeccompProfile(type="RuntimeDefault")
    return k8s.V1PodSecurityContext(run_as_non_root=True, run_as_user=user or None, seccomp_profile=profile)


@cache
def _of_container() -> k8s.V1SecurityContext:
    return k8s.V1SecurityContext(**RESTRICTED)
