"""How a DAG ran, told to OpenMetadata: its pipeline with tasks, the status of each run, and what its tasks made.

OpenMetadata's own AirflowLineageRunner makes service and pipeline. It does not send the rest: it asks Airflow's API for
statuses with a password and loses those of runs without a logical date, and its edges wipe out what columns are known.
"""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from ...errors import DataError, EnvironmentFault

Xlet = Mapping[str, str]
"""An inlet or outlet: entity (table, container), fqn, key."""


def pipeline(client: Any, service: str, dag: Mapping[str, Any]) -> Any:
    """The pipeline of a DAG (of FORMAT.md's events), made or patched where it is not as the DAG.

    Raises the client's errors, and EnvironmentFault where the client swallowed one.
    """
    from airflow_provider_openmetadata.lineage.runner import AirflowLineageRunner

    runner = AirflowLineageRunner(client, service, _as_airflow_has_it(dag))
    runner.host_port = dag["address"] or runner.host_port  # of the Airflow that ran it, whoever delivers
    made = runner.create_or_update_pipeline_entity(runner.get_or_create_pipeline_service())
    made = made or known(client, service, dag["id"])
    if made is None or _shape(made) != {task["id"]: set(task["downstream"]) for task in dag["tasks"]}:
        raise EnvironmentFault(f"{dag['id']}: OpenMetadata did not take its tasks; its client's log says why.")
    return made


def known(client: Any, service: str, dag_id: str) -> Any:
    """The pipeline of a DAG; None where there is none."""
    from metadata.generated.schema.entity.data.pipeline import Pipeline
    from metadata.utils import fqn

    name = fqn.build(client, Pipeline, service_name=service, pipeline_name=dag_id)
    return client.get_by_name(entity=Pipeline, fqn=name, fields=["tasks"])


def _shape(pipeline: Any) -> dict[str, set[str]]:
    return {task.name: set(task.downstreamTasks or ()) for task in pipeline.tasks or ()}


def _as_airflow_has_it(dag: Mapping[str, Any]) -> Any:
    """What the runner reads of a DAG and its tasks."""
    tasks = [
        SimpleNamespace(
            task_id=task["id"], task_type=task["type"], downstream_task_ids=task["downstream"], doc_md=None,
            start_date=None, end_date=None,
        )
        for task in dag["tasks"]
    ]  # fmt: skip
    return SimpleNamespace(
        dag_id=dag["id"], description=dag["description"], fileloc=dag["file"] or None, max_active_tasks=None,
        start_date=None, tasks=tasks,
    )  # fmt: skip


def tell_status(client: Any, pipeline: Any, status: Mapping[str, Any]) -> None:
    """The status of a run, in place of what was told of it before. Raises DataError where it is none."""
    from metadata.generated.schema.entity.data.pipeline import PipelineStatus
    from pydantic import ValidationError

    try:
        told = PipelineStatus.model_validate(status)
    except ValidationError as error:
        raise DataError(f"not a status of a run: {error}") from error
    client.add_pipeline_status(pipeline.fullyQualifiedName.root, told)


def tell_edges(client: Any, pipeline: Any, inlets: Sequence[Xlet], outlets: Sequence[Xlet]) -> None:
    """Each inlet leads to each outlet of the same key, by this pipeline; what else an edge says stays.

    What OpenMetadata doesn't have yet is passed over: its dataset is told of after it was published, with its edges.
    """
    for outlet in outlets:
        made = _entity(client, outlet)
        there = _upstream(client, outlet) if made else {}
        for inlet in (inlet for inlet in inlets if made and inlet["key"] == outlet["key"]):
            if used := _entity(client, inlet):
                _tell_edge(client, pipeline, used, made, there.get(str(used.id.root)))


def _entity(client: Any, xlet: Xlet) -> Any:
    """A reference to what `xlet` names; None where there is none."""
    from metadata.generated.schema.type.entityReference import EntityReference
    from metadata.utils.constants import ENTITY_REFERENCE_CLASS_MAP

    found = client.get_by_name(entity=ENTITY_REFERENCE_CLASS_MAP[xlet["entity"]], fqn=xlet["fqn"])
    return EntityReference(id=found.id, type=xlet["entity"]) if found else None


def _upstream(client: Any, xlet: Xlet) -> dict[str, Any]:
    """What is known of the edges that lead to it, by the id of what they come from.

    By the plain client, as is the next: its own methods for edges say nothing where the server fails.
    """
    from metadata.ingestion.ometa.utils import quote

    path = f"/lineage/{xlet['entity']}/name/{quote(xlet['fqn'])}?upstreamDepth=1&downstreamDepth=0"
    found = client.client.get(path)
    return {edge["fromEntity"]: edge.get("lineageDetails") or {} for edge in found.get("upstreamEdges") or []}


def _tell_edge(client: Any, pipeline: Any, used: Any, made: Any, there: Mapping[str, Any] | None) -> None:
    from metadata.generated.schema.api.lineage.addLineage import AddLineageRequest

    by = {"id": str(pipeline.id.root), "type": "pipeline"}
    if there and (there.get("pipeline") or {}).get("id") == by["id"]:
        return
    known = {key: value for key, value in (there or {}).items() if value is not None}
    details = {"source": "PipelineLineage", **known, "pipeline": by}
    edge = {"fromEntity": used.model_dump(), "toEntity": made.model_dump(), "lineageDetails": details}
    told = AddLineageRequest.model_validate({"edge": edge})
    client.client.put(client.get_suffix(AddLineageRequest), data=told.model_dump_json())
