"""Datasets of OpenLineage events with their facets: where they lie, their columns, versions, numbers, and origins."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import (
    DatasetFacet,
    InputDatasetFacet,
    OutputDatasetFacet,
    column_lineage_dataset,
    data_quality_assertions_dataset,
    data_quality_metrics_dataset,
    dataset_type_dataset,
    dataset_version_dataset,
    datasource_dataset,
    documentation_dataset,
    input_statistics_input_dataset,
    lifecycle_state_change_dataset,
    lineage,
    output_statistics_output_dataset,
    ownership_dataset,
    schema_dataset,
    tags_dataset,
)

from ..contracts.names import Names
from . import naming
from .lineage import TABLES, Edge, Kind, Node
from .model import Described
from .shapes import shapes
from .telling import iri, shows_values, table, version, withdrawn

PRODUCER = "pkg:generic/data-commons"
"""What writes the events; which code made the data is a facet of the job."""
_SAYS = {
    "raw": "The bytes of the sources as they came, and what was read of them.",
    "matches": "The names of the table, each with the legal entity that it is linked to.",
    "rollup": "The quantities of the table by the company that owns them.",
}


def place(node: Node, names: Names) -> tuple[str, str]:
    """Namespace and name of a node: what OpenMetadata calls its service, and where it stands in that.

    Of a source, by OpenLineage's convention, where it is served and what of it.
    """
    if node.kind == "raw":
        return naming.ARCHIVE, naming.place(node, names).name
    if node.kind != "source":
        return naming.SERVICE, table(node.name, node.kind, names)
    parts = urlsplit(node.name)
    if parts.netloc:
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host}", node.name.partition(parts.netloc)[2].lstrip("/") or "/"
    kind, _, rest = node.name.partition("/")
    return (kind, rest) if rest and parts.scheme == "pkg" else (parts.scheme, node.name.partition(":")[2])


def inputs(one: Described, nodes: Iterable[Node], names: Names) -> list[InputDataset]:
    """What a step of `one` reads."""
    return [
        InputDataset(*place(node, names), facets=_facets(one, node, names), inputFacets=_fetched(one, node))
        for node in dict.fromkeys(nodes)
    ]


def outputs(one: Described, edges: list[Edge], names: Names) -> list[OutputDataset]:
    """What a step of `one` leaves, with the origins of its columns."""
    found = []
    for node in dict.fromkeys(edge.downstream for edge in edges):
        by = [edge for edge in edges if edge.downstream == node]
        facets = _facets(one, node, names) | {"lineage": _upstream(by, names)} | _origins(by, names)
        found.append(OutputDataset(*place(node, names), facets=facets, outputFacets=_left(one, node)))
    return found


def of_checks(one: Described) -> InputDatasetFacet:
    """Every rule that the newest version was judged by, and how many failures there were; no values."""
    columns = {column.name for column in one.schema.columns} if one.schema else set()
    assertions = [_assertion(rule, columns) for rule in (one.quality or {}).get("rules", [])]
    return data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(assertions=assertions, producer=PRODUCER)


def _assertion(rule: dict[str, Any], columns: set[str]) -> data_quality_assertions_dataset.Assertion:
    first, _, last = rule["rule"].partition(".")
    column = first if first in columns else last
    return data_quality_assertions_dataset.Assertion(
        assertion=last if first in columns else first,
        name=rule["rule"],
        success=not rule["failures"],
        severity="warn" if rule["severity"] == "warning" else "error",
        column=column if column in columns else None,
        expected="0 failures",
        actual=f"{rule['failures']} failures",
        params={"verdict": rule["verdict"]},
    )


def _facets(one: Described, node: Node, names: Names) -> dict[str, DatasetFacet]:
    address = iri(node.name) if node.kind == "source" else names.asset(node.name)
    kind = "TABLE" if node.kind in TABLES else "FILE"
    facets: dict[str, DatasetFacet] = {
        "dataSource": datasource_dataset.DatasourceDatasetFacet(
            name=place(node, names)[0], uri=address, producer=PRODUCER
        ),
        "datasetType": dataset_type_dataset.DatasetTypeDatasetFacet(datasetType=kind, producer=PRODUCER),
    }
    if told := _version(one, node):
        facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=told, producer=PRODUCER)
    if node.kind != "source" and node.name == one.name:
        facets |= _documented(one, node)
    if kind == "TABLE" and node.name == one.name:
        facets |= _columns(one, node.kind) | {"tags": _tags(one, node.kind)}
    return facets | (_of_table(one) if node == Node("table", one.name) else {})


def _version(one: Described, node: Node) -> str | None:
    """Of a source the hash of its bytes; of another dataset the version that was read."""
    if one.record is None:
        return None
    if node.kind == "source":
        return next((f"sha256:{file['sha256']}" for file in _files(one, node)), None)
    if node.name != one.name:
        return next((item["content"] for item in one.record["inputs"] if item["dataset"] == node.name), None)
    return str(one.record["source"]["version"]) if node.kind == "raw" else version(one)


def _documented(one: Described, node: Node) -> dict[str, DatasetFacet]:
    said = _SAYS.get(node.kind, one.contract.description)
    owner = ownership_dataset.Owner(name=f"mailto:{one.contract.owner}", type="OWNER")
    return {
        "documentation": documentation_dataset.DocumentationDatasetFacet(
            description=said, contentType="text/plain", producer=PRODUCER
        ),
        "ownership": ownership_dataset.OwnershipDatasetFacet(owners=[owner], producer=PRODUCER),
    }


def _columns(one: Described, kind: Kind) -> dict[str, DatasetFacet]:
    fields = [
        schema_dataset.SchemaDatasetFacetFields(
            name=shape.name, type=shape.type, description=shape.description or None, ordinal_position=number
        )
        for number, shape in enumerate(shapes(one, kind), 1)
    ]
    return {"schema": schema_dataset.SchemaDatasetFacet(fields=fields, producer=PRODUCER)} if fields else {}


def _of_table(one: Described) -> dict[str, DatasetFacet]:
    """Numbers of the dataset's own table, and what became of it."""
    facets: dict[str, DatasetFacet] = {}
    if one.record:
        facets["lifecycleStateChange"] = _change(one)
    if one.record and one.quality and one.schema:
        facets["dataQualityMetrics"] = _metrics(one, one.record, one.quality)
    return facets


def _tags(one: Described, kind: Kind) -> tags_dataset.TagsDatasetFacet:
    """Licence, access, domain and tier of the dataset; sensitivity, unit and glossary term of its columns."""
    said, terms = one.contract, one.contract.catalogue.terms if kind == "table" else {}
    told: list[tuple[str, str | int | None, str | None]] = [
        ("licence", said.licence, None),
        ("access", said.access, None),
    ]
    told += [("domain", said.catalogue.domain, None), ("tier", said.catalogue.tier, None)]
    for shape in shapes(one, kind):
        told += [("sensitivity", shape.sensitivity, shape.name), ("unit", shape.unit, shape.name)]
        told += [("term", terms.get(shape.name), shape.name)]
    tags = [
        tags_dataset.TagsDatasetFacetFields(key, str(value), "USER", field)
        for key, value, field in told
        if value is not None
    ]
    return tags_dataset.TagsDatasetFacet(tags=tags, producer=PRODUCER)


def _change(one: Described) -> lifecycle_state_change_dataset.LifecycleStateChangeDatasetFacet:
    state = lifecycle_state_change_dataset.LifecycleStateChange
    first = state.OVERWRITE if one.record and one.record["follows"] else state.CREATE
    return lifecycle_state_change_dataset.LifecycleStateChangeDatasetFacet(
        lifecycleStateChange=state.DROP if withdrawn(one) else first, producer=PRODUCER
    )


def _metrics(one: Described, record: dict[str, Any], quality: dict[str, Any]) -> DatasetFacet:
    rows, profiles = record["rows"]["published"], quality.get("columns", {})
    metrics = {}
    for column in one.schema.columns if one.schema else ():
        profile = profiles.get(column.name, {})
        bounds = profile if shows_values(one, column) else {}
        low, high = (bounds.get(end) for end in ("min", "max"))
        metrics[column.name] = data_quality_metrics_dataset.ColumnMetrics(
            nullCount=profile.get("nulls"),
            distinctCount=profile.get("distinct"),
            count=rows - profile["nulls"] if "nulls" in profile else None,
            min=low if isinstance(low, int | float) else None,
            max=high if isinstance(high, int | float) else None,
        )
    return data_quality_metrics_dataset.DataQualityMetricsDatasetFacet(
        columnMetrics=metrics, rowCount=rows, bytes=record["size"], fileCount=record["files"], producer=PRODUCER
    )


def _files(one: Described, node: Node) -> list[dict[str, Any]]:
    files = (one.record["source"]["files"] or []) if one.record else []
    return [file for file in files if file["address"] == node.name]


def _fetched(one: Described, node: Node) -> dict[str, InputDatasetFacet]:
    files = _files(one, node) if node.kind == "source" else []
    if not files:
        return {}
    size = sum(file["bytes"] for file in files)
    facet = input_statistics_input_dataset.InputStatisticsInputDatasetFacet(
        size=size, fileCount=len(files), producer=PRODUCER
    )
    return {"inputStatistics": facet}


def _left(one: Described, node: Node) -> dict[str, OutputDatasetFacet]:
    if one.record is None or node.kind != "table":
        return {}
    facet = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
        rowCount=one.record["rows"]["published"], producer=PRODUCER
    )
    return {"outputStatistics": facet}


def _upstream(edges: list[Edge], names: Names) -> DatasetFacet:
    """What a dataset is made of, or (INDIRECT) only compared with: of a step with several outputs, which of which."""
    found: list[lineage.LineageInput] = []
    for edge in edges:
        compared = bool(edge.columns) and not any(by.derives for by in edge.columns)
        how = lineage.LineageTransformation(type="INDIRECT" if compared else "DIRECT", description=edge.how)
        namespace, name = place(edge.upstream, names)
        found.append(lineage.LineageDatasetInput(namespace, name, type="DATASET", transformations=[how]))
    return lineage.LineageDatasetFacet(inputs=found, producer=PRODUCER)


def _origins(edges: list[Edge], names: Names) -> dict[str, DatasetFacet]:
    """Of each column, those upstream that it is made of, or (INDIRECT) only compared with, where that is known."""
    fields: dict[str, column_lineage_dataset.Fields] = {}
    for edge in edges:
        for by in edge.columns:
            way = "DIRECT" if by.derives else "INDIRECT"
            how = [column_lineage_dataset.Transformation(type=way, description=by.how)]
            field = column_lineage_dataset.InputField(*place(edge.upstream, names), by.upstream, how)
            fields.setdefault(by.downstream, column_lineage_dataset.Fields(inputFields=[])).inputFields.append(field)
    found = column_lineage_dataset.ColumnLineageDatasetFacet(fields=fields, producer=PRODUCER)
    return {"columnLineage": found} if fields else {}
