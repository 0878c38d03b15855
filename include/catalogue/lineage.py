"""Where each table and column comes from, and what depends on it: a graph made of contracts and schemas."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..contracts.layout import Verb
from ..contracts.words import counted
from .model import Described

Kind = Literal["source", "raw", "table", "matches", "rollup"]
TABLES: tuple[Kind, ...] = ("table", "matches", "rollup")
"""What a version publishes as tables: the rows, the links of its names, its quantities by owner."""


@dataclass(frozen=True, order=True)
class Node:
    """Something that data lie in: a public address, a dataset's archived bytes, or one of its tables."""

    kind: Kind
    name: str
    """The address of a source; of all others, the dataset."""

    def __str__(self) -> str:
        return self.name if self.kind in ("source", "table") else f"{self.name}: {self.kind}"


@dataclass(frozen=True)
class ColumnEdge:
    """One column made of another."""

    upstream: str
    """The column there; of raw, its heading in the source."""
    downstream: str
    how: str
    """What was done to it: "renamed, read as float64"."""


@dataclass(frozen=True)
class Edge:
    """One thing made of another by a task of a dataset's DAG."""

    upstream: Node
    downstream: Node
    dataset: str
    """Whose DAG."""
    task: Verb
    how: str
    """In words: "fetched", "names looked up"."""
    columns: tuple[ColumnEdge, ...] = ()
    """Empty where the step doesn't know: extract.py is any function."""


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


@dataclass(frozen=True)
class Graph:
    """All edges of a repository's datasets."""

    edges: tuple[Edge, ...]
    owners: dict[str, str] = field(default_factory=dict)
    """Who answers for each dataset: an e-mail address."""

    def nodes(self) -> set[Node]:
        """All nodes."""
        return {node for edge in self.edges for node in (edge.upstream, edge.downstream)}

    def up(self, node: Node, columns: Iterable[str] = ()) -> Step:
        """What `node` (or `columns` of it) is made of, back to the public addresses."""
        return self._step(node, None, tuple(columns), "up", set())

    def down(self, node: Node, columns: Iterable[str] = ()) -> Step:
        """What is made of `node`, or of `columns` of it."""
        return self._step(node, None, tuple(columns), "down", set())

    def _step(
        self, node: Node, by: Edge | None, columns: tuple[str, ...], way: Literal["up", "down"], seen: set[object]
    ) -> Step:
        if (node, columns) in seen:
            return Step(node, by, again=bool(self._next(node, way)), columns=columns)
        seen.add((node, columns))
        beyond = []
        for edge in self._next(node, way):
            led = _led(edge, columns, way)
            if led or not columns:
                other = edge.upstream if way == "up" else edge.downstream
                beyond.append(self._step(other, edge, led, way, seen))
        return Step(node, by, tuple(beyond), columns=columns)

    def _next(self, node: Node, way: Literal["up", "down"]) -> list[Edge]:
        here = {"up": "downstream", "down": "upstream"}[way]
        return [edge for edge in self.edges if getattr(edge, here) == node]


def _led(edge: Edge, columns: tuple[str, ...], way: Literal["up", "down"]) -> tuple[str, ...]:
    """The columns on the other side of `edge` that `columns` on this side lead to."""
    here, there = ("downstream", "upstream") if way == "up" else ("upstream", "downstream")
    return tuple(dict.fromkeys(getattr(c, there) for c in edge.columns if getattr(c, here) in columns))


def walk(step: Step) -> Iterator[Step]:
    """`step` and all beyond it, each before what lies beyond it."""
    yield step
    for further in step.beyond:
        yield from walk(further)


def hit(graph: Graph, name: str, columns: Iterable[str] = ()) -> dict[str, list[Node]]:
    """Who is hit when dataset `name` (or `columns` of it) changes: the tables made of it, by dataset; not its own."""
    found: dict[str, list[Node]] = {}
    for step in walk(graph.down(Node("table", name), columns)):
        if step.node.name != name and step.node not in found.get(step.node.name, []):
            found.setdefault(step.node.name, []).append(step.node)
    return found


def graph(datasets: Iterable[Described]) -> Graph:
    """The graph of all `datasets`; each table that a version publishes has something upstream."""
    known = sorted(datasets, key=lambda one: one.name)
    edges = [edge for one in known for edge in _edges(one, {other.name: other for other in known})]
    return Graph(tuple(edges), {one.name: one.contract.owner for one in known})


def _edges(one: Described, known: dict[str, Described]) -> Iterator[Edge]:
    table = Node("table", one.name)
    yield from _fetched(one)
    yield Edge(Node("raw", one.name), table, one.name, "validate", "read and validated", _read(one))
    for reference in one.contract.expect.references:
        columns = tuple(
            ColumnEdge(there, here, "must exist there")
            for here, there in zip(reference.columns, reference.to, strict=True)
        )
        yield Edge(Node("table", reference.dataset), table, one.name, "validate", "checked against", columns)
    for also in one.contract.lineage:
        origin = Node("table", also.dataset) if also.dataset else Node("source", also.address or "")
        columns = tuple(ColumnEdge(there, here, also.note) for here, some in also.columns.items() for there in some)
        yield Edge(origin, table, one.name, "extract", also.note, columns)
    if one.contract.match:
        yield from _matched(one, known)


def _fetched(one: Described) -> Iterator[Edge]:
    raw, dictionary = Node("raw", one.name), one.contract.dictionary
    for address in dict.fromkeys(one.addresses):
        how = "column texts taken" if dictionary and address == dictionary.url else "fetched"
        yield Edge(Node("source", address), raw, one.name, "extract", how)
    if dictionary and dictionary.url not in one.addresses:
        yield Edge(Node("source", dictionary.url), raw, one.name, "extract", "column texts taken")


def _read(one: Described) -> tuple[ColumnEdge, ...]:
    """Each column of the table from its heading in the source; none where extract.py makes it."""
    columns = one.schema.columns if one.schema else ()
    return tuple(
        ColumnEdge(
            column.source, column.name, f"{'' if column.source == column.name else 'renamed, '}read as {column.type}"
        )
        for column in columns
        if column.source is not None
    )


def _matched(one: Described, known: dict[str, Described]) -> Iterator[Edge]:
    """Table and register to the links of the names; these to the quantities by owner."""
    match, table, links = one.contract.match, Node("table", one.name), Node("matches", one.name)
    assert match
    given: dict[str, str | None] = {"name": match.entity, "given_country": match.country_column, "weight": match.weight}
    given |= {f"given_{kind}": column for kind, column in match.identifiers.items()}
    yield Edge(table, links, one.name, "match", "names matched", _pairs(given, "as published"))
    register = known[match.register].contract.register if match.register in known else None
    taken: dict[str, str | None] = {}
    if register:
        taken = {"entity_id": register.id, "candidate_id": register.id, "candidate_name": register.name}
        taken |= {"candidate_country": register.country, "candidate_category": register.category}
        taken |= {"candidate_legal_form": register.legal_form, "candidate_status": register.status}
        forms = Node("table", register.legal_forms)
        yield Edge(forms, links, one.name, "match", "legal forms of names known by it")
    yield Edge(
        Node("table", match.register), links, one.name, "match", "names looked up", _pairs(taken, "of the entity")
    )
    if match.parents:
        for which in (match.parents.relations, match.parents.exceptions):
            yield Edge(Node("table", which), links, one.name, "match", "parents found")
    if own := match.ownership:
        rollup = Node("rollup", one.name)
        shared = {own.quantity: own.quantity, "facilities": own.facility, **{by: by for by in own.by}}
        yield Edge(table, rollup, one.name, "match", "shared out by ownership", _pairs(shared, "rolled up"))
        named = {"company": "entity_id", "name": "candidate_name", "ultimate_parent": "ultimate_parent"}
        yield Edge(links, rollup, one.name, "match", "owners named", _pairs(named, "of the link"))


def _pairs(made: Mapping[str, str | None], how: str) -> tuple[ColumnEdge, ...]:
    return tuple(ColumnEdge(there, here, how) for here, there in made.items() if there)


def without_upstream(graph: Graph) -> list[Node]:
    """Tables that come from nowhere: no way from them leads up to a public address."""
    return sorted(
        node
        for node in graph.nodes()
        if node.kind in TABLES and not any(step.node.kind == "source" for step in walk(graph.up(node)))
    )


def summary(graph: Graph, name: str) -> str:
    """In words, how much hangs on a dataset: "2 datasets use it"."""
    used = len(hit(graph, name))
    return f"{counted(used, 'dataset')} {'uses' if used == 1 else 'use'} it" if used else "no dataset uses it"
