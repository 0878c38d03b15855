"""A dataset in DCAT-AP 3.0.0 (the European profile of the W3C's Data Catalog Vocabulary), as JSON-LD."""

import json
from collections.abc import Iterable
from typing import Any

from ..contracts.names import Names
from .lineage import Graph, Kind
from .model import Described, Past
from .telling import code_address, iri, licence_address, published, stated, steps, version, withdrawn

PROFILE = "http://data.europa.eu/r5r/"
_AUTHORITY = "http://publications.europa.eu/resource/authority"
_MEDIA = "https://www.iana.org/assignments/media-types/application/vnd.apache.parquet"
_CONTEXT = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": PROFILE,
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "prov": "http://www.w3.org/ns/prov#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_RIGHTS = {"public": "PUBLIC", "internal": "NON_PUBLIC", "restricted": "RESTRICTED"}
_OFTEN = {
    "@hourly": "HOURLY",
    "@daily": "DAILY",
    "@weekly": "WEEKLY",
    "@monthly": "MONTHLY",
    "@quarterly": "QUARTERLY",
    "@yearly": "ANNUAL",
}
_HOLDS = {
    "table": "the rows",
    "matches": "the names with the legal entities that they are linked to",
    "rollup": "the quantities by the company that owns them",
}


def to_json(document: dict[str, Any]) -> str:
    """The document as text; the same for the same document."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def document(one: Described, graph: Graph, names: Names) -> dict[str, Any]:
    """One dataset with its distributions, versions and sources; self-contained, so no context is looked up.

    Period, place and themes are left out: no contract states them. The domain, where one is stated, is the keyword.
    """
    return {"@context": _CONTEXT, **_dataset(one, graph, names)}


def catalogue(datasets: Iterable[Described], graph: Graph, names: Names, title: str) -> dict[str, Any]:
    """All `datasets` as one dcat:Catalog, which is published under `title`."""
    known = sorted(datasets, key=lambda one: one.name)
    days = [one.record["run"]["published"] for one in known if one.record]
    facts = {
        "@id": f"commons://{names.space}",
        "@type": "dcat:Catalog",
        "dct:title": title,
        "dct:description": "Versioned, validated datasets; each version is pinned by a Git commit.",
        "dct:publisher": {"@id": f"commons://{names.space}#publisher", "@type": "foaf:Agent", "foaf:name": title},
        "dct:modified": _moment(max(days, default=None)),
        "dcat:dataset": [_dataset(one, graph, names) for one in known],
    }
    return {"@context": _CONTEXT, **stated(facts)}


def _dataset(one: Described, graph: Graph, names: Names) -> dict[str, Any]:
    said, record, here = one.contract, one.record, names.asset(one.name)
    often = _OFTEN.get(said.schedule or "")
    past = [known for known in one.history if known.content != version(one)]
    return stated(
        {
            "@id": here,
            "@type": "dcat:Dataset",
            "dct:identifier": here,
            "dct:title": said.title,
            "dct:description": said.description,
            "dcat:keyword": said.catalogue.domain,
            "dct:publisher": {"@id": iri(f"mailto:{said.owner}"), "@type": "foaf:Agent", "foaf:name": said.owner},
            "dcat:contactPoint": _contact(said.owner),
            "dct:accessRights": _authority("access-right", _RIGHTS[said.access], "dct:RightsStatement"),
            "dct:accrualPeriodicity": _authority("frequency", often, "dct:Frequency") if often else None,
            "dct:issued": _moment(one.history[-1].date if one.history else None),
            "dct:modified": _moment(record["run"]["published"] if record else None),
            "dcat:version": version(one),
            "adms:versionNotes": _notes(one),
            "dcat:previousVersion": {"@id": f"{here}#{past[0].content}"} if past else None,
            "dcat:hasVersion": [
                _version(here, known) for known in {past.content: past for past in one.history}.values()
            ],
            "prov:wasGeneratedBy": _activity(one, here),
            "prov:wasDerivedFrom": _origins(one, graph, names),
            "dct:provenance": _provenance(one),
            "dcat:distribution": _distributions(one, here),
        }
    )


def _contact(owner: str) -> dict[str, Any]:
    return {"@type": "vcard:Kind", "vcard:fn": owner, "vcard:hasEmail": {"@id": iri(f"mailto:{owner}")}}


def _authority(table: str, code: str, kind: str) -> dict[str, str]:
    """An entry of a table of the EU Publications Office."""
    return {"@id": f"{_AUTHORITY}/{table}/{code}", "@type": kind}


def _moment(text: str | None) -> dict[str, str] | None:
    return {"@type": "xsd:dateTime", "@value": text} if text else None


def _notes(one: Described) -> str | None:
    """Why there is this version, and why it was taken back."""
    if one.record is None:
        return None
    gone = one.record["withdrawn"]
    notes = [one.record["why"], f"Withdrawn by {gone['by']} on {gone['at']}: {gone['why']}" if gone else None]
    return "\n".join(note for note in notes if note)


def _version(here: str, known: Past) -> dict[str, Any]:
    facts = {
        "@id": f"{here}#{known.content}",
        "dcat:version": known.content,
        "dct:issued": _moment(known.date),
        "dct:identifier": known.commit,
        "adms:versionNotes": known.why,
    }
    return stated(facts)


def _activity(one: Described, here: str) -> dict[str, Any] | None:
    """The run that made the version, by its code."""
    if one.record is None:
        return None
    run, code = one.record["run"], one.record["code"]
    facts = {
        "@id": iri(f"{here}#run={run['id']}"),
        "@type": "prov:Activity",
        "rdfs:label": run["id"],
        "prov:used": {"@id": iri(code_address(code["commit"]))},
        "prov:startedAtTime": _moment(run["fetched"]),
        "prov:endedAtTime": _moment(run["published"]),
    }
    return stated(facts)


def _origins(one: Described, graph: Graph, names: Names) -> list[dict[str, Any]]:
    """The sources with the hash of the bytes that came, and the versions of other datasets that were read."""
    read = {item["dataset"]: item["content"] for item in one.record["inputs"]} if one.record else {}
    upstream = dict.fromkeys(edge.upstream for edge in steps(one, graph))
    sources = [node.name for node in upstream if node.kind == "source"]
    others = [node.name for node in upstream if node.kind == "table" and node.name != one.name]
    inputs = [
        names.asset(name) + (f"#{read[name]}" if name in read else "") for name in dict.fromkeys([*others, *read])
    ]
    return [*(_source(one, address) for address in sources), *({"@id": address} for address in inputs)]


def _source(one: Described, address: str) -> dict[str, Any]:
    files = (one.record["source"]["files"] or []) if one.record else []
    sums = [_checksum("sha256", file["sha256"]) for file in files if file["address"] == address]
    return stated({"@id": iri(address), "@type": "prov:Entity", "spdx:checksum": sums})


def _checksum(algorithm: str, value: str) -> dict[str, Any]:
    named = {"@id": f"spdx:checksumAlgorithm_{algorithm}", "@type": "spdx:ChecksumAlgorithm"}
    return {
        "@type": "spdx:Checksum",
        "spdx:algorithm": named,
        "spdx:checksumValue": {"@type": "xsd:hexBinary", "@value": value},
    }


def _provenance(one: Described) -> dict[str, Any] | None:
    if one.record is None:
        return None
    rows = one.record["rows"]
    told = f"{rows['records']:,} records of the sources: " + ", ".join(
        f"{rows[kind]:,} {kind}" for kind in ("published", "quarantined", "rejected", "merged")
    )
    return {"@type": "dct:ProvenanceStatement", "rdfs:label": f"{told}. Version {one.record['source']['version']}."}


def _distributions(one: Described, here: str) -> list[dict[str, Any]]:
    """A table each; none where there is no version, or it was taken back."""
    if one.record is None or withdrawn(one):
        return []
    return [_distribution(one, one.record, kind, here) for kind in published(one)]


def _distribution(one: Described, record: dict[str, Any], kind: Kind, here: str) -> dict[str, Any]:
    """A table of the newest version; the checksum is that of all its files together."""
    return {
        "@id": f"{here}#{record['content']}-{kind}",
        "@type": "dcat:Distribution",
        "dct:title": f"{one.contract.title}: {kind}",
        "dct:description": f"Parquet: {_HOLDS[kind]}. The checksum is DVC's of all files of the version.",
        "dcat:accessURL": {"@id": here},
        "dct:format": _authority("file-type", "PARQUET", "dct:MediaTypeOrExtent"),
        "dcat:mediaType": {"@id": _MEDIA, "@type": "dct:MediaType"},
        "dct:license": _licence(one.contract.licence),
        "dct:issued": _moment(record["run"]["published"]),
        "spdx:checksum": _checksum("md5", record["md5"].removesuffix(".dir")),
        "dcatap:availability": {
            **_authority("planned-availability", "STABLE", "skos:Concept"),
            "skos:prefLabel": "stable",
        },
    }


def _licence(licence: str) -> dict[str, Any]:
    address = licence_address(licence)
    return {**({"@id": address} if address else {}), "@type": "dct:LicenseDocument", "rdfs:label": licence}
