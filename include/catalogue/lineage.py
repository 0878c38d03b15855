"""Where each table and column comes from, and what depends on it: a graph made of contracts and schemas."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from ..contracts.words import counted
from .edges import edges, untraced
from .model import Described
from .nodes import TABLES, ColumnEdge, Edge, Kind, Node

__all__ = ["TABLES", "ColumnEdge", "Edge", "Graph", "Kind", "Node", "Step", "graph", "hit", "walk", "without_upstream"]

Way = Literal["up", "down"]
Reached = dict[Node, dict[str, None]]
"""Nodes on the way, each with the columns there that are reached, in order; none where whole tables are followed."""


@dataclass(frozen=True)
class Step:
    """A node on the way up or down, by the edge that leads to it, with what lies beyond."""

    node: Node
    edge: Edge | None
    beyond: tuple["Step", ...] = ()
    again: bool = False
    """It stood before, so what lies beyond it isn't told again; a circle ends so too."""
    columns: tuple[str, ...] = ()
    """Where a column is followed: the columns here that it leads to."""
    by: tuple[ColumnEdge, ...] = ()
    """Where a column is followed: how it leads to these; none where all columns go through as they are."""
    untold: bool = False
    """Where a column is followed: the step doesn't say by which columns it goes, so nothing beyond is looked at."""


@dataclass(frozen=True)
class Graph:
    """All edges of a repository's datasets."""

    edges: tuple[Edge, ...]
    owners: dict[str, str] = field(default_factory=dict)
    """Who answers for each dataset: an e-mail address."""
    untraced: dict[str, str] = field(default_factory=dict)
    """By dataset, why a column of its table may have nothing upstream."""

    def nodes(self) -> set[Node]:
        """All nodes."""
        return {node for edge in self.edges for node in (edge.upstream, edge.downstream)}

    def up(self, node: Node, columns: Iterable[str] = ()) -> Step:
        """What `node` (or `columns` of it) is made of, back to the public addresses."""
        return self._tree(node, tuple(columns), "up")

    def down(self, node: Node, columns: Iterable[str] = ()) -> Step:
        """What is made of `node`, or of `columns` of it."""
        return self._tree(node, tuple(columns), "down")

    def reach(self, start: Iterable[Node], columns: Iterable[str] = (), way: Way = "down") -> Reached:
        """All nodes on the way from `start`, itself first, with the columns there that `columns` lead to."""
        asked = tuple(columns)
        found: Reached = {node: dict.fromkeys(asked) for node in start}
        queue = [(node, asked) for node in found]
        for here, new in queue:
            for edge in self.next(here, way):
                there, led = _other(edge, way), _led(edge, new, way)
                fresh = tuple(column for column in led if column not in found.get(there, ()))
                if fresh or (there not in found and not asked):
                    found.setdefault(there, {}).update(dict.fromkeys(fresh))
                    queue.append((there, fresh))
        return found

    def next(self, node: Node, way: Way) -> list[Edge]:
        """The edges by which the way goes on from `node`."""
        return self._index[way].get(node, [])

    def ends(self, node: Node, columns: Iterable[str]) -> tuple[tuple[str, ...], str]:
        """Which `columns` of `node` are made of nothing that is known, and why."""
        known = {c.downstream for edge in self.next(node, "up") for c in edge.columns if c.derives}
        whole = node.kind == "source" or any(edge.whole for edge in self.next(node, "up"))
        lost = () if whole else tuple(column for column in columns if column not in known)
        return lost, self._why(node) if lost else ""

    def _why(self, node: Node) -> str:
        if node.kind == "raw":
            return "extract.py knows the address, and it has not run yet"
        if node.kind == "table":
            return self.untraced.get(node.name, "nothing is known of this dataset here")
        return "the match step computes it"

    @cached_property
    def _index(self) -> dict[Way, dict[Node, list[Edge]]]:
        up: dict[Node, list[Edge]] = defaultdict(list)
        down: dict[Node, list[Edge]] = defaultdict(list)
        for edge in self.edges:
            up[edge.downstream].append(edge)
            down[edge.upstream].append(edge)
        return {"up": up, "down": down}

    def _tree(self, start: Node, columns: tuple[str, ...], way: Way) -> Step:
        """Depth first and without recursion: a chain may be longer than Python's stack."""
        reached = self.reach([start], columns, way)
        seen, stack = {start}, [_Open(start, None, columns, (), self._further(start, reached, way))]
        while True:
            last = stack[-1]
            if (edge := next(last.further, None)) is None:
                step = Step(last.node, last.edge, tuple(last.beyond), columns=last.columns, by=last.by)
                stack.pop()
                if not stack:
                    return step
                stack[-1].beyond.append(step)
                continue
            node, here = _other(edge, way), reached[last.node]
            led, by = _led(edge, here, way), _by(edge, here, way)
            untold = bool(columns) and not led
            if untold or node in seen:
                again = not untold and bool(self.next(node, way))
                last.beyond.append(Step(node, edge, again=again, columns=led, by=by, untold=untold))
                continue
            seen.add(node)
            stack.append(_Open(node, edge, led, by, self._further(node, reached, way)))

    def _further(self, node: Node, reached: Reached, way: Way) -> Iterator[Edge]:
        """The edges that go on from `node`, those included that don't tell by which columns."""
        columns = reached[node]
        for edge in self.next(node, way):
            if not columns or not (edge.columns or edge.whole) or _led(edge, columns, way):
                yield edge


@dataclass
class _Open:
    """A step whose further ones are being looked at."""

    node: Node
    edge: Edge | None
    columns: tuple[str, ...]
    by: tuple[ColumnEdge, ...]
    further: Iterator[Edge]
    beyond: list[Step] = field(default_factory=list)


def _other(edge: Edge, way: Way) -> Node:
    return edge.upstream if way == "up" else edge.downstream


def _led(edge: Edge, columns: Collection[str], way: Way) -> tuple[str, ...]:
    """The columns on the other side of `edge` that `columns` on this side lead to."""
    if edge.whole:
        return tuple(columns)
    return tuple(dict.fromkeys(c.upstream if way == "up" else c.downstream for c in _by(edge, columns, way)))


def _by(edge: Edge, columns: Collection[str], way: Way) -> tuple[ColumnEdge, ...]:
    """By which column edges `columns` lead over `edge`."""
    return tuple(c for c in edge.columns if (c.downstream if way == "up" else c.upstream) in columns)


def walk(step: Step) -> Iterator[Step]:
    """`step` and all beyond it, each before what lies beyond it."""
    waiting = [step]
    while waiting:
        yield (last := waiting.pop())
        waiting.extend(reversed(last.beyond))


def hit(graph: Graph, name: str, columns: Iterable[str] = ()) -> dict[str, list[Node]]:
    """Who is hit when dataset `name` (or `columns` of it) changes: the tables made of it, by dataset; not its own."""
    found: dict[str, list[Node]] = defaultdict(list)
    for node in graph.reach([Node("table", name)], columns):
        if node.name != name:
            found[node.name].append(node)
    return dict(found)


def graph(datasets: Iterable[Described]) -> Graph:
    """The graph of all `datasets`; each table that a version publishes has something upstream."""
    known = {one.name: one for one in sorted(datasets, key=lambda one: one.name)}
    return Graph(
        edges=tuple(edge for one in known.values() for edge in edges(one, known)),
        owners={name: one.contract.owner for name, one in known.items()},
        untraced={name: untraced(one) for name, one in known.items()},
    )


def without_upstream(graph: Graph) -> list[Node]:
    """Tables that come from nowhere: no way from them leads up to a public address."""
    nodes = graph.nodes()
    fed = graph.reach([node for node in nodes if node.kind == "source"])
    return sorted(node for node in nodes if node.kind in TABLES and node not in fed)


def summary(graph: Graph, name: str) -> str:
    """In words, how much hangs on a dataset: "2 datasets use it"."""
    used = len(hit(graph, name))
    return f"{counted(used, 'dataset')} {'uses' if used == 1 else 'use'} it" if used else "no dataset uses it"
