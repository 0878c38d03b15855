"""What is wrong with a file, by the published schemas and shapes of its standard; nothing is looked up elsewhere."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jsonschema import Draft201909Validator, Draft202012Validator
from pyshacl import validate
from rdflib import RDF, SH, Graph
from referencing import Registry, Resource

Check = Callable[[Any], list[str]]


def odcs(shared: Path) -> Check:
    """Checks a document of the Open Data Contract Standard 3.1.0."""
    schema = json.loads((shared / "schemas/odcs/odcs-json-schema-v3.1.0.json").read_bytes())
    Draft201909Validator.check_schema(schema)
    validator = Draft201909Validator(schema, format_checker=Draft201909Validator.FORMAT_CHECKER)
    return lambda document: [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(document)]


def openlineage(shared: Path) -> Check:
    """Checks a list of OpenLineage events, each with the schemas of all facets in it."""
    folder = shared / "schemas/openlineage"
    spec = json.loads((folder / "OpenLineage.json").read_bytes())
    known = {file.stem: json.loads(file.read_bytes()) for file in (folder / "facets").glob("*.json")}
    schemas = [(schema["$id"], Resource.from_contents(schema)) for schema in (spec, *known.values())]
    registry: Registry[Any] = Registry().with_resources(schemas)

    def validator(schema: Any) -> Draft202012Validator:
        return Draft202012Validator(schema, registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER)

    of_events = validator(spec)

    def wrong(events: list[dict[str, Any]]) -> list[str]:
        found = [str(error)[:500] for event in events for error in of_events.iter_errors(event)]
        for facet in (facet for event in events for facet in facets(event)):
            address, _, pointer = facet["_schemaURL"].partition("#")
            schema = known[address.rpartition("/")[2].removesuffix(".json")]
            reference = {"$ref": f"{schema['$id']}#{pointer}"}
            found += [str(error)[:500] for error in validator(reference).iter_errors(facet)]
        return found

    return wrong


def facets(value: Any) -> list[dict[str, Any]]:
    """All facets anywhere in an event."""
    if isinstance(value, list):
        return [facet for item in value for facet in facets(item)]
    if not isinstance(value, dict):
        return []
    return [*([value] if "_schemaURL" in value else []), *(f for item in value.values() for f in facets(item))]


def dcat(shared: Path, kind: str) -> Check:
    """Checks a graph by one file of DCAT-AP 3.0.0's shapes: shapes, range, or shapes_recommended."""
    shapes = Graph().parse(shared / f"schemas/dcat-ap/{kind}.ttl")

    def wrong(data: Graph) -> list[str]:
        _, report, _ = validate(data, shacl_graph=shapes, do_owl_imports=False)
        assert isinstance(report, Graph)
        results = report.subjects(RDF.type, SH.ValidationResult)
        return sorted({str(report.value(result, SH.resultPath)).rpartition("/")[2] for result in results})

    return wrong
