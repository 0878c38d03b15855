"""The lineage of a dataset as OpenMetadata's edges: sent where they are new, taken away where they are no more."""

import hashlib
import json
from typing import Any

from ...catalogue.entities import Entry, Link
from ...catalogue.naming import Place
from ...catalogue.remembering import Memory
from . import client as api
from .catalogued import Catalogued, Json


def link(there: Catalogued, entry: Entry, memory: Memory, pipeline: str, again: bool) -> list[str]:
    """Sends edges that changed, or all `again`; FQNs of the ends that are not there, whose edges wait."""
    sent: dict[str, list[str]] = {}
    waiting, by = [], None
    for one in (one for one in entry.links if one.own or again):
        ends = [there.at(place, again) for place in (one.upstream, one.downstream)]
        if None in ends:
            waiting += [(one.downstream if ends[0] else one.upstream).fqn] if one.own else []
            continue
        key, ids = f"{one.upstream.fqn} -> {one.downstream.fqn}", [str(end["id"]) for end in ends if end]
        mark = hashlib.sha256(json.dumps([one.details, ids], sort_keys=True).encode()).hexdigest()[:16]
        if again or memory.links.get(key, [""])[0] != mark:
            by = _pipeline(there, pipeline) if by is None else by
            api.tell(there.client, "/lineage", {"edge": _edge(there, one, ids, by)})
        if one.own:
            sent[key] = [mark, one.upstream.type, ids[0], one.downstream.type, ids[1]]
    for key in {*memory.links} - {*sent}:
        _, *ends_of = memory.links[key]
        api.delete(there.client, f"/lineage/{'/'.join(ends_of)}")
    memory.links = sent
    return [] if entry.lacking else [*dict.fromkeys(waiting)]


def absent(there: Catalogued, entry: Entry) -> dict[str, str]:
    """Edges that OpenMetadata lacks though both ends are there: "A -> B", each with what is said of it."""
    found = {}
    for one in (one for one in entry.links if one.own):
        above, below = (there.at(place, ask=False) for place in (one.upstream, one.downstream))
        if above and below and (above["id"], below["id"]) not in _upstream(there, one.downstream):
            found[f"{one.upstream.fqn} -> {one.downstream.fqn}"] = str(one.details["description"])
    return found


def _upstream(there: Catalogued, place: Place) -> set[tuple[str, str]]:
    """The edges that end at a place, by the ids of their ends."""
    if place.fqn not in there.edges:
        asked: dict[str, Any] = {"upstreamDepth": 1, "downstreamDepth": 0}
        found = api.lineage_of(there.client, place.type, place.fqn, **asked) or {}
        edges = found.get("upstreamEdges") or []
        there.edges[place.fqn] = {(str(edge["fromEntity"]), str(edge["toEntity"])) for edge in edges}
    return there.edges[place.fqn]


def _pipeline(there: Catalogued, name: str) -> Json:
    """The DAG as an edge names it; nothing where OpenMetadata doesn't know it yet."""
    found = api.named(there.client, "pipelines", name)
    return {"pipeline": {"id": found["id"], "type": "pipeline"}} if found else {}


def _edge(there: Catalogued, one: Link, ids: list[str], by: Json) -> Json:
    """An edge with the pairs of columns that are there on both sides."""
    known = {name for place in (one.upstream, one.downstream) for name in _columns(there.have[place.fqn], place)}
    pairs = [
        pair | {"fromColumns": above}
        for pair in one.details.get("columnsLineage", [])
        if pair["toColumn"] in known and (above := [name for name in pair["fromColumns"] if name in known])
    ]
    details = {key: value for key, value in one.details.items() if key != "columnsLineage"} | by
    return {
        "fromEntity": {"id": ids[0], "type": one.upstream.type},
        "toEntity": {"id": ids[1], "type": one.downstream.type},
        "lineageDetails": details | ({"columnsLineage": pairs} if pairs else {}),
    }


def _columns(entity: Json, place: Place) -> list[str]:
    columns = entity.get("columns") or (entity.get("dataModel") or {}).get("columns") or []
    return [place.column(column["name"]) for column in columns]
