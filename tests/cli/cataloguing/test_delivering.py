"""The spool, delivered to an OpenMetadata that fails in every way: the same state in the end, in order, once."""

import copy
import datetime as dt
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from include.adapters import spool, turns
from include.adapters.store import Store
from include.cli.cataloguing.delivering import Delivery, Report
from include.errors import ContractError, EnvironmentFault
from tests.openmetadata.server import TOKEN, Fault, OpenMetadata, serving

SECOND = dt.timedelta(seconds=1)
START = dt.datetime(2026, 10, 25, tzinfo=dt.UTC)
AIRFLOW = "https://airflow.example.org"
TASKS = ["extract", "validate", "publish", "announce"]


@pytest.fixture
def server() -> Iterator[OpenMetadata]:
    with serving() as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"file://{tmp_path}/store/dev")


def connected(server: OpenMetadata, token: str = TOKEN, timeout: int = 20) -> Any:
    """The client that asks this server."""
    from metadata.generated.schema.entity.services.connections.metadata.openMetadataConnection import (
        OpenMetadataConnection,
    )
    from metadata.ingestion.ometa.ometa_api import OpenMetadata as Client

    told = {"hostPort": server.endpoint, "authProvider": "openmetadata", "securityConfig": {"jwtToken": token}}
    connection = OpenMetadataConnection.model_validate(told)
    return Client(connection, additional_client_config_arguments={"timeout": timeout, "retry": 0})


def xlet(entity: str, fqn: str, key: str) -> dict[str, str]:
    return {"entity": entity, "fqn": fqn, "key": key}


SOURCE, RAW = ("container", "host.page"), ("container", "archive.wells")
TABLE, CODES = ("table", "commons.b.s.wells"), ("table", "commons.b.s.codes")
EDGES = {
    "extract": ([SOURCE], [RAW]),
    "validate": ([RAW, CODES], [TABLE]),
}


def dag(tasks: list[str] = TASKS) -> dict[str, Any]:
    """A DAG of `tasks`, one after the other."""
    made = []
    for name, following in zip(tasks, [*tasks[1:], None], strict=True):
        inlets, outlets = EDGES.get(name, ([], []))
        made.append(
            {
                "id": name,
                "type": "KubernetesPodOperator",
                "downstream": [following] if following else [],
                "inlets": [xlet(*one, name) for one in inlets],
                "outlets": [xlet(*one, name) for one in outlets],
            }
        )
    return {"id": "wells", "description": "Wells", "file": "dags/datasets.py", "address": AIRFLOW, "tasks": made}


class Happening:
    """What happens in a run, put into the spool one thing after the other."""

    def __init__(self, store: Store, run: str = "scheduled__2026-10-25", due: dt.datetime = START) -> None:
        self.store, self.now, self.dag, self.name = store, due, dag(), "wells"
        self.facts = {"id": run, "type": "scheduled", "due": due.isoformat()}

    def _put(self, kind: str, **more: Any) -> None:
        self.now += SECOND
        at = self.now.isoformat(timespec="microseconds")
        event = {"format": 1, "kind": kind, "name": self.name, "at": at, "dag": self.dag, "run": self.facts}
        spool.put(self.store, event | more)

    def task(self, name: str, state: str = "success", attempt: int = 1, index: int = -1) -> None:
        start, end = (self.now + SECOND * part for part in (0.2, 0.8))
        told = {"id": name, "index": index, "try": attempt, "state": state, "log": f"http://airflow/{name}/{attempt}"}
        self._put("task", task=told | {"start": start.isoformat(), "end": end.isoformat()})

    def version(self) -> None:
        self._put("dataset")

    def run(self, state: str) -> None:
        end = None if state == "running" else self.now.isoformat()
        self._put("run", run=self.facts | {"state": state, "end": end}, dag={"id": "wells"})

    def all(self) -> None:
        """A run in which validate is tried twice, and which publishes."""
        self.run("running")
        self.task("extract")
        self.task("validate", "up_for_retry")
        self.task("validate", attempt=2)
        self.task("publish")
        self.task("announce")
        self.version()
        self.run("success")


def synced(client: Any, name: str) -> None:
    """What Git says of the dataset, made by the same client as all else; columns are known of one edge."""
    plain = {"serviceType": "CustomDatabase"}
    rows = [{"name": "id", "dataType": "STRING"}]
    for route, body in (
        ("services/databaseServices", {"name": "commons", **plain}),
        ("services/storageServices", {"name": "host", "serviceType": "CustomStorage"}),
        ("services/storageServices", {"name": "archive", "serviceType": "CustomStorage"}),
        ("databases", {"name": "b", "service": "commons"}),
        ("databaseSchemas", {"name": "s", "database": "commons.b"}),
        ("tables", {"name": "codes", "databaseSchema": "commons.b.s", "columns": rows}),
        ("tables", {"name": name, "databaseSchema": "commons.b.s", "columns": rows}),
        ("containers", {"name": "page", "service": "host"}),
        ("containers", {"name": name, "service": "archive"}),
    ):
        client.client.put(f"/{route}", json=body)
    ids = [client.client.get(f"/tables/name/commons.b.s.{one}")["id"] for one in ("codes", name)]
    pair = {"fromColumns": ["commons.b.s.codes.id"], "toColumn": f"commons.b.s.{name}.id"}
    ends = {key: {"id": one, "type": "table"} for key, one in zip(("fromEntity", "toEntity"), ids, strict=True)}
    client.client.put("/lineage", json={"edge": {**ends, "lineageDetails": {"columnsLineage": [pair]}}})


def deliver(store: Store, server: OpenMetadata, **client: Any) -> Report:
    connect: Callable[[], Any] = lambda: connected(server, **client)  # noqa: E731
    return Delivery(store, connect, "airflow", synced, pause=0).run()


def known(server: OpenMetadata) -> dict[str, Any]:
    """All that the server knows, without ids and times of its own: what a person sees."""
    names = {
        each: f"{route}:{one['fullyQualifiedName']}"
        for route, of in server.state.entities.items()
        for each, one in of.items()
    }
    told = copy.deepcopy({"statuses": server.state.statuses, "edges": list(server.state.edges.values())})
    text = repr(told)
    for each, name in names.items():
        text = text.replace(each, name)
    return {"entities": sorted(names.values()), "told": text}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What is known after a delivery to which nothing happened."""
    store = Store(f"file://{tmp_path_factory.mktemp('undisturbed')}/store/dev")
    Happening(store).all()
    with serving() as server:
        report = deliver(store, server)
        assert (report.delivered, report.refused, report.away) == (8, [], None)
        return known(server)


def statuses(server: OpenMetadata) -> list[dict[str, Any]]:
    return list(server.state.statuses["airflow.wells"].values())


def edges(server: OpenMetadata) -> set[tuple[str, str, bool, bool]]:
    """From, to, whether by the pipeline, whether with columns."""
    names = {each: one["fullyQualifiedName"] for of in server.state.entities.values() for each, one in of.items()}
    return {
        (
            names[edge["fromEntity"]],
            names[edge["toEntity"]],
            names[edge["lineageDetails"]["pipeline"]["id"]] == "airflow.wells",
            bool(edge["lineageDetails"].get("columnsLineage")),
        )
        for edge in server.state.edges.values()
    }


def test_a_run_becomes_service_pipeline_status_and_edges(store: Store, server: OpenMetadata) -> None:
    Happening(store).all()
    report = deliver(store, server)
    assert (report.delivered, report.away, spool.waiting(store)) == (8, None, [])
    assert server.entity("services/pipelineServices", "airflow")["serviceType"] == "Airflow"
    pipeline = server.entity("pipelines", "airflow.wells")
    assert [task["name"] for task in pipeline["tasks"]] == TASKS
    assert pipeline["tasks"][0]["downstreamTasks"] == ["validate"]
    assert pipeline["tasks"][0]["sourceUrl"] == f"{AIRFLOW}/dags/wells/tasks/extract"
    (status,) = statuses(server)
    assert status["executionStatus"] == "Successful"
    assert status["timestamp"] == START.timestamp() * 1000
    assert status["executionId"] == "scheduled__2026-10-25"
    assert {task["name"]: task["executionStatus"] for task in status["taskStatus"]} == dict.fromkeys(
        TASKS, "Successful"
    )
    assert [task["logLink"] for task in status["taskStatus"]][1] == "http://airflow/validate/2"
    assert edges(server) == {
        ("host.page", "archive.wells", True, False),
        ("archive.wells", "commons.b.s.wells", True, False),
        ("commons.b.s.codes", "commons.b.s.wells", True, True),
    }


def test_failure_and_retry_are_recorded_and_merged(store: Store, server: OpenMetadata) -> None:
    def told() -> dict[str, str]:
        deliver(store, server)
        (status,) = statuses(server)
        return {task["name"]: task["executionStatus"] for task in status["taskStatus"]} | {
            "": status["executionStatus"]
        }

    run = Happening(store)
    run.run("running")
    run.task("extract")
    assert told() == {"extract": "Successful", "": "Pending"}
    run.task("validate", "up_for_retry")
    assert told() == {"extract": "Successful", "validate": "Pending", "": "Pending"}
    run.task("validate", "failed", attempt=2)
    run.run("failed")
    assert told() == {"extract": "Successful", "validate": "Failed", "": "Failed"}
    run.run("running")  # a person cleared it
    run.task("validate", attempt=3)
    assert told() == {"extract": "Successful", "validate": "Successful", "": "Pending"}


def test_a_run_that_an_asset_started_is_known_by_when_it_was_due(store: Store, server: OpenMetadata) -> None:
    """It has no logical date: OpenMetadata's own runner loses all statuses of it."""
    Happening(store).all()
    other = Happening(store, "asset_triggered__2026-10-25T07", START + SECOND * 25200)
    other.facts["type"] = "asset_triggered"
    other.all()
    deliver(store, server)
    assert [(status["executionId"][:5], status["timestamp"]) for status in statuses(server)] == [
        ("sched", START.timestamp() * 1000),
        ("asset", (START.timestamp() + 25200) * 1000),
    ]


def test_of_a_mapped_task_the_worst_counts(store: Store, server: OpenMetadata) -> None:
    run = Happening(store)
    run.dag = dag(["extract", "compare", "match"])
    for index, state in enumerate(["success", "up_for_retry", "success"]):
        run.task("compare", state, index=index)
    deliver(store, server)
    assert [task["executionStatus"] for task in statuses(server)[0]["taskStatus"]] == ["Pending"]
    run.task("compare", index=1, attempt=2)
    deliver(store, server)
    (task,) = statuses(server)[0]["taskStatus"]
    assert (task["name"], task["executionStatus"]) == ("compare", "Successful")
    assert task["endTime"] - task["startTime"] > 2000, "from the first that began to the last that ended"


def test_another_shape_of_the_dag_is_patched(store: Store, server: OpenMetadata) -> None:
    run = Happening(store)
    run.task("extract")
    deliver(store, server)
    server.by_hand("pipelines", "airflow.wells", {"op": "add", "path": "/description", "value": "By hand"})
    run.dag = dag([*TASKS[:-1], "match", "announce"])
    run.task("match")
    assert deliver(store, server).away is None
    pipeline = server.entity("pipelines", "airflow.wells")
    assert {task["name"]: task.get("downstreamTasks", []) for task in pipeline["tasks"]} == {
        "extract": ["validate"], "validate": ["publish"], "publish": ["match"], "match": ["announce"], "announce": [],
    }  # fmt: skip
    assert pipeline["description"] == "By hand"


FAULTS = {
    "unavailable": lambda: Fault(503, times=40),
    "drops connections": lambda: Fault(0, every=3, times=12),
    "drops answers": lambda: Fault(drop=True, every=4, times=10),
    "flaps": lambda: Fault(503, every=2, times=60),
    "too many requests": lambda: Fault(429, every=5, times=8),
    "times out behind a gateway": lambda: Fault(504, after=10, times=10),
    "refuses the token from the 12th request on": lambda: Fault(401, after=12, times=30),
    "forbids": lambda: Fault(403, after=3, times=5),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_in_the_end_all_is_as_if_nothing_had_happened(
    fault: Callable[[], Fault], store: Store, server: OpenMetadata, undisturbed: dict[str, Any]
) -> None:
    """Fault 28: OpenMetadata down or flapping; events wait, come in order, once, and none is refused."""
    Happening(store).all()
    server.faults = [fault()]
    reports = [deliver(store, server)]
    assert reports[0].away or server.faults[0].met, "the fault was met"
    while reports[-1].away and len(reports) < 60:
        assert spool.waiting(store)
        reports.append(deliver(store, server))
    assert [report.refused for report in reports if report.refused] == []
    assert sum(report.delivered for report in reports) == 8
    assert spool.waiting(store) == []
    assert known(server) == undisturbed


def test_down_between_two_tasks(store: Store, server: OpenMetadata, undisturbed: dict[str, Any]) -> None:
    """Fault 28: it goes away after the first task and comes back when all is over."""
    run = Happening(store)
    run.run("running")
    run.task("extract")
    assert deliver(store, server).away is None
    server.stop()
    run.task("validate", "up_for_retry")
    run.task("validate", attempt=2)
    assert "can't be reached (refused)" in (deliver(store, server).away or "")
    run.task("publish")
    run.task("announce")
    run.version()
    run.run("success")
    server.start()
    assert deliver(store, server).away is None
    assert known(server) == undisturbed


def test_a_slow_server_is_not_waited_for_for_ever(
    store: Store, server: OpenMetadata, undisturbed: dict[str, Any]
) -> None:
    Happening(store).all()
    server.faults = [Fault(until=threading.Event(), after=6)]
    report = deliver(store, server, timeout=1)
    assert "no answer in time" in (report.away or "")
    server.faults = []
    assert deliver(store, server).away is None
    assert known(server) == undisturbed


def test_a_server_of_another_version_is_told_nothing(store: Store, server: OpenMetadata) -> None:
    Happening(store).all()
    server.version = "1.2.0"
    report = deliver(store, server)
    assert "1.2" in (report.away or "")
    assert server.counts().keys() == {"GET /system/version"}
    assert len(spool.waiting(store)) == 8


def test_an_event_that_is_refused_for_good_is_set_apart_and_the_rest_comes(store: Store, server: OpenMetadata) -> None:
    Happening(store).all()
    server.faults = [Fault(400, where="/status", times=1)]
    report = deliver(store, server)
    assert (report.delivered, len(report.refused), report.away) == (7, 1, None)
    ((path, told),) = spool.refusals(store)
    assert told["reason"] == "400: told to fail with 400"
    assert report.refused == [f"{path}: {told['reason']}"]
    assert statuses(server)[0]["executionStatus"] == "Successful"


def test_a_version_that_a_person_marked_as_announced_is_told(store: Store, server: OpenMetadata) -> None:
    """Then Airflow's own server tells of it, which knows no tasks."""
    run = Happening(store)
    run.task("extract")
    run.dag = {"id": "wells"}
    run.task("announce")
    run.version()
    report = deliver(store, server)
    assert (report.delivered, report.refused, report.away) == (3, [], None)
    assert server.entity("tables", "commons.b.s.wells")
    assert [task["name"] for task in statuses(server)[0]["taskStatus"]] == ["extract", "announce"]


def test_what_is_no_event_is_set_apart(store: Store, server: OpenMetadata) -> None:
    store.put("spool/wells/20261025T000000.000000Z-task-00000000.json", b'{"kind": "task"}')
    store.put("spool/wells/20261025T000000.000001Z-task-00000000.json", b"not json")
    Happening(store).task("extract")
    report = deliver(store, server)
    assert (report.delivered, len(report.refused)) == (1, 2)


def test_nobody_delivers_beside_another(store: Store, server: OpenMetadata) -> None:
    Happening(store).all()
    with turns.turn(store), pytest.raises(EnvironmentFault, match="delivers the spool now"):
        deliver(store, server)
    assert server.asked == []


def test_events_of_a_run_that_are_delivered_twice_change_nothing(
    store: Store, server: OpenMetadata, undisturbed: dict[str, Any]
) -> None:
    """A deliverer that is killed before it removes an event leaves it to the next."""
    Happening(store).all()
    kept = {item.path: store.get(item.path) or b"" for item in spool.waiting(store)}
    deliver(store, server)
    for path, content in kept.items():
        store.put(path, content)
    assert deliver(store, server).delivered == 8
    assert known(server) == undisturbed


def test_what_can_t_be_read_holds_up_its_own_dataset_only(store: Store, server: OpenMetadata) -> None:
    """A contract that is broken, a Git that is away: others are told all the same."""
    for name in ("mines", "wells"):
        run = Happening(store)
        run.dag = dag() | {"id": name}
        run.name = name
        run.version()
        run.task("extract")

    def sync(client: Any, name: str) -> None:
        if name == "mines":
            raise EnvironmentFault("Git is away")

    report = Delivery(store, lambda: connected(server), "airflow", sync, pause=0).run()
    assert (report.delivered, report.refused, report.away) == (2, [], "Git is away")
    assert [item.dataset for item in spool.waiting(store)] == ["mines", "mines"]

    def broken(client: Any, name: str) -> None:
        raise ContractError("contract.yaml:1: broken")

    report = Delivery(store, lambda: connected(server), "airflow", broken, pause=0).run()
    assert report.delivered == 1
    assert [refused.partition(": ")[2] for refused in report.refused] == ["contract.yaml:1: broken"]


def test_nothing_waits_so_nobody_is_asked(store: Store, server: OpenMetadata) -> None:
    assert deliver(store, server) == Report()
    assert server.asked == []
