"""A dataset's contract in the Open Data Contract Standard, version 3.1.0 (bitol.io), so that any catalogue reads it."""

from collections.abc import Iterator
from typing import Any

import yaml

from ..contracts.columns import Column
from ..contracts.model import Contract
from ..contracts.names import Names
from .lineage import ColumnEdge, Graph, Kind, Node
from .model import Described
from .shapes import Shape, shapes
from .telling import code_address, licence_address, origins, published, shows_values, stated, table, version, withdrawn

VERSION = "v3.1.0"
_LOGICAL = {"boolean": "boolean", "string": "string", "date": "date", "time": "time"}
_FREQUENCY = {"@hourly": "h", "@daily": "d", "@weekly": "w", "@monthly": "m", "@quarterly": "q", "@yearly": "y"}
_SAYS = {
    "matches": "The names of the table, each with the legal entity that it is linked to.",
    "rollup": "The quantities of the table by the company that owns them.",
}
_STATED = ("nulls_pct", "rows", "unique", "key")
"""Rules that are said with the standard's own metrics, by the contract."""


def to_yaml(one: Described, graph: Graph, names: Names) -> str:
    """`contract` as YAML; the same text for the same dataset."""
    document = contract(one, graph, names)
    text: str = yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=2**31 - 1)
    return text


def contract(one: Described, graph: Graph, names: Names) -> dict[str, Any]:
    """The document: tables with columns and rules, where they lie, who answers, licence, schedule and version.

    Columns are those of the newest version; before the first one, none are told. No value of a guarded column is.
    """
    said = one.contract
    return stated(
        {
            "apiVersion": VERSION,
            "kind": "DataContract",
            "id": names.asset(one.name),
            "name": one.name,
            "domain": said.catalogue.domain,
            "version": version(one) or "none",
            "status": "retired" if withdrawn(one) else "active" if one.record else "draft",
            "description": {"purpose": said.description, "usage": f"Licence: {said.licence}. Access: {said.access}."},
            "authoritativeDefinitions": _definitions(one),
            "servers": _servers(one, names),
            "schema": [_table(one, kind, graph, names) for kind in published(one)],
            "team": {"name": said.owner, "members": [{"username": said.owner, "role": "owner"}]},
            "support": [{"channel": said.owner, "url": f"mailto:{said.owner}", "tool": "email"}],
            "slaProperties": _promises(said),
            "contractCreatedTs": one.history[-1].date if one.history else None,
            "customProperties": _custom(_facts(one)),
        }
    )


def _custom(facts: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"property": name, "value": value} for name, value in stated(facts).items()]


def _definitions(one: Described) -> list[dict[str, str]]:
    dictionary, licence = one.contract.dictionary, licence_address(one.contract.licence)
    found = [{"url": address, "type": "source"} for address in one.addresses]
    found += [{"url": dictionary.url, "type": "businessDefinition"}] if dictionary else []
    return found + ([{"url": licence, "type": "licence"}] if licence else [])


def _servers(one: Described, names: Names) -> list[dict[str, Any]]:
    if one.record is None:
        return []
    path = names.path(one.name)
    server = {
        "server": one.record["access"],
        "type": "custom",
        "description": f"A DVC remote. `dvc pull {path}` in a clone of the repository brings the files.",
        "environment": names.environment,
        "path": path,
        "format": "parquet",
        "customProperties": _custom({"md5": one.record["md5"], "bytes": one.record["size"]}),
    }
    return [server]


def _promises(said: Contract) -> list[dict[str, Any]]:
    """How often there is a version, and how long it is kept."""
    schedule, retention = said.schedule, said.catalogue.retention
    unit = _FREQUENCY.get(schedule or "")
    often = {"property": "frequency", "value": 1 if unit else schedule, "unit": unit}
    promises = [stated(often | {"scheduler": "cron", "schedule": schedule})] if schedule else []
    return promises + ([{"property": "retention", "value": retention}] if retention else [])


def _facts(one: Described) -> dict[str, Any]:
    """What the standard has no key for."""
    said = one.contract
    facts: dict[str, Any] = {"licence": said.licence, "access": said.access, "tier": said.catalogue.tier}
    if record := one.record:
        facts |= {"commit": (record["commit"] or {}).get("id"), "code": code_address(record["code"]["commit"])}
        facts |= {"run": record["run"]["id"], "published": record["run"]["published"]}
        facts |= {"rows": {kind: number for kind, number in record["rows"].items() if kind != "reasons"}}
        facts |= {"sourceVersion": record["source"]["version"], "sourceDate": record["source"]["date"]}
        facts |= {"inputs": record["inputs"], "withdrawn": record["withdrawn"]}
    return facts


def _table(one: Described, kind: Kind, graph: Graph, names: Names) -> dict[str, Any]:
    made = origins(Node(kind, one.name), graph)
    about = {"name": one.name if kind == "table" else f"{one.name}__{kind}"}
    about |= {"physicalName": table(one.name, kind, names), "logicalType": "object", "physicalType": "table"}
    if kind != "table":
        columns = [_shape(shape, made.get(shape.name, [])) for shape in shapes(one, kind)]
        return stated(about | {"description": _SAYS[kind], "properties": columns})
    key = one.contract.key
    columns = [_column(one, column, made.get(column.name, [])) for column in (one.schema.columns if one.schema else ())]
    more = {
        "businessName": one.contract.title,
        "description": one.contract.description,
        "dataGranularityDescription": f"A row for each {', '.join(key)}" if key else None,
        "properties": columns,
        "relationships": _relationships(one),
        "quality": [*_of_the_contract(one), *_of_the_version(one)],
    }
    return stated(about | more)


def _shape(shape: Shape | Column, made: list[tuple[Node, ColumnEdge]]) -> dict[str, Any]:
    """What is said of a column of any table."""
    return stated(
        {
            "name": shape.name,
            "logicalType": _logical(shape.type),
            "logicalTypeOptions": _options(shape.type),
            "physicalType": shape.type,
            "required": not shape.nullable,
            "classification": shape.sensitivity,
            "description": shape.description,
            "transformSourceObjects": [f"{node}: {by.upstream}" for node, by in made],
            "transformDescription": "; ".join(dict.fromkeys(by.how for _, by in made)),
            "customProperties": _custom({"unit": shape.unit}),
        }
    )


def _column(one: Described, column: Column, made: list[tuple[Node, ColumnEdge]]) -> dict[str, Any]:
    key, partitioned = one.contract.key, column.name == one.contract.partition
    more = {
        "id": f"field-{column.id}",
        "businessName": column.source,
        "primaryKey": column.name in key or None,
        "primaryKeyPosition": key.index(column.name) + 1 if column.name in key else None,
        "partitioned": partitioned or None,
        "partitionKeyPosition": 1 if partitioned else None,
        "quality": _allowed(one, column),
        "customProperties": _custom({"unit": column.unit, "term": one.contract.catalogue.terms.get(column.name)}),
    }
    return _shape(column, made) | stated(more)


def _logical(type_: str) -> str:
    whole = "integer" if type_.startswith(("int", "uint")) else "number"
    return _LOGICAL.get(type_) or ("timestamp" if type_.startswith("timestamp") else whole)


def _options(type_: str) -> dict[str, Any]:
    if type_.startswith("timestamp"):
        return {"timezone": type_ == "timestamp"}
    if type_.startswith(("int", "uint", "float")):
        return {"format": f"{type_[0]}{type_.lstrip('uintfloa')}"}
    return {}


def _allowed(one: Described, column: Column) -> list[dict[str, Any]]:
    if column.values is None or not shows_values(one, column):
        return []
    only = {"metric": "invalidValues", "arguments": {"validValues": list(column.values)}, "mustBe": 0}
    return [{"name": f"{column.name}.isin", "type": "library", **only}]


def _relationships(one: Described) -> list[dict[str, Any]]:
    """References; to a single column by its name, to several by a list of names, as the standard asks."""
    found = []
    for to in one.contract.expect.references:
        here, there = ([f"{name}.{column}" for column in columns] for name, columns in _ends(one.name, to))
        single = len(here) == 1
        found.append({"type": "foreignKey", "from": here[0] if single else here, "to": there[0] if single else there})
    return found


def _ends(name: str, to: Any) -> tuple[tuple[str, tuple[str, ...]], tuple[str, tuple[str, ...]]]:
    return (name, to.columns), (to.dataset, to.to)


def _of_the_contract(one: Described) -> Iterator[dict[str, Any]]:
    """The rules for which the standard has metrics."""
    expect = one.contract.expect
    if expect.rows:
        low, high = expect.rows
        bounds: dict[str, Any] = {"mustBe": low} if low == high else {"mustBeBetween": [low, high]}
        yield _check("rows", "rowCount", "completeness", bounds)
    for name, most in expect.nulls_pct.items():
        about = {"arguments": {"property": name}, "unit": "percent", "mustBeLessOrEqualTo": most}
        yield _check(f"nulls_pct.{name}", "nullValues", "completeness", about)
    together = [("key", one.contract.key, "error")] if one.contract.key else []
    together += [(f"unique.{'+'.join(rule.columns)}", rule.columns, rule.severity) for rule in expect.unique]
    for name, columns, severity in together:
        about = {"arguments": {"properties": list(columns)}, "mustBe": 0, "severity": severity}
        yield _check(name, "duplicateValues", "uniqueness", about)


def _check(name: str, metric: str, dimension: str, about: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "type": "library", "metric": metric, "dimension": dimension, "severity": "error", **about}


def _of_the_version(one: Described) -> Iterator[dict[str, Any]]:
    """All other rules that the newest version was judged by, with what became of each: numbers, never values."""
    for rule in (one.quality or {}).get("rules", []):
        if rule["rule"].partition(".")[0] not in _STATED:
            outcome = _custom({"verdict": rule["verdict"], "failures": rule["failures"]})
            own = {"name": rule["rule"], "type": "custom", "engine": "data-commons", "implementation": rule["rule"]}
            yield own | {"severity": rule["severity"], "customProperties": outcome}
