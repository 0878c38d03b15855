"""The unmodified KubernetesPodOperator on the pod runner and on a real cluster."""

import asyncio
import datetime as dt
import re
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk.exceptions import AirflowException, TaskDeferred
from kubernetes.client import ApiException
from kubernetes.client import models as k8s

from include.orchestration import messages, pod
from tests.pods.conftest import IMAGE, NAMESPACE, Server


def operator(server: Server, script: str, **changes: Any) -> KubernetesPodOperator:
    """A task with the security settings of our pods, and another program."""
    given = {
        "security_context": k8s.V1PodSecurityContext(run_as_user=1000650000, run_as_non_root=True),
        "container_security_context": k8s.V1SecurityContext(**pod.RESTRICTED),
        "container_resources": k8s.V1ResourceRequirements(limits={"memory": "256Mi"}),
    } | changes
    name = f"t-{uuid.uuid4().hex[:12]}"
    server.made.append(name)
    return KubernetesPodOperator(
        task_id="work", name=name, random_name_suffix=False, namespace=NAMESPACE, image=IMAGE,
        image_pull_policy="Never", cmds=["python3", "-u", "-c"], arguments=[script], kubernetes_conn_id=None,
        config_file=str(server.kubeconfig), termination_message_policy="FallbackToLogsOnError",
        automount_service_account_token=False, startup_check_interval_seconds=1, poll_interval=0.2,
        on_finish_action="delete_succeeded_pod", log_pod_spec_on_failure=False, **given,
    )  # fmt: skip


def context(task: KubernetesPodOperator) -> Any:
    """What a worker gives to a task, as far as the operator asks."""
    pushed: dict[str, Any] = {}
    ti = SimpleNamespace(
        dag_id="d", task_id="work", run_id=f"r-{uuid.uuid4().hex[:6]}", try_number=1, map_index=-1,
        start_date=dt.datetime.now(dt.UTC), xcom_push=lambda key, value: pushed.__setitem__(key, value), task=task,
    )  # fmt: skip
    return {"ti": ti, "run_id": ti.run_id, "dag": SimpleNamespace(), "task": task, "pushed": pushed}


def gone(server: Server, name: str) -> bool:
    try:
        return server.api.read_namespaced_pod(name, NAMESPACE).metadata.deletion_timestamp is not None
    except ApiException as error:
        return error.status == 404


def test_a_success_streams_its_log_and_leaves_no_pod(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    task = operator(server, "print('line one'); print('line two')")
    task.execute(context(task))
    lines = re.findall(r"\[base\] (line \w+)", capsys.readouterr().out)
    # The operator reads a log again from the last whole second where the container still counts as running at its end.
    assert list(dict.fromkeys(lines)) == ["line one", "line two"]
    assert gone(server, task.name)


def test_a_failure_raises_with_the_end_of_the_log_and_keeps_the_pod(server: Server) -> None:
    task = operator(server, "import sys; print('column x is gone'); sys.exit(1)")
    with pytest.raises(AirflowException, match="column x is gone") as failure:
        task.execute(context(task))
    kept = server.api.read_namespaced_pod(task.name, NAMESPACE)
    assert kept.metadata.labels["already_checked"] == "True"
    words = messages.explain(kept, failure.value)
    assert "Exit 1: the data or the contract is at fault" in words
    assert words.endswith("  column x is gone")


def test_a_pod_over_its_memory_is_explained(server: Server) -> None:
    task = operator(server, "x = b'x' * 2**29; import signal; signal.pause()")
    given = context(task)
    with pytest.raises(AirflowException):
        task.execute(given)
    decision = messages.PlainWords().evaluate(AirflowException("failed"), 1, 2, given)
    assert "OOMKilled: the pod used more memory than its limit" in str(decision.reason)
    assert decision.action.value == "retry"


def test_a_refused_pod_is_explained_and_not_tried_again(server: Server) -> None:
    task = operator(server, "pass", container_security_context=k8s.V1SecurityContext())
    given = context(task)
    with pytest.raises(ApiException) as refused:
        task.execute(given)
    decision = messages.PlainWords().evaluate(refused.value, 1, 2, given)
    assert str(decision.reason).startswith("Pod refused: pods")
    assert "violates PodSecurity" in str(decision.reason)
    assert decision.action.value == "fail"


def test_a_deferred_task_is_woken_when_its_pod_has_ended(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    task = operator(server, "print('worked')", deferrable=True)
    given = context(task)
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(given)

    async def first_event() -> Any:
        async for event in deferred.value.trigger.run():
            return event.payload
        return None

    event = asyncio.run(first_event())
    assert event["status"] == "success"
    task.trigger_reentry(given, event)
    assert "logs: worked" in capsys.readouterr().out
    assert gone(server, task.name)


def test_a_try_that_begins_again_finds_its_pod_instead_of_starting_another(server: Server) -> None:
    """Fault 7: the worker died, the pod did not."""
    task = operator(server, "import signal; signal.pause()")
    given = context(task)
    request = task.build_pod_request_obj(given)
    first = task.get_or_create_pod(request, given)
    server.until(first.metadata.name, lambda pod: pod.status.phase == "Running")

    again = operator(server, "raise SystemExit('a second pod ran')")
    given["ti"].try_number, given["task"] = 2, again
    found = again.get_or_create_pod(again.build_pod_request_obj(given), given)
    assert found.metadata.name == first.metadata.name
    with pytest.raises(ApiException) as absent:
        server.api.read_namespaced_pod(again.name, NAMESPACE)
    assert absent.value.status == 404
