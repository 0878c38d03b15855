"""Boxes in layers, each behind what it is made of, with few crossings: the method of Sugiyama et al. (1981).

K. Sugiyama, S. Tagawa, M. Toda: Methods for Visual Understanding of Hierarchical System Structures. IEEE Transactions
on Systems, Man, and Cybernetics 11(2), 1981.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import networkx as nx

Ends = tuple[str, str]
_SWEEPS = 8
_BESIDE = 16.0
"""Room between two boxes of a layer."""
_LANE = 10.0
"""Room of an arrow that passes a layer."""


class Point(NamedTuple):
    """A place: along the layers, and across them."""

    along: float
    across: float


@dataclass(frozen=True)
class Plan:
    """Where boxes begin, and the points that arrows pass, two a layer; sizes of the whole."""

    places: dict[str, Point]
    routes: dict[Ends, list[Point]]
    along: float
    across: float


def laid_out(
    boxes: Collection[str], arrows: Iterable[Ends], length: float, breadth: float, gap: float, most: int
) -> Plan:
    """Layers of at most so many boxes, `length` along and `breadth` across, `gap` between layers.

    A circle ends at its last arrow.
    """
    arrows = list(arrows)
    forward = _acyclic(boxes, arrows)
    layer = _split(_layer(forward), most)
    chains = {ends: _chain(ends, layer, forward) for ends in arrows}
    order = _ordered(layer, chains.values())
    across, whole = _across(order, set(boxes), breadth)
    along = {node: number * (length + gap) for number, nodes in order.items() for node in nodes}
    places = {box: Point(along[box], across[box]) for box in boxes}
    middle = {node: across[node] + (breadth if node in places else _LANE) / 2 for node in along}
    routes = {ends: _route(chain, along, middle, length) for ends, chain in chains.items()}
    return Plan(places, routes, max(along.values(), default=0.0) + length, whole)


def _acyclic(boxes: Collection[str], arrows: Iterable[Ends]) -> "nx.DiGraph[str]":
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(boxes)
    for here, there in arrows:
        if not nx.has_path(graph, there, here):
            graph.add_edge(here, there)
    return graph


def _layer(graph: "nx.DiGraph[str]") -> dict[str, int]:
    """The layer of each box: behind all that it is made of, then as near as may be to what is made of it."""
    layer = {node: number for number, nodes in enumerate(nx.topological_generations(graph)) for node in nodes}
    for node in reversed(list(nx.topological_sort(graph))):
        layer[node] = min((layer[after] for after in graph.successors(node)), default=layer[node] + 1) - 1
    return layer


def _split(layer: Mapping[str, int], most: int) -> dict[str, int]:
    """Layers of more than `most` boxes as several."""
    found: dict[str, int] = {}
    for number in sorted(set(layer.values())):
        nodes, first = [node for node in layer if layer[node] == number], max(found.values(), default=-1) + 1
        found |= {node: first + at // most for at, node in enumerate(nodes)}
    return found


def _chain(ends: Ends, layer: dict[str, int], forward: "nx.DiGraph[str]") -> list[str]:
    """The boxes at both ends of an arrow, and between them a lane in each layer that it passes; lanes join `layer`."""
    first, last = ends if forward.has_edge(*ends) else ends[::-1]
    lanes = {f"{ends} {number}": number for number in range(layer[first] + 1, layer[last])}
    layer |= lanes
    chain = [first, *lanes, last]
    return chain if forward.has_edge(*ends) else chain[::-1]


def _ordered(layer: Mapping[str, int], chains: Iterable[list[str]]) -> dict[int, list[str]]:
    """The nodes of each layer in an order with few crossings: by the mean place of their neighbours, to and fro."""
    beside: dict[str, list[str]] = defaultdict(list)
    for here, there in (pair for chain in chains for pair in pairwise(chain)):
        beside[here].append(there)
        beside[there].append(here)
    order: dict[int, list[str]] = defaultdict(list)
    for node in layer:
        order[layer[node]].append(node)
    numbers = sorted(order)
    for sweep in range(_SWEEPS):
        for number in numbers if sweep % 2 == 0 else numbers[::-1]:
            near = number - 1 if sweep % 2 == 0 else number + 1
            place = {node: at - len(order[near]) / 2 for at, node in enumerate(order.get(near, ()))}
            order[number].sort(key=lambda node: _mean([place[n] for n in beside[node] if n in place]))
    return {number: order[number] for number in numbers}


def _mean(places: list[float]) -> float:
    return sum(places) / len(places) if places else 0.0


def _across(order: Mapping[int, list[str]], boxes: set[str], breadth: float) -> tuple[dict[str, float], float]:
    """Where each node begins across its layer, layers in the middle of the widest."""
    sizes = {node: breadth if node in boxes else _LANE for nodes in order.values() for node in nodes}
    widths = {number: sum(sizes[n] + _BESIDE for n in nodes) - _BESIDE for number, nodes in order.items()}
    whole = max(widths.values(), default=0.0)
    across = {}
    for number, nodes in order.items():
        at = (whole - widths[number]) / 2
        for node in nodes:
            across[node] = at
            at += sizes[node] + _BESIDE
    return across, whole


def _route(chain: list[str], along: Mapping[str, float], middle: Mapping[str, float], length: float) -> list[Point]:
    """From the edge of the first to that of the last, through both edges of each lane between."""
    ahead = along[chain[0]] <= along[chain[-1]]
    near, far = (0.0, length) if ahead else (length, 0.0)
    points = [Point(along[chain[0]] + far, middle[chain[0]])]
    for lane in chain[1:-1]:
        points += [Point(along[lane] + near, middle[lane]), Point(along[lane] + far, middle[lane])]
    return [*points, Point(along[chain[-1]] + near, middle[chain[-1]])]
