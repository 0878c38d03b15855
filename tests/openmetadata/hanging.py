"""What hangs on the entities of the loopback OpenMetadata: edges, statuses, results, samples, profiles, properties."""

from typing import Any

from metadata.utils.fqn import quote_name

from .state import Json, Refused, State, fitting

TEST_CASES = "dataQuality/testCases"


def add_edge(state: State, request: Json) -> Json:
    """PUT lineage: the edge replaces the one between the same two, column pairs and all."""
    fitting("api.lineage.addLineage.AddLineageRequest", request)
    edge = request["edge"]
    above, below = (state.of_type(edge[end]["type"], edge[end]["id"]) for end in ("fromEntity", "toEntity"))
    details = edge.get("lineageDetails") or {}
    if pipeline := details.get("pipeline"):
        state.of_type("pipeline", pipeline["id"])
    for pair in details.get("columnsLineage") or []:
        for fqn in pair["fromColumns"]:
            _column(above, fqn)
        _column(below, pair["toColumn"])
    ends = (above["id"], below["id"])
    types = {"fromType": edge["fromEntity"]["type"], "toType": edge["toEntity"]["type"]}
    state.edges[ends] = {"fromEntity": ends[0], "toEntity": ends[1], "lineageDetails": details, **types}
    return {}


def _column(entity: Json, fqn: str) -> None:
    columns = entity.get("columns") or (entity.get("dataModel") or {}).get("columns") or []
    if fqn not in {column["fullyQualifiedName"] for column in columns}:
        raise Refused(400, f"Invalid column name {fqn}")


def lineage(state: State, kind: str, entity: Json, up: int, down: int) -> Json:
    """GET lineage: the edges above and below an entity, so many steps far."""
    above, below = (_walked(state, entity["id"], way, steps) for way, steps in ((1, up), (0, down)))
    found = {(edge["fromEntity"], edge["toEntity"]): edge for edge in (*above, *below)}
    ids = {(edge[end], edge[which]) for edge in found.values() for end, which in ENDS} - {(entity["id"], kind)}
    plain = {"fromEntity", "toEntity", "lineageDetails"}
    return {
        "entity": _node(entity, kind),
        "nodes": [_node(state.of_type(which, each), which) for each, which in sorted(ids)],
        "upstreamEdges": [{key: edge[key] for key in plain} for edge in above],
        "downstreamEdges": [{key: edge[key] for key in plain} for edge in below],
    }


ENDS = (("fromEntity", "fromType"), ("toEntity", "toType"))


def _node(entity: Json, kind: str) -> Json:
    return {"id": entity["id"], "type": kind, **{key: entity[key] for key in ("name", "fullyQualifiedName")}}


def _walked(state: State, start: str, way: int, steps: int) -> list[Json]:
    found: dict[tuple[str, str], Json] = {}
    here = {start}
    for _ in range(steps):
        new = {ends: edge for ends, edge in state.edges.items() if ends[way] in here and ends not in found}
        found |= new
        here = {ends[1 - way] for ends in new}
    return list(found.values())


def add_statuses(state: State, fqn: str, statuses: list[Json]) -> Json:
    """PUT status: one of the same timestamp replaces what was there; its tasks must be the pipeline's."""
    pipeline = state.named("pipelines", fqn)
    tasks = {task["name"] for task in pipeline.get("tasks", [])}
    for status in statuses:
        fitting("entity.data.pipeline.PipelineStatus", status)
        if strange := {task["name"] for task in status.get("taskStatus") or []} - tasks:
            raise Refused(400, f"Invalid task name {', '.join(sorted(strange))}")
        state.statuses[fqn][status["timestamp"]] = status
    newest = max(state.statuses[fqn].values(), key=lambda status: int(status["timestamp"]))
    return {**pipeline, "pipelineStatus": newest}


def add_result(state: State, fqn: str, result: Json) -> Json:
    """POST a result of a test case."""
    case = state.named(TEST_CASES, fqn)
    fitting("api.tests.createTestCaseResult.CreateTestCaseResult", result)
    state.results[fqn][result["timestamp"]] = result
    case["testCaseResult"] = {key: value for key, value in result.items() if key != "fqn"}
    return result


def put_sample(state: State, table: Json, data: Json) -> Json:
    """PUT sample data: its columns are the table's, and each row has as many values."""
    fitting("entity.data.table.TableData", data)
    _known_columns(table, data["columns"])
    if any(len(row) != len(data["columns"]) for row in data["rows"]):
        raise Refused(400, f"Number of columns is {len(data['columns'])}, a row has another number of values")
    state.samples[table["id"]] = data
    return {**table, "sampleData": data}


def put_profile(state: State, table: Json, request: Json) -> Json:
    """PUT a profile: its columns are the table's."""
    fitting("api.data.createTableProfile.CreateTableProfileRequest", request)
    _known_columns(table, [profile["name"] for profile in request.get("columnProfile") or []])
    state.profiles[table["id"]][request["tableProfile"]["timestamp"]] = request
    return {**table, "profile": request["tableProfile"]}


def _known_columns(table: Json, names: list[str]) -> None:
    if strange := {*names} - {column["name"] for column in table["columns"]}:
        raise Refused(400, f"Invalid column name {', '.join(map(quote_name, sorted(strange)))}")


def put_property(state: State, identifier: str, request: Json) -> Json:
    """PUT a custom property of a type of entities."""
    fitting("api.data.createCustomProperty.CreateCustomPropertyRequest", request)
    found: Any = next((one for one in state.types.values() if one["id"] == identifier), None)
    if found is None:
        raise Refused(404, f"type instance for {identifier} not found")
    if request["propertyType"]["id"] not in {one["id"] for one in state.types.values()}:
        raise Refused(404, f"type instance for {request['propertyType']['id']} not found")
    found["customProperties"] = [one for one in found["customProperties"] if one["name"] != request["name"]] + [request]
    return dict(found)
