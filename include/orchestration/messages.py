"""Pod failures in plain words, and which of them are worth another try."""

import json
import logging
from typing import Any

from airflow.sdk import RetryAction, RetryDecision, RetryPolicy

log = logging.getLogger(__name__)

WAITING = {
    "ErrImagePull": "the image can't be pulled. Is it in the registry, and may this namespace pull it?",
    "ImagePullBackOff": "the image can't be pulled. Is it in the registry, and may this namespace pull it?",
    "ErrImageNeverPull": "the image is not on the node, and COMMONS_PULL forbids to pull it. Load it there.",
    "InvalidImageName": "the image's name is not valid. Correct COMMONS_IMAGE.",
    "CreateContainerConfigError": "a Secret that the pod names is not there (create it in the namespace), or the image "
    "would run as root (set COMMONS_RUN_AS).",
    "CreateContainerError": "the container could not be made. Ask who runs the cluster.",
}
ENDED = {
    "OOMKilled": "the pod used more memory than its limit. Give the dataset a bigger `size:` in its contract.",
    "StartError": "commons-task could not be started. Is the image the one of include/images?",
    "ContainerCannotRun": "commons-task could not be started. Is the image the one of include/images?",
}
POD = {
    "Evicted": "the node ran short of memory or disk and evicted the pod. It is tried again; if that repeats, "
    "give the dataset a bigger `size:`.",
    "DeadlineExceeded": "the pod ran longer than its size allows. Is the source slow? Else give it a bigger `size:`.",
    "Preempting": "the cluster needed the node for something more important. It is tried again.",
    "NodeLost": "the node went away with the pod. It is tried again.",
    "Shutdown": "the node was shut down. It is tried again.",
}
AGAIN = "It is tried again and adopts what was finished."
CODES = {
    0: f"the pod succeeded, but its log or its end could not be read. {AGAIN}",
    1: "the data or the contract is at fault; the last good version stays in place. Another try would not help.",
    2: "the environment is at fault (store, remote, network or Git), not the data. It is tried again.",
    137: "the pod was killed. It is tried again.",
    143: "the pod was asked to end before it had finished. It is tried again.",
}


class PlainWords(RetryPolicy):
    """Says why a pod failed, in the task's log and as the retry's reason; fails at once where a retry can't help."""

    def evaluate(self, exception: BaseException, try_number: int, max_tries: int, context: Any = None) -> RetryDecision:
        """Airflow asks this at every failure of a pod task, in the task's own process."""
        del try_number, max_tries  # the scheduler counts
        task = context["task"] if context else None
        pod = _latest(task)
        words = explain(pod, exception)
        for line in words.splitlines():
            log.error("%s", line)
        hopeless = _exit_code(pod) == 1 or _refused(exception)
        action = RetryAction.FAIL if hopeless else RetryAction.RETRY
        return RetryDecision(action, reason=words.splitlines()[0][:500])


def explain(pod: Any, exception: BaseException | None = None) -> str:
    """Why the pod failed and what to do: one sentence, then the end of what the container said."""
    if exception is not None and (refusal := _refused(exception)):
        return f"Pod refused: {refusal} Ask who runs the cluster, or correct include/orchestration/pod.py."
    if pod is None:
        return f"Pod not found: it went away before its end was seen ({exception}). It is tried again."
    reason = getattr(pod.status, "reason", None)
    if reason in POD:
        return _told(pod, f"{reason}: {POD[reason]}", pod.status.message)
    state = _state(pod)
    if state and state.waiting and state.waiting.reason in WAITING:
        return _told(pod, f"{state.waiting.reason}: {WAITING[state.waiting.reason]}", state.waiting.message)
    if state and state.terminated:
        ended = state.terminated
        words = ENDED.get(ended.reason) or CODES.get(ended.exit_code) or "the program ended in an unforeseen way."
        label = ended.reason if ended.reason in ENDED else f"Exit {ended.exit_code}"
        return _told(pod, f"{label}: {words}", ended.message)
    why = str(exception).rstrip(".")
    if state and state.running:
        return _told(pod, f"at work when last seen, but its log or state can't be read. {AGAIN}", why)
    return f"Pod {pod.metadata.name}: {why}. It is tried again."


def _told(pod: Any, words: str, said: str | None) -> str:
    tail = "\n".join(f"  {line}" for line in (said or "").strip().splitlines()[-15:])
    return f"Pod {pod.metadata.name}: {words}" + (f"\n{tail}" if tail else "")


def _latest(task: Any) -> Any:
    """The pod as it is now where it can be read, else as the operator saw it last; None where it vanished at work."""
    seen: Any = getattr(task, "remote_pod", None) or getattr(task, "pod", None)
    try:
        return task.client.read_namespaced_pod(seen.metadata.name, seen.metadata.namespace)
    except Exception as error:  # gone, or no cluster: whatever the reason, there is a last known state
        vanished = getattr(error, "status", None) == 404 and _exit_code(seen) is None
        return None if vanished else seen


def _state(pod: Any) -> Any:
    statuses = (pod.status.container_statuses or []) if pod is not None and pod.status else []
    return next((status.state for status in statuses if status.name == "base"), None)


def _exit_code(pod: Any) -> int | None:
    state = _state(pod)
    return state.terminated.exit_code if state and state.terminated else None


def _refused(exception: BaseException) -> str:
    """The API server's sentence, where it refused the pod."""
    if getattr(exception, "status", None) not in (400, 403, 422):
        return ""
    try:
        return str(json.loads(getattr(exception, "body", "") or "{}").get("message", exception)).rstrip(".") + "."
    except ValueError:
        return str(exception)
