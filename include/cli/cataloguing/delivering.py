"""The spool, delivered to OpenMetadata: each dataset's events in order, each removed once it is there."""

import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Any

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from ...adapters import spool, turns
from ...adapters.openmetadata import answers, pipelines
from ...adapters.spool import Event, Waiting
from ...adapters.store import Store
from ...catalogue import runs
from ...contracts import layout
from ...errors import EnvironmentFault

TRIES = 3
"""Of what may be taken later; then all waits for the next delivery."""


@dataclass
class Report:
    """What became of the spool."""

    delivered: int = 0
    refused: list[str] = field(default_factory=list)
    """Path and reason of each."""
    dropped: int = 0
    """Events that there was no room for while OpenMetadata was away."""
    away: str | None = None
    """Why the rest waits; None where there is no rest."""


@dataclass
class Delivery:
    """One delivery; the client is made when the first event needs it, since that takes ten seconds."""

    store: Store
    connect: Callable[[], Any]
    service: str
    sync: Callable[[Any, str], None]
    """Makes OpenMetadata agree with Git about one dataset."""
    pause: float = 1.0
    pipelines: dict[str, Any] = field(default_factory=dict)
    gone: bool = False
    """OpenMetadata doesn't answer, so the other datasets wait too; else only one whose Git or bytes are away does."""

    @cached_property
    def client(self) -> Any:
        """OpenMetadata's client; raises its errors where the server is away, refuses us, or is of another version."""
        return self.connect()

    def run(self, tell: Callable[[str], None] = lambda _: None) -> Report:
        """Delivers what waits. Raises EnvironmentFault where somebody else does."""
        report = Report()
        if not spool.waiting(self.store):
            return report
        with turns.turn(self.store) as lost:
            for dataset, items in groupby(spool.waiting(self.store), key=lambda item: item.dataset):
                tell(dataset)
                self._in_order(items, report, lost)
                if self.gone or lost.is_set():
                    break
        return report

    def _in_order(self, items: Iterable[Waiting], report: Report, lost: threading.Event) -> None:
        """One dataset's events, up to the first that has to wait: the others wait behind it."""
        for item in items:
            away = "somebody else delivers it now" if lost.is_set() else self._one(item, report)
            if away:
                report.away = report.away or away
                return

    def _one(self, item: Waiting, report: Report) -> str | None:
        """Delivers or refuses one event; why neither can be done now."""
        try:
            event = spool.read(self.store, item)
        except ValueError as error:
            report.refused.append(f"{spool.refuse(self.store, item, str(error))}: {error}")
            return None
        if event is None:
            return None
        try:
            self._patiently(event)
        except Exception as error:  # whatever the client raises, no event is lost by it
            reason = answers.refusal(error)
            if reason is None:
                self.gone = not isinstance(error, EnvironmentFault)
                return answers.words(error)
            report.refused.append(f"{spool.refuse(self.store, item, reason)}: {reason}")
            return None
        report.delivered += 1
        report.dropped += int(event.get("dropped", 0))
        spool.remove(self.store, item)
        return None

    def _patiently(self, event: Event) -> None:
        again = retry_if_exception(lambda error: isinstance(error, Exception) and answers.refusal(error) is None)
        wait = wait_random_exponential(multiplier=self.pause, max=30)
        Retrying(retry=again, stop=stop_after_attempt(TRIES), wait=wait, reraise=True)(self._deliver, event)

    def _deliver(self, event: Event) -> None:
        client = self.client
        if event["kind"] == "dataset":
            self.sync(client, event["name"])
            self._edges(event, None)
        else:
            self._status(event)
            if event["kind"] == "task" and event["task"]["state"] == "success":
                self._edges(event, event["task"]["id"])

    def _status(self, event: Event) -> None:
        """The record is kept first: it is what the next event of the run is merged with."""
        path = layout.delivered(event["name"], event["run"]["id"])
        record = runs.merged(json.loads(self.store.get(path) or b"null"), event)
        self.store.put(path, json.dumps(record, ensure_ascii=False).encode())
        pipeline = self._pipeline(event)
        told = runs.status(record, [task.name for task in pipeline.tasks or ()]) if pipeline else None
        if told:
            pipelines.tell_status(self.client, pipeline, told)

    def _edges(self, event: Event, only: str | None) -> None:
        """What the tasks of the event's DAG made, or `only` one of them; nothing where the event knows no tasks."""
        for task in event["dag"].get("tasks", ()):
            if only in (None, task["id"]) and task["outlets"]:
                pipelines.tell_edges(self.client, self._pipeline(event), task["inlets"], task["outlets"])

    def _pipeline(self, event: Event) -> Any:
        """The pipeline of the event's DAG; of an event of the scheduler, which knows no DAG, the one that is there."""
        dag = event["dag"]
        if "tasks" not in dag:
            return pipelines.known(self.client, self.service, dag["id"])
        shape = json.dumps(dag, sort_keys=True)
        if shape not in self.pipelines:
            self.pipelines[shape] = pipelines.pipeline(self.client, self.service, dag)
        return self.pipelines[shape]
