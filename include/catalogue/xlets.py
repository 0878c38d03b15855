"""What each task of a dataset's DAG reads and makes, by its contract alone, in the form that OpenMetadata reads."""

from collections.abc import Mapping

from ..contracts.model import Contract
from ..contracts.names import Names
from . import naming
from .edges import edges
from .model import Described
from .nodes import Edge, Node

Xlet = dict[str, str]


def xlets(name: str, contracts: Mapping[str, Contract], names: Names) -> dict[str, tuple[list[Xlet], list[Xlet]]]:
    """Inlets and outlets of each task that makes something; `contracts` are that of `name` and of its register.

    Every inlet leads to every outlet of the same key. The key is the task, so tasks don't mix; where a task makes
    several things of different ones, each has a key of its own.
    """
    known = {other: Described(other, contract, addresses=contract.source.url) for other, contract in contracts.items()}
    tasks: dict[str, dict[Node, list[Edge]]] = {}
    for edge in edges(known[name], known):
        tasks.setdefault(edge.task, {}).setdefault(edge.downstream, []).append(edge)
    return {task: _of(task, made, names) for task, made in tasks.items()}


def _of(task: str, made: Mapping[Node, list[Edge]], names: Names) -> tuple[list[Xlet], list[Xlet]]:
    inlets: list[Xlet] = []
    outlets: list[Xlet] = []
    for node, of in made.items():
        key = task if len(made) == 1 else f"{task}:{node.kind}"
        outlets.append(_xlet(node, key, names))
        inlets += [_xlet(origin, key, names) for origin in dict.fromkeys(edge.upstream for edge in of)]
    return inlets, outlets


def _xlet(node: Node, key: str, names: Names) -> Xlet:
    place = naming.place(node, names)
    return {"entity": place.type, "fqn": place.fqn, "key": key}
