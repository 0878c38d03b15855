"""What a version was made of, as OpenLineage events (openlineage.io, spec 2-0-2): the same record, the same bytes."""

import uuid
from collections.abc import Iterator

from openlineage.client.event_v2 import InputDataset, Job, JobEvent, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    JobFacet,
    RunFacet,
    documentation_job,
    job_type_job,
    nominal_time_run,
    ownership_job,
    parent_run,
    source_code_location_job,
)
from openlineage.client.serde import Serde

from ..contracts.layout import Verb
from ..contracts.names import Names
from .facets import PRODUCER, inputs, of_checks, outputs
from .lineage import Edge, Graph, Node
from .model import Described
from .naming import SERVICE
from .telling import code_address, published, steps, version

SPEC = "2-0-2"
"""The version of the specification that these events are written by; each event names it in its schemaURL."""
UNKNOWN = "1970-01-01T00:00:00Z"
"""The time of what never ran: whatever did, came later."""
_DOES: dict[Verb, str] = {
    "extract": "Archives the bytes of the sources as they came, and reads them.",
    "validate": "Judges every row and the table as a whole, and keeps back what fails.",
    "match": "Links names to the legal entities of a register.",
    "publish": "Pins the version by a Git commit.",
}


def to_ndjson(one: Described, graph: Graph, names: Names) -> str:
    """`events` as text, one a line; the same text for the same dataset."""
    return "".join(f"{Serde.to_json(event)}\n" for event in events(one, graph, names))


def events(one: Described, graph: Graph, names: Names) -> list[RunEvent | JobEvent]:
    """START and COMPLETE of each step that made the newest version; before the first one, the steps as planned.

    Ids of runs are made of the dataset, its content hash and the DAG run, so nothing in here is random, or of today.
    When steps began is in no record: each starts when it ends, extract when the bytes had come, others with the
    publication. No value of a guarded column is told.
    """
    return [event for verb in _DOES for event in _of_step(one, verb, graph, names)]


def _of_step(one: Described, verb: Verb, graph: Graph, names: Names) -> Iterator[RunEvent | JobEvent]:
    edges = [edge for edge in steps(one, graph) if edge.task == verb]
    taken, left = _taken(one, verb, edges, names), outputs(one, edges, names)
    job = _job(one, verb, names)
    if not (taken or left):
        return
    if one.record is None:
        yield JobEvent(eventTime=UNKNOWN, producer=PRODUCER, job=job, inputs=taken, outputs=left)
        return
    times = one.record["run"]
    at = (times["fetched"] if verb == "extract" else None) or times["published"]
    run = _run(one, verb, names)
    yield RunEvent(eventType=RunState.START, eventTime=at, producer=PRODUCER, run=run, job=_job(one, verb, names))
    yield RunEvent(
        eventType=RunState.COMPLETE, eventTime=at, producer=PRODUCER, run=run, job=job, inputs=taken, outputs=left
    )


def _taken(one: Described, verb: Verb, edges: list[Edge], names: Names) -> list[InputDataset]:
    """What a step reads: publish, the tables that it pins, with the results of their rules."""
    if verb != "publish":
        return inputs(one, [edge.upstream for edge in edges], names)
    found = inputs(one, [Node(kind, one.name) for kind in published(one)], names)
    if one.quality:
        found[0].inputFacets = {"dataQualityAssertions": of_checks(one)}
    return found


def _job(one: Described, verb: Verb, names: Names) -> Job:
    """A task of the dataset's DAG, named as Airflow's own OpenLineage provider does."""
    kind = job_type_job.JobTypeJobFacet(
        processingType="BATCH", integration="AIRFLOW", jobType="TASK", producer=PRODUCER
    )
    owner = ownership_job.Owner(name=f"mailto:{one.contract.owner}", type="OWNER")
    facets: dict[str, JobFacet] = {
        "jobType": kind,
        "documentation": documentation_job.DocumentationJobFacet(description=_DOES[verb], producer=PRODUCER),
        "ownership": ownership_job.OwnershipJobFacet(owners=[owner], producer=PRODUCER),
    }
    if one.record:
        facets["sourceCodeLocation"] = source_code_location_job.SourceCodeLocationJobFacet(
            type="git",
            url=code_address(one.record["code"]["commit"]),
            version=one.record["code"]["commit"],
            path=f"include/datasets/{one.name}",
            producer=PRODUCER,
        )
    return Job(namespace=SERVICE, name=f"{names.dag_id(one.name)}.{verb}", facets=facets)


def _run(one: Described, verb: Verb, names: Names) -> Run:
    assert one.record
    dag, interval = names.dag_id(one.name), one.record["run"]["interval"]
    above = parent_run.ParentRunFacet(
        run=parent_run.Run(runId=_id(one, "", names)),
        job=parent_run.Job(namespace=SERVICE, name=dag),
        producer=PRODUCER,
    )
    facets: dict[str, RunFacet] = {"parent": above}
    if interval:
        facets["nominalTime"] = nominal_time_run.NominalTimeRunFacet(
            nominalStartTime=interval[0], nominalEndTime=interval[1], producer=PRODUCER
        )
    return Run(runId=_id(one, verb, names), facets=facets)


def _id(one: Described, verb: str, names: Names) -> str:
    assert one.record
    told = f"{names.asset(one.name)}#{version(one)}/{one.record['run']['id']}/{verb}"
    return str(uuid.uuid5(uuid.NAMESPACE_URL, told))
