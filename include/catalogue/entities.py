"""What OpenMetadata is told of a dataset, as requests of its API: plain data, made of contract, schema and versions."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..contracts.names import Names
from .judged import cases, profile, sample
from .lineage import Graph
from .model import Described, Past
from .naming import ARCHIVE, SERVICE, Place, entity_name, fqn, host, place
from .nodes import TABLES, Edge, Kind, Node
from .shapes import column, heading, label, shapes, text
from .telling import code_address, published, shows_values, version, withdrawn

Json = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]
PAST = 50
"""Versions that a table's history tells of."""
_SAYS = {
    "matches": "The names of {0}, each with the legal entity that it is linked to.",
    "rollup": "The quantities of {0} by the company that owns them.",
}
PROPERTIES = {
    "commons_commit": ("string", "Git commit that pins the version."),
    "commons_content": ("string", "Content hash of the version."),
    "commons_code": ("string", "The code that made it, as a SWHID."),
    "commons_run": ("string", "The run that made it."),
    "commons_published": ("string", "When it was published (UTC)."),
    "commons_versions": ("markdown", "Its versions, newest first."),
}
"""Custom properties of tables, with their types. They are facts of a version, so Git's word counts."""
CLASSIFICATIONS = {
    "Sensitivity": ("How far data are guarded.", ("public", "internal", "restricted")),
    "Licence": ("Under which licence data are published; SPDX identifiers.", ()),
}


@dataclass(frozen=True)
class Entity:
    """Something that OpenMetadata has under a name."""

    route: str
    """The collection of its API: "tables"."""
    fqn: str
    request: Json
    """The body that makes it."""


@dataclass(frozen=True)
class Link:
    """An edge of the lineage between two places."""

    upstream: Place
    downstream: Place
    own: bool
    """Whether a task of this dataset makes it; else one of another, which reads this dataset."""
    details: Json
    """lineageDetails of an edge, but for its pipeline."""


@dataclass(frozen=True)
class Entry:
    """All that OpenMetadata is told of one dataset."""

    name: str
    owner: str
    domain: str | None
    above: tuple[Entity, ...]
    """What it lies in and is tagged with; made where it is absent, outermost first."""
    held: tuple[Entity, ...]
    """Its containers and tables."""
    links: tuple[Link, ...]
    """Edges that end in it or begin with it."""
    cases: tuple[tuple[Entity, Json | None], ...] = ()
    """Its rules as test cases, each with the newest result."""
    profile: Json | None = None
    sample: Callable[[], Json | None] = lambda: None
    """Its first rows, read when they are needed."""
    contract: Json | None = None
    """Its data contract, but for the id of the table."""
    lacking: str | None = None
    """Why nothing is told of its tables."""
    empty: bool = False
    """Its newest version has no rows."""
    digest: str = field(default="", compare=False)
    """Changes with whatever hangs on its table."""


def entry(one: Described, graph: Graph, names: Names, rows: Callable[[], Rows] = lambda: ()) -> Entry:
    """What is told of `one`; `rows` gives the first rows of its table, of which no guarded value is told."""
    places = {kind: place(Node(kind, one.name), names) for kind in TABLES}
    kinds: list[Kind] = published(one) if one.schema else []
    table = places["table"]
    made = Entry(
        name=one.name,
        owner=one.contract.owner,
        domain=one.contract.catalogue.domain,
        above=tuple(_above(one, names)),
        held=(*_containers(one, names), *(_table(one, kind, places[kind]) for kind in kinds)),
        links=tuple(_links(one.name, graph, names)),
        cases=tuple(cases(one, table)) if kinds else (),
        profile=profile(one),
        sample=lambda: sample(one, rows()),
        contract=_contract(one) if kinds else None,
        empty=bool(one.record) and not (one.record or {})["rows"]["published"],
        lacking=one.lacking or (None if one.record else "it has no version yet"),
    )
    return replace(made, digest=_digest(made, one)) if kinds else made


def _digest(made: Entry, one: Described) -> str:
    """Of all that hangs on the table; of the sample, by whose rows it is and which columns it shows."""
    shown = [column.name for column in one.schema.columns if shows_values(one, column)] if one.schema else []
    judged = [(case.request, result) for case, result in made.cases]
    hanging = [made.profile, made.contract, judged, version(one), shown, withdrawn(one), one.contract.owner]
    return hashlib.sha256(json.dumps(hanging, sort_keys=True, default=str).encode()).hexdigest()


def _above(one: Described, names: Names) -> list[Entity]:
    database, schema, _ = names.table(one.name)
    said = "Versioned datasets, each pinned by a Git commit."
    ours = {"name": SERVICE, "serviceType": "CustomDatabase", "description": said}
    bytes_ = {"name": ARCHIVE, "serviceType": "CustomStorage", "description": "The sources' bytes as they came."}
    within = {"name": schema, "database": fqn(SERVICE, database)}
    return [
        Entity("services/databaseServices", fqn(SERVICE), ours),
        Entity("databases", fqn(SERVICE, database), {"name": database, "service": SERVICE}),
        Entity("databaseSchemas", fqn(SERVICE, database, schema), within),
        Entity("services/storageServices", fqn(ARCHIVE), bytes_),
        *(_source_service(name) for name in sorted({host(address) for address in _addresses(one)})),
        *_tags(one),
        *_domain(one),
        *_terms(one),
    ]


def _source_service(name: str) -> Entity:
    said = text(f"What {name} serves, as datasets take it from there.")
    request = {"name": entity_name(name), "serviceType": "CustomStorage", "description": said}
    return Entity("services/storageServices", fqn(name), request)


def _tags(one: Described) -> list[Entity]:
    known = {name: set(tags) for name, (_, tags) in CLASSIFICATIONS.items()}
    known["Licence"] = {one.contract.licence}
    made = []
    for name, (said, _) in CLASSIFICATIONS.items():
        request = {"name": name, "description": said, "mutuallyExclusive": True}
        made.append(Entity("classifications", name, request))
        for tag in sorted(known[name]):
            request = {"name": entity_name(tag), "classification": name, "description": text(f"{name}: {tag}.")}
            made.append(Entity("tags", fqn(name, tag), request))
    return made


def _domain(one: Described) -> list[Entity]:
    if (name := one.contract.catalogue.domain) is None:
        return []
    request = {"name": entity_name(name), "domainType": "Source-aligned", "description": text(f"Data on {name}.")}
    return [Entity("domains", fqn(name), request)]


def _terms(one: Described) -> list[Entity]:
    made = {}
    for glossary, term in (said.split(".", 1) for said in one.contract.catalogue.terms.values()):
        about = {"name": entity_name(glossary), "description": text(f"Terms of {glossary}.")}
        made[glossary] = Entity("glossaries", fqn(glossary), about)
        inside = {"name": entity_name(term), "glossary": fqn(glossary), "description": text(term)}
        made[f"{glossary}.{term}"] = Entity("glossaryTerms", fqn(glossary, term), inside)
    return [made[name] for name in sorted(made, key=lambda name: ("." in name, name))]


def _addresses(one: Described) -> list[str]:
    told = [also.address for also in one.contract.lineage if also.address]
    dictionary = [one.contract.dictionary.url] if one.contract.dictionary else []
    return list(dict.fromkeys((*one.addresses, *dictionary, *told)))


def _containers(one: Described, names: Names) -> list[Entity]:
    found = []
    for address in _addresses(one):
        at = place(Node("source", address), names)
        request: Json = {"name": at.name, "service": at.within, "displayName": address[:256], "fullPath": address}
        if address.startswith(("https://", "http://")):
            request["sourceUrl"] = address
        found.append(Entity("containers", at.fqn, request))
    at = place(Node("raw", one.name), names)
    said = text(f"The bytes of {one.contract.title} as they came, and the headings that are read of them.")
    request = {"name": at.name, "service": at.within, "displayName": f"{one.name}: raw", "description": said}
    if headings := list(dict.fromkeys(c.source or c.name for c in one.schema.columns)) if one.schema else []:
        columns = {entity_name(name): heading(name) for name in headings}
        request["dataModel"] = {"isPartitioned": False, "columns": list(columns.values())}
    return [*found, Entity("containers", at.fqn, request)]


def _table(one: Described, kind: Kind, at: Place) -> Entity:
    said, primary = one.contract, one.schema.key if one.schema and kind == "table" else ()
    columns = [column(shape, (shape.name,) == primary) for shape in shapes(one, kind)]
    for each in columns if kind == "table" else ():
        each["tags"] += [
            label(fqn(*said.catalogue.terms[name].split(".", 1)), "Glossary")
            for name in (each["name"],)
            if name in said.catalogue.terms
        ]
    about = said.description if kind == "table" else _SAYS[kind].format(said.title)
    tags = [label(f"Sensitivity.{said.access}"), label(fqn("Licence", said.licence))]
    tags += [label(f"Tier.Tier{said.catalogue.tier}")] if said.catalogue.tier else []
    request: Json = {
        "name": at.name,
        "displayName": said.title[:256] if kind == "table" else f"{said.title[:240]}: {kind}",
        "description": text(about, _taken_back(one)),
        "tableType": "Regular",
        "fileFormat": "parquet",
        "databaseSchema": at.within,
        "columns": columns,
        "tags": tags,
        "extension": _facts(one),
    }
    if len(primary) > 1:
        request["tableConstraints"] = [{"constraintType": "PRIMARY_KEY", "columns": list(primary)}]
    if one.url and one.url.startswith(("https://", "http://")):
        request["sourceUrl"] = one.url
    if said.catalogue.retention:
        request["retentionPeriod"] = said.catalogue.retention
    return Entity("tables", at.fqn, request)


def _taken_back(one: Described) -> str:
    return "**This version was withdrawn.**" if withdrawn(one) else ""


def _facts(one: Described) -> Json:
    record = one.record or {}
    facts = {
        "commons_commit": (record["commit"] or {}).get("id"),
        "commons_content": record["content"],
        "commons_code": code_address(record["code"]["commit"]),
        "commons_run": record["run"]["id"],
        "commons_published": record["run"]["published"],
        "commons_versions": _history(one.history),
    }
    return {key: str(value) for key, value in facts.items() if value}


def _history(past: Sequence[Past]) -> str:
    """The newest versions as a table in Markdown; no names of people."""
    lines = ["| date | commit | content | rows | why |", "| --- | --- | --- | ---: | --- |"]
    for one in past[:PAST]:
        why = f"withdrawn: {one.withdrawn}" if one.withdrawn else one.why or ""
        cells = (one.date[:16], one.commit[:12], one.content[:12], f"{one.rows:,}", " ".join(why.split())[:300])
        lines.append(f"| {' | '.join(cell.replace('|', '/').replace('<', '&lt;') for cell in cells)} |")
    return "\n".join([*lines, *([f"… and {len(past) - PAST} older ones."] if len(past) > PAST else [])])


def _links(name: str, graph: Graph, names: Names) -> list[Link]:
    """The edges of a dataset's nodes; those between the same two places are one."""
    ends = [Node(kind, name) for kind in ("raw", *TABLES)]
    edges = dict.fromkeys(edge for end in ends for way in ("up", "down") for edge in graph.next(end, way))  # type: ignore[arg-type]
    joined: dict[tuple[Place, Place], list[Edge]] = {}
    for edge in edges:
        joined.setdefault((place(edge.upstream, names), place(edge.downstream, names)), []).append(edge)
    return [Link(up, down, some[0].dataset == name, _details(up, down, some)) for (up, down), some in joined.items()]


def _details(up: Place, down: Place, edges: list[Edge]) -> Json:
    made: dict[tuple[str, str], list[str]] = {}
    for edge in edges:
        for by in edge.columns:
            if by.derives:
                made.setdefault((down.column(by.downstream), by.how), []).append(up.column(by.upstream))
    pairs = [{"fromColumns": sorted({*above}), "toColumn": to, "function": how} for (to, how), above in made.items()]
    said = text("; ".join(dict.fromkeys(f"{edge.dataset}, {edge.task}: {edge.how}" for edge in edges)))
    return {"source": "PipelineLineage", "description": said} | ({"columnsLineage": pairs} if pairs else {})


def _contract(one: Described) -> Json:
    said = one.contract
    schedule = f" New versions: {said.schedule}." if said.schedule else ""
    terms = f"Licence: {said.licence}. Access: {said.access}.{schedule}"
    since = dt.datetime.fromisoformat(one.history[-1].date).isoformat() if one.history else None
    return {
        "name": entity_name(one.name),
        "displayName": said.title[:256],
        "description": text(said.description),
        "entityStatus": "Approved",
        "schema": [column(shape) | {"tags": []} for shape in shapes(one, "table")],
        "termsOfUse": text(terms),
    } | ({"effectiveFrom": since} if since else {})


def claimed_once(entries: Sequence[Entry]) -> tuple[list[Entry], list[str]]:
    """`entries` without those that claim a table of one before them, and a sentence for each of these."""
    owners: dict[str, str] = {}
    kept, problems = [], []
    for one in entries:
        tables = [entity.fqn for entity in one.held if entity.route == "tables"]
        if taken := next((name for name in tables if name in owners), None):
            problems.append(f"{one.name}: {taken} is a table of {owners[taken]} already. Rename one of the datasets.")
            continue
        owners |= dict.fromkeys(tables, one.name)
        kept.append(one)
    return kept, problems
