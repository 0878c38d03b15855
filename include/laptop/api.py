"""Airflow's REST API, as far as the command line needs it."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from ..errors import EnvironmentFault

ENDED = ("success", "failed")
CONCERNS = ("failed", "upstream_failed", "up_for_retry", "running", "deferred", "queued", "scheduled", "", "success")


@dataclass
class Api:
    """Calls with a login; a token is asked for at the first one."""

    address: str
    user: str
    password: str
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60, trust_env=False), repr=False)
    token: str = field(default="", repr=False)

    def sick(self, components: Iterable[str]) -> list[str]:
        """Those of the `components` that are not healthy; the api-server while nothing answers."""
        try:
            health = self.client.get(f"{self.address}/api/v2/monitor/health").json()
        except (httpx.TransportError, ValueError):
            return ["api-server"]
        told = {part.replace("_", "-"): (state or {}).get("status") for part, state in health.items()}
        return [part for part in components if told.get(part, "healthy") != "healthy"]

    def dags(self) -> set[str]:
        """Ids of the DAGs that Airflow knows."""
        return {dag["dag_id"] for dag in self.call("GET", "dags", {"limit": "1000"})["dags"]}

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None) -> str:
        """Starts a run of a DAG now; its run id."""
        body = {"logical_date": None, "conf": dict(conf or {})}
        return str(self.call("POST", f"dags/{dag_id}/dagRuns", body=body)["dag_run_id"])

    def states(self, dag_id: str, run_id: str) -> dict[str, str]:
        """The state of each task of a run, "" where it has none yet; of a mapped one, the first that needs a look."""
        states: dict[str, str] = {}
        for task in self._instances(dag_id, run_id):
            name, state = task["task_id"], task["state"] or ""
            states[name] = min(states.get(name, state), state, key=_concern)
        return states

    def seconds(self, dag_id: str, run_id: str) -> dict[str, float]:
        """How long each ended task of a run took, in seconds, by task; of a mapped one, the longest instance."""
        found = [task for task in self._instances(dag_id, run_id) if task["duration"] is not None]
        return {task["task_id"]: task["duration"] for task in sorted(found, key=lambda task: float(task["duration"]))}

    def _instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        found = self.call("GET", f"dags/{dag_id}/dagRuns/{run_id}/taskInstances", {"limit": "1000"})
        return list(found["task_instances"])

    def follow(
        self, dag_id: str, run_id: str, changed: Callable[[dict[str, str]], None] = lambda _: None,
        seconds: float = 3600,
    ) -> str:  # fmt: skip
        """Waits for a run's end, tells the tasks' states whenever they change; `success` or `failed`.

        Raises EnvironmentFault where `seconds` pass.
        """
        end, last = time.monotonic() + seconds, {"": ""}
        while time.monotonic() < end:
            state = self.call("GET", f"dags/{dag_id}/dagRuns/{run_id}")["state"]
            now = self.states(dag_id, run_id)
            if now != last:
                changed(now)
                last = now
            if state in ENDED:
                return str(state)
            time.sleep(0.3)
        raise EnvironmentFault(f"{dag_id}: run {run_id} is not done after {seconds:.0f} s. Look at {self.address}.")

    def clear(self, dag_id: str, run_id: str, task_id: str, downstream: bool = True) -> None:
        """Does a task of a run again, and what follows it."""
        body = {"dry_run": False, "dag_run_id": run_id, "task_ids": [task_id], "only_failed": False}
        body |= {"include_downstream": downstream, "reset_dag_runs": True}
        self.call("POST", f"dags/{dag_id}/clearTaskInstances", body=body)

    def log(self, dag_id: str, run_id: str, task_id: str, attempt: int = 1, instance: int = -1) -> str:
        """The log of one try of a task, or of an instance of a mapped one, as text."""
        path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{attempt}"
        lines = self.call("GET", path, {"full_content": "true", "map_index": str(instance)})["content"]
        return "\n".join(line if isinstance(line, str) else line.get("event", "") for line in lines)

    def call(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None
    ) -> Any:
        """One call below /api/v2. Raises EnvironmentFault with Airflow's answer where it refuses."""
        if not self.token:
            self.token = self._login()
        answer = self.client.request(
            method, f"{self.address}/api/v2/{path}", params=query, json=body,
            headers={"Authorization": f"Bearer {self.token}"},
        )  # fmt: skip
        if answer.is_error:
            raise EnvironmentFault(
                f"{self.address}: {method} {path}: Airflow says {answer.status_code} {answer.text[:500]}"
            )
        return answer.json() if answer.content else None

    def _login(self) -> str:
        login = {"username": self.user, "password": self.password}
        answer = self.client.post(f"{self.address}/auth/token", json=login)
        if answer.is_error:
            raise EnvironmentFault(f"{self.address}: login of {self.user} refused: {answer.text[:200]}")
        return str(answer.json()["access_token"])


def _concern(state: str) -> int:
    """What people look at first, first."""
    return CONCERNS.index(state) if state in CONCERNS else CONCERNS.index("queued")
