"""Which datasets are made of which: the lineage of all, arranged so that each page finds its part at once."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import networkx as nx

from ..lineage import TABLES, Edge, Graph


@dataclass(frozen=True)
class Network:
    """Edges by the dataset whose DAG makes them, and datasets by what is made of them."""

    made: dict[str, list[Edge]]
    datasets: "nx.DiGraph[str]"


@dataclass(frozen=True)
class Dependent:
    """A dataset that is made of another."""

    name: str
    owner: str
    how: str
    """What is done with it, or through which dataset it gets there."""


def network(graph: Graph) -> Network:
    """The datasets of `graph`."""
    made: dict[str, list[Edge]] = defaultdict(list)
    datasets: nx.DiGraph[str] = nx.DiGraph()
    for edge in graph.edges:
        made[edge.dataset].append(edge)
        datasets.add_node(edge.dataset)
        if edge.upstream.kind in TABLES and edge.upstream.name != edge.dataset:
            datasets.add_edge(edge.upstream.name, edge.dataset)
    return Network(made, datasets)


def nearest(net: Network, name: str, way: str) -> dict[str, int]:
    """All datasets `up` or `down` of one, with how many steps away they are, the nearest first."""
    if name not in net.datasets:
        return {}
    graph = net.datasets if way == "down" else net.datasets.reverse(copy=False)
    steps = nx.single_source_shortest_path_length(graph, name)
    return dict(sorted(((n, s) for n, s in steps.items() if n != name), key=lambda one: (one[1], one[0])))


def dependents(net: Network, name: str, owners: dict[str, str]) -> list[Dependent]:
    """Who is hit when a dataset changes, the nearest first."""
    down = nearest(net, name, "down")
    return [Dependent(one, owners.get(one, ""), _how(net, name, one, steps)) for one, steps in down.items()]


def _how(net: Network, name: str, one: str, steps: int) -> str:
    if steps > 1:
        way = nx.shortest_path(net.datasets, name, one)
        return f"through {', '.join(way[1:-1])}"
    return _listed(edge.how for edge in net.made[one] if edge.upstream.name == name and edge.upstream.kind in TABLES)


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(texts))
