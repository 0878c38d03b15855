"""Lineage for machines: flat lists of edges, so that no depth is too great for a reader of JSON."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from ...catalogue.impact import Affected
from ...catalogue.lineage import ColumnEdge, Node, Step, walk
from .asking import Asked


def lineage(asked: Asked, up: Sequence[Step] | None, down: Sequence[Step] | None, gaps: list[str]) -> dict[str, Any]:
    """The edges on the way up and down, those columns only that are followed, and where a column's trail ends."""
    said: dict[str, Any] = {"dataset": asked.nodes[0].name, "title": asked.title, "column": asked.column}
    said["tables"] = [asdict(node) for node in asked.nodes]
    if up is not None:
        said["up"] = list(_edges(up, asked))
        said["ends"] = list(_ends(up, asked))
    if down is not None:
        said["down"] = list(_edges(down, asked))
    return {**said, "gaps": gaps}


def impact(asked: Asked, found: Sequence[Affected], gaps: list[str]) -> dict[str, Any]:
    """Who is hit, through what, and what a breaking change would stop."""
    return {
        "dataset": asked.nodes[0].name,
        "column": asked.column,
        "affected": [
            {
                "dataset": one.name,
                "owner": one.owner or None,
                "tables": [{**asdict(node), "columns": list(columns)} for node, columns in one.tables.items()],
                "takes": [
                    {
                        "from": asdict(e.upstream),
                        "to": asdict(e.downstream),
                        "how": e.how,
                        "columns": _columns(e.columns),
                    }
                    for e in one.edges
                ],
                "through": one.through,
                "untold": one.untold,
                "stops": list(one.stops),
            }
            for one in found
        ],
        "gaps": gaps,
    }


def _edges(steps: Iterable[Step], asked: Asked) -> Iterator[dict[str, Any]]:
    told = set()
    for step in (further for one in steps for further in walk(one)):
        if (edge := step.edge) and edge not in told:
            told.add(edge)
            yield {
                "from": asdict(edge.upstream),
                "to": asdict(edge.downstream),
                "dataset": edge.dataset,
                "task": edge.task,
                "how": edge.how,
                "columns": _columns(step.by if asked.column else edge.columns),
                "untold": step.untold,
            }


def _ends(steps: Iterable[Step], asked: Asked) -> Iterator[dict[str, Any]]:
    told: set[Node] = set()
    for step in (further for one in steps for further in walk(one)):
        if step.node not in told and not step.again and not step.untold:
            told.add(step.node)
            lost, why = asked.graph.ends(step.node, step.columns)
            yield from ({"node": asdict(step.node), "column": column, "why": why} for column in lost)


def _columns(pairs: Iterable[ColumnEdge]) -> list[dict[str, Any]]:
    return [{"from": c.upstream, "to": c.downstream, "how": c.how, "derives": c.derives} for c in pairs]
