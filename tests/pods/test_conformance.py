"""What KubernetesPodOperator relies on, the same on the pod runner and on a real cluster."""

import json
import os
import uuid

import psutil
import pytest
from kubernetes import client, watch

from tests.pods.conftest import NAMESPACE, RESTRICTED, UNTIL_TOLD, Server, manifest


def base(pod: client.V1Pod) -> client.V1ContainerState:
    return next(status.state for status in pod.status.container_statuses if status.name == "base")


def test_a_pod_that_succeeds_goes_through_its_phases_in_order(server: Server) -> None:
    name = server.create("print('done')")
    seen: list[str] = []

    def ended(pod: client.V1Pod) -> bool:
        if pod.status.phase not in seen:
            seen.append(pod.status.phase)
        return pod.status.phase in ("Succeeded", "Failed")

    state = base(server.until(name, ended)).terminated
    assert seen == [phase for phase in ("Pending", "Running", "Succeeded") if phase in seen]
    assert seen[-1] == "Succeeded"
    assert (state.exit_code, state.reason, state.message) == (0, "Completed", None)
    assert state.finished_at >= state.started_at
    assert server.log(name) == "done\n"


def test_a_failure_tells_its_exit_code_and_the_end_of_its_log(server: Server) -> None:
    name = server.create("import sys; print('no such column'); sys.exit(3)")
    pod = server.end(name)
    state = base(pod).terminated
    assert pod.status.phase == "Failed"
    assert (state.exit_code, state.reason) == (3, "Error")
    assert state.message.strip() == "no such column"


def test_a_log_is_read_while_the_pod_runs(server: Server) -> None:
    name = server.create(f"print('first', flush=True); {UNTIL_TOLD}")
    server.until(name, lambda pod: pod.status.phase == "Running")
    stream = server.api.read_namespaced_pod_log(
        name, NAMESPACE, container="base", follow=True, timestamps=True, _preload_content=False
    )
    line = stream.readline().decode()
    stamp, _, text = line.partition(" ")
    assert text == "first\n"
    assert stamp[:2] == "20"
    assert stamp.endswith("Z")
    assert server.api.read_namespaced_pod(name, NAMESPACE).status.phase == "Running"
    stream.close()


def test_a_log_can_be_cut_to_its_last_lines(server: Server) -> None:
    name = server.create("for n in range(5): print(n)")
    server.end(name)
    assert server.log(name, tail_lines=2) == "3\n4\n"
    assert server.log(name, since_seconds=3600) == "0\n1\n2\n3\n4\n"
    assert all(line[:2] == "20" for line in server.log(name, timestamps=True).splitlines())


def test_selectors_find_pods_by_their_labels(server: Server) -> None:
    mark = uuid.uuid4().hex[:8]
    one, two = (server.create("pass", labels={"mark": mark, "verb": verb, f"only/{verb}": "x"}) for verb in ("a", "b"))

    def found(more: str) -> set[str]:
        pods = server.api.list_namespaced_pod(NAMESPACE, label_selector=f"mark={mark},{more}").items
        return {pod.metadata.name for pod in pods}

    assert found("verb") == {one, two}
    assert found("verb=a") == found("verb==a") == found("only/a") == {one}
    assert found("verb!=a") == found("!only/a") == {two}
    assert found("absent!=x,!airflow-worker") == {one, two}
    assert found("verb in (a, c)") == {one}
    assert found("verb notin (a,c)") == {two}
    assert found("absent") == set()


def test_a_patched_label_is_found(server: Server) -> None:
    name = server.create("pass")
    server.api.patch_namespaced_pod(name, NAMESPACE, {"metadata": {"labels": {"already_checked": "True"}}})
    labels = server.api.read_namespaced_pod(name, NAMESPACE).metadata.labels
    assert labels == {"suite": "conformance", "already_checked": "True"}


def test_a_deleted_pod_is_gone_with_all_its_processes(server: Server) -> None:
    """Fault 2: a pod vanishes while it works."""
    mark = f"mark{uuid.uuid4().hex}"
    child = f"import subprocess,sys; subprocess.Popen([sys.executable,'-c','import signal; signal.pause() # {mark}'])"
    name = server.create(f"{child}; print('ready', flush=True); {UNTIL_TOLD}")
    server.until(name, lambda pod: pod.status.phase == "Running")
    stream = server.api.read_namespaced_pod_log(name, NAMESPACE, follow=True, _preload_content=False)
    assert stream.readline() == b"ready\n"
    assert marked(mark)
    server.api.delete_namespaced_pod(name, NAMESPACE, grace_period_seconds=1)
    gone = server.until(name, lambda pod: False)
    assert gone.metadata.deletion_timestamp
    with pytest.raises(client.ApiException, match="not found"):
        server.api.read_namespaced_pod(name, NAMESPACE)
    assert not marked(mark)


def marked(mark: str) -> list[int]:
    return [p.pid for p in psutil.process_iter(["cmdline"]) if any(mark in part for part in p.info["cmdline"] or [])]


def test_a_pod_over_its_memory_limit_is_ended_and_says_so(server: Server) -> None:
    limits = {"limits": {"memory": "64Mi"}, "requests": {"memory": "64Mi"}}
    name = server.create("x = bytearray(2**28); x[:] = b'x' * 2**28; import signal; signal.pause()", resources=limits)
    pod = server.end(name)
    assert pod.status.phase == "Failed"
    assert (base(pod).terminated.reason, base(pod).terminated.exit_code) == ("OOMKilled", 137)


def test_a_pod_past_its_deadline_is_ended_and_says_so(server: Server) -> None:
    pod = server.end(server.create(UNTIL_TOLD, activeDeadlineSeconds=1, terminationGracePeriodSeconds=1))
    assert (pod.status.phase, pod.status.reason) == ("Failed", "DeadlineExceeded")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"allowPrivilegeEscalation": True}, "allowPrivilegeEscalation != false"),
        ({"capabilities": {}}, "unrestricted capabilities"),
        ({"runAsNonRoot": False}, "runAsNonRoot != true"),
        ({"seccompProfile": None}, "seccompProfile"),
    ],
)
def test_a_pod_that_breaks_the_restricted_profile_is_refused(server: Server, change: dict, reason: str) -> None:
    """Fault 29: drift of a pod's specification shows where it happens, on a laptop too."""
    with pytest.raises(client.ApiException) as refused:
        server.create("pass", securityContext=RESTRICTED | change)
    assert refused.value.status == 403
    message = json.loads(refused.value.body)["message"]
    assert 'violates PodSecurity "restricted' in message
    assert reason in message


def test_a_name_is_given_once(server: Server) -> None:
    """Fault 7: a try that is started twice has one pod."""
    body = manifest(UNTIL_TOLD)
    server.made.append(body["metadata"]["name"])
    server.api.create_namespaced_pod(NAMESPACE, body)
    with pytest.raises(client.ApiException) as taken:
        server.api.create_namespaced_pod(NAMESPACE, body)
    assert (taken.value.status, taken.value.reason) == (409, "Conflict")


def test_nobody_gets_in_without_the_token(server: Server) -> None:
    settings = client.Configuration.get_default_copy()
    settings.host, settings.verify_ssl = server.api.api_client.configuration.host, False
    settings.api_key = {"authorization": "Bearer guess"}
    with pytest.raises(client.ApiException) as refused:
        client.CoreV1Api(client.ApiClient(settings)).list_namespaced_pod(NAMESPACE)
    assert refused.value.status == 401


def test_a_secret_reaches_the_pod_and_an_absent_one_holds_it_back(server: Server) -> None:
    secret = f"s-{uuid.uuid4().hex[:8]}"
    server.put_secret(secret, {"TOKEN": "hunter2"})
    env = [{"name": "GIVEN", "valueFrom": {"secretKeyRef": {"name": secret, "key": "TOKEN"}}}]
    script = "import os; print(os.environ['GIVEN'], os.environ['TOKEN'], os.path.exists('/run/s/x'))"
    name = server.create(script, env=env, envFrom=[{"secretRef": {"name": secret}}])
    assert server.end(name).status.phase == "Succeeded"
    assert server.log(name) == "hunter2 hunter2 False\n"

    waiting = server.create("pass", envFrom=[{"secretRef": {"name": f"{secret}-absent"}}])
    pod = server.until(
        waiting, lambda pod: bool(pod.status.container_statuses) and base(pod).waiting.reason != "ContainerCreating"
    )
    assert base(pod).waiting.reason == "CreateContainerConfigError"
    assert "not found" in base(pod).waiting.message


def test_a_secret_can_be_a_file_and_its_absence_optional(server: Server) -> None:
    secret = f"s-{uuid.uuid4().hex[:8]}"
    server.put_secret(secret, {"token": "hunter2"})
    volumes = [
        {"name": "there", "secret": {"secretName": secret}},
        {"name": "absent", "secret": {"secretName": f"{secret}-absent", "optional": True}},
        {"name": "tmp", "emptyDir": {}},
    ]
    mounts = [{"name": volume["name"], "mountPath": f"/mnt/{volume['name']}"} for volume in volumes]
    env = [{"name": volume["name"], "value": f"/mnt/{volume['name']}"} for volume in volumes]
    script = (
        "import os; there, absent = (os.environ[name] + '/token' for name in ('there', 'absent'));"
        "print(open(there).read(), os.path.exists(absent));"
        "open(os.environ['tmp'] + '/x', 'w')"
    )
    name = server.create(script, volumes=volumes, volumeMounts=mounts, env=env)
    assert server.end(name).status.phase == "Succeeded", server.log(name)
    assert server.log(name) == "hunter2 False\n"


def test_a_program_that_is_not_there_is_told(server: Server) -> None:
    pod = server.end(server.create("", command=["no-such-program"]))
    assert base(pod).terminated.exit_code == 128
    assert "no-such-program" in base(pod).terminated.message


def test_a_watch_goes_on_where_the_list_ended(server: Server) -> None:
    before = server.api.list_namespaced_pod(NAMESPACE).metadata.resource_version
    name = server.create("pass")
    stream = watch.Watch().stream(
        server.api.list_namespaced_pod, NAMESPACE, resource_version=before, timeout_seconds=60
    )
    first = next(event for event in stream if event["object"].metadata.name == name)
    assert first["type"] == "ADDED"


def test_events_can_be_listed(server: Server) -> None:
    name = server.create("pass")
    events = server.api.list_namespaced_event(NAMESPACE, field_selector=f"involvedObject.name={name}")
    assert events.metadata.resource_version
    assert all(event.involved_object.name == name for event in events.items)


def test_what_is_not_there_is_not_found(server: Server) -> None:
    with pytest.raises(client.ApiException) as absent:
        server.api.read_namespaced_pod("no-such-pod", NAMESPACE)
    assert absent.value.status == 404
    assert json.loads(absent.value.body)["message"] == 'pods "no-such-pod" not found'


def test_a_pod_has_the_environment_it_declares_and_nothing_else(server: Server) -> None:
    os.environ["CANARY_OF_TESTS"] = "must not reach a pod"
    name = server.create("import os; print(sorted(k for k in os.environ if 'CANARY' in k), os.environ['MINE'])",
                         env=[{"name": "MINE", "value": "yes"}])  # fmt: skip
    assert server.end(name).status.phase == "Succeeded"
    assert server.log(name) == "[] yes\n"
