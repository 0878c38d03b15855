"""Pod failures in plain words."""

from types import SimpleNamespace
from typing import Any

import pytest
from kubernetes.client import ApiException

from include.orchestration.messages import PlainWords, explain


def pod(reason: str | None = None, message: str | None = None, **state: Any) -> Any:
    given = {key: SimpleNamespace(**value) for key, value in state.items()}
    now = SimpleNamespace(**{"waiting": None, "terminated": None, "running": None} | given)
    status = SimpleNamespace(
        reason=reason, message=message, container_statuses=[SimpleNamespace(name="base", state=now)]
    )
    return SimpleNamespace(metadata=SimpleNamespace(name="p", namespace="n"), status=status)


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {"reason": reason, "message": message}


def ended(code: int, reason: str = "Error", message: str = "") -> dict[str, Any]:
    return {"exit_code": code, "reason": reason, "message": message}


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (pod(terminated=ended(137, "OOMKilled")), "OOMKilled: the pod used more memory than its limit. Give"),
        (pod("Evicted", "low on memory"), "Evicted: the node ran short of memory or disk"),
        (pod("DeadlineExceeded"), "DeadlineExceeded: the pod ran longer than its size allows"),
        (pod(waiting=waiting("ImagePullBackOff")), "the image can't be pulled. Is it in the registry"),
        (pod(waiting=waiting("ErrImageNeverPull")), "COMMONS_PULL forbids to pull it"),
        (pod(waiting=waiting("CreateContainerConfigError", 'secret "s" not found')), 'secret "s" not found'),
        (pod(terminated=ended(128, "StartError", "no commons-task")), "commons-task could not be started"),
        (pod(terminated=ended(1, message="a\nb")), "Exit 1: the data or the contract is at fault"),
        (pod(terminated=ended(2)), "Exit 2: the environment is at fault (store, remote, network or Git)"),
        (pod(terminated=ended(143)), "Exit 143: the pod was asked to end before it had finished"),
        (pod(terminated=ended(99)), "Exit 99: the program ended in an unforeseen way"),
    ],
)  # fmt: skip
def test_a_failure_says_what_and_what_to_do(found: Any, words: str) -> None:
    assert words in explain(found)


def test_the_end_of_what_the_container_said_is_shown() -> None:
    said = "\n".join(f"line {n}" for n in range(40))
    lines = explain(pod(terminated=ended(1, message=said))).splitlines()
    assert lines[1:] == [f"  line {n}" for n in range(25, 40)]


def test_a_vanished_pod_is_told() -> None:
    """Fault 2."""
    assert explain(None, RuntimeError("404")) == (
        "Pod not found: it went away before its end was seen (404). It is tried again."
    )


def decision(found: Any, exception: Exception) -> Any:
    task = SimpleNamespace(remote_pod=found, pod=found)
    return PlainWords().evaluate(exception, 1, 2, {"task": task})


def test_only_what_another_try_can_mend_is_tried_again() -> None:
    refused = ApiException(status=403)
    refused.body = '{"message": "pods \\"p\\" is forbidden: violates PodSecurity"}'
    error = RuntimeError("failed")
    assert decision(pod(terminated=ended(1)), error).action.value == "fail"
    assert decision(None, refused).action.value == "fail"
    assert "violates PodSecurity" in decision(None, refused).reason
    for again in (pod(terminated=ended(2)), pod(terminated=ended(137, "OOMKilled")), pod("Evicted"), None):
        assert decision(again, error).action.value == "retry"
