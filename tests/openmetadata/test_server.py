"""The loopback OpenMetadata itself: what it refuses, what it keeps, and how it fails."""

import threading
from collections.abc import Iterator

import httpx
import pytest

from tests.openmetadata.server import TOKEN, Fault, OpenMetadata, serving


@pytest.fixture
def server() -> Iterator[OpenMetadata]:
    with serving() as running:
        yield running


@pytest.fixture
def api(server: OpenMetadata) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server.endpoint}/v1", headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield client


def _table(api: httpx.Client, name: str = "plants") -> dict[str, object]:
    for route, body in (
        ("services/databaseServices", {"name": "d", "serviceType": "CustomDatabase"}),
        ("databases", {"name": "b", "service": "d"}),
        ("databaseSchemas", {"name": "s", "database": "d.b"}),
    ):
        assert api.put(route, json=body).status_code in (200, 201)
    columns = [{"name": "id", "dataType": "STRING", "description": "As published"}]
    return dict(api.put("tables", json={"name": name, "databaseSchema": "d.b.s", "columns": columns}).json())


def test_a_request_that_its_model_does_not_fit_is_refused_with_the_key(api: httpx.Client) -> None:
    answer = api.put("services/databaseServices", json={"name": "d", "serviceType": "CustomDatabase", "colour": "red"})
    assert answer.status_code == 400
    assert "colour" in answer.json()["message"]


def test_a_table_lies_in_a_schema_that_is_there(api: httpx.Client) -> None:
    answer = api.put("tables", json={"name": "t", "databaseSchema": "d.b.s", "columns": []})
    assert (answer.status_code, answer.json()["message"]) == (404, "databaseSchema instance for d.b.s not found")


def test_what_a_bot_puts_leaves_a_description_that_is_there(api: httpx.Client) -> None:
    table = _table(api)
    again = [{"name": "id", "dataType": "STRING", "description": "Another"}]
    answer = api.put("tables", json={"name": "plants", "databaseSchema": "d.b.s", "columns": again}).json()
    assert answer["columns"][0]["description"] == "As published"
    patched = [{"op": "add", "path": "/columns/0/description", "value": "Another"}]
    answer = api.patch(f"tables/{table['id']}", json=patched).json()
    assert (answer["columns"][0]["description"], answer["version"]) == ("Another", 0.2)


def test_a_patch_that_the_model_does_not_fit_changes_nothing(api: httpx.Client, server: OpenMetadata) -> None:
    table = _table(api)
    answer = api.patch(f"tables/{table['id']}", json=[{"op": "add", "path": "/columns/0/dataType", "value": "LETTERS"}])
    assert answer.status_code == 400
    assert server.entity("tables", "d.b.s.plants")["columns"][0]["dataType"] == "STRING"


def test_a_name_with_a_quotation_mark_is_none(api: httpx.Client) -> None:
    assert api.put("services/databaseServices", json={"name": 'a"b', "serviceType": "Mysql"}).status_code == 400


def test_a_status_replaces_the_one_of_its_time_with_all_its_tasks(api: httpx.Client) -> None:
    api.put("services/pipelineServices", json={"name": "airflow", "serviceType": "Airflow"})
    api.put("pipelines", json={"name": "dag", "service": "airflow", "tasks": [{"name": "a"}, {"name": "b"}]})
    for task in ("a", "b"):
        status = [{"name": task, "executionStatus": "Successful"}]
        body = {"timestamp": 5, "executionStatus": "Successful", "taskStatus": status}
        assert api.put("pipelines/airflow.dag/status", json=body).status_code == 200
    known = api.get("pipelines/airflow.dag/status", params={"startTs": 0, "endTs": 9}).json()["data"]
    assert [[task["name"] for task in one["taskStatus"]] for one in known] == [["b"]]
    unknown = {"timestamp": 6, "executionStatus": "Failed", "taskStatus": [{"name": "c", "executionStatus": "Failed"}]}
    assert api.put("pipelines/airflow.dag/status", json=unknown).status_code == 400


def test_an_edge_of_unknown_columns_is_refused(api: httpx.Client) -> None:
    one, other = _table(api, "one"), _table(api, "other")
    ends = {"fromEntity": {"id": one["id"], "type": "table"}, "toEntity": {"id": other["id"], "type": "table"}}
    pair = {"fromColumns": ["d.b.s.one.id"], "toColumn": "d.b.s.other.no"}
    wrong = {"edge": {**ends, "lineageDetails": {"columnsLineage": [pair]}}}
    assert api.put("lineage", json=wrong).status_code == 400
    assert api.put("lineage", json={"edge": ends}).status_code == 200
    found = api.get("lineage/table/name/d.b.s.other", params={"upstreamDepth": 1, "downstreamDepth": 0}).json()
    assert [node["fullyQualifiedName"] for node in found["nodes"]] == ["d.b.s.one"]


def test_a_list_goes_by_pages_and_leaves_out_what_is_deleted(api: httpx.Client) -> None:
    tables = [_table(api, f"t{number}") for number in range(5)]
    api.delete(f"tables/{tables[0]['id']}")
    found, after = [], None
    while True:
        page = api.get("tables", params={"limit": 3, "databaseSchema": "d.b.s", **({"after": after} if after else {})})
        found += [one["name"] for one in page.json()["data"]]
        if (after := page.json()["paging"].get("after")) is None:
            break
    assert found == ["t1", "t2", "t3", "t4"]
    assert len(api.get("tables", params={"include": "all"}).json()["data"]) == 5


def test_it_fails_as_it_is_told(api: httpx.Client, server: OpenMetadata) -> None:
    def status(path: str = "tables") -> int:
        return api.get(path).status_code

    server.faults = [Fault(503, every=2)]
    assert [status() for _ in range(4)] == [200, 503, 200, 503]
    server.faults = [Fault(401, after=2)]
    assert [status() for _ in range(4)] == [200, 200, 401, 401]
    server.faults = [Fault(429, times=1, retry_after=7)]
    answer = api.get("tables")
    assert (answer.status_code, answer.headers["Retry-After"], status()) == (429, "7", 200)
    server.faults = [Fault(403, where="/databases")]
    assert (status("tables"), status("databases")) == (200, 403)
    server.faults = [Fault(drop=True)]
    with pytest.raises(httpx.RemoteProtocolError):
        status()
    server.faults = [Fault(until=threading.Event())]
    with pytest.raises(httpx.ReadTimeout):
        api.get("tables", timeout=0.2)
    server.faults = []
    server.stop()
    with pytest.raises(httpx.ConnectError):
        status()
    server.start()
    assert status() == 200


def test_another_token_is_refused_but_anybody_may_ask_for_the_version(api: httpx.Client, server: OpenMetadata) -> None:
    server.token = "another"
    assert api.get("tables").status_code == 401
    assert api.get("system/version").json()["version"] == server.version
