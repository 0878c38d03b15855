"""What is asked of lineage, and all that is known here to answer it, with the gaps told."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...catalogue.lineage import TABLES, Graph, Node, Step, graph, walk
from ...catalogue.model import Described
from ...contracts.words import counted, nearest
from ...errors import ContractError, EnvironmentFault
from ...settings import REPOSITORY, settings
from ...versions import worktree
from ...versions.origins import Origins, origins
from ..local import dataset_folder


@dataclass(frozen=True)
class Asked:
    """A dataset, or one of its tables, or a column of one; and the graph that it stands in."""

    name: str
    title: str
    nodes: tuple[Node, ...]
    """Its tables; where a column is asked for, the one that has it."""
    column: str | None
    graph: Graph
    known: dict[str, Described]
    found: Origins

    @property
    def columns(self) -> tuple[str, ...]:
        """The column that is asked for, if one is."""
        return (self.column,) if self.column else ()

    def up(self) -> list[Step]:
        """What each of its tables is made of."""
        return [self.graph.up(node, self.columns) for node in self.nodes]

    def down(self) -> list[Step]:
        """What is made of each of its tables, but of those that stand below another already."""
        found: list[Step] = []
        for node in self.nodes:
            if not any(step.node == node for above in found for step in walk(above)):
                found.append(self.graph.down(node, self.columns))
        return found


def asked(name: str, column: str | None) -> Asked:
    """What is known of `name`, a dataset or one of its tables (epa_parents__matches), and of its lineage.

    Raises EnvironmentFault where there is no such dataset or column, ContractError where its contract can't be read.
    """
    found = origins(REPOSITORY, Path(settings().datasets), worktree.pins(REPOSITORY))
    whole = graph(found.datasets.values())
    nodes = _tables(name, found, whole)
    if column:
        found = _with_columns(found, _around(whole, nodes))
        whole = graph(found.datasets.values())
        nodes = (_having(column, nodes, found, whole),)
    title = found.datasets[nodes[0].name].contract.title if nodes[0].name in found.datasets else ""
    return Asked(name, title, nodes, column, whole, found.datasets, found)


def _tables(name: str, found: Origins, whole: Graph) -> tuple[Node, ...]:
    if name in found.broken:
        raise found.broken[name]
    nodes = whole.nodes()
    if name in found.datasets or name in found.gone or Node("table", name) in nodes:
        return tuple(node for kind in TABLES if (node := Node(kind, name)) in nodes or kind == "table")
    base, _, kind = name.rpartition("__")
    published = tuple(node for node in nodes if (node.kind, node.name) == (kind, base))
    if not published:
        dataset_folder(name)  # raises, and names the nearest
        raise EnvironmentFault(f"{name}: has no contract.yaml. Draft one with `commons new {name} --from FILE`.")
    return published


def _around(whole: Graph, nodes: Iterable[Node]) -> set[str]:
    """The datasets on the way up and down from `nodes`."""
    start = tuple(nodes)
    ways = (*whole.reach(start, way="up"), *whole.reach(start, way="down"))
    return {node.name for node in (*ways, *(other for node in ways for other in _beside(whole, node)))}


def _beside(whole: Graph, node: Node) -> Iterator[Node]:
    """What else a table on the way down is made of."""
    return (edge.upstream for edge in whole.next(node, "up"))


def _with_columns(found: Origins, names: Iterable[str]) -> Origins:
    """The same with the columns that schema.py promises, of those of `names` whose version's are not known here."""
    from ...validation import schema as schemas
    from ...validation.render import promised

    datasets = dict(found.datasets)
    for name in names:
        one = datasets.get(name)
        if one and one.schema is None and name not in found.gone:
            try:
                schema = promised(schemas.load(Path(settings().datasets) / name), one.contract)
            except ContractError:
                continue
            datasets[name] = replace(one, schema=schema)
    return replace(found, datasets=datasets)


def _having(column: str, nodes: tuple[Node, ...], found: Origins, whole: Graph) -> Node:
    """The first of `nodes` that has the column."""
    known: dict[Node, list[str]] = {node: list(_columns(node, found, whole)) for node in nodes}
    if node := next((node for node in nodes if column in known[node]), None):
        return node
    near = nearest(column, (name for names in known.values() for name in names))
    tables = ", ".join(str(node) for node in nodes)
    some = ", ".join(dict.fromkeys(name for names in known.values() for name in names)) or "none that is known here"
    raise EnvironmentFault(f"--column {column}: no such column in {tables}{near}. There are {some}.")


def _columns(node: Node, found: Origins, whole: Graph) -> Iterator[str]:
    one = found.datasets.get(node.name)
    if node.kind == "table" and one and one.schema:
        yield from (column.name for column in one.schema.columns)
    if node.kind == "matches":
        from ...matching.settle import TAIL

        yield from ("name", "country", "records", *TAIL)
    for edge in (*whole.next(node, "up"), *whole.next(node, "down")):
        there = edge.downstream == node
        yield from (c.downstream if there else c.upstream for c in edge.columns)


def gaps(asked: Asked, steps: Iterable[Step]) -> list[str]:
    """What is not known of the datasets in `steps`, and what to do, in sentences."""
    named = sorted({step.node.name for one in steps for step in walk(one) if step.node.kind != "source"})
    return [*_absent(asked.found, named), *_promised(asked.found, named)]


def _absent(found: Origins, named: Sequence[str]) -> Iterator[str]:
    """Of datasets whose contract is not here, or can't be read; any of these might use what is asked for."""
    for name in sorted(found.broken):
        yield f"{name}: its contract can't be read, so what it uses is not shown. `commons check {name}` says why."
    for name in named:
        if entry := found.gone.get(name):
            yield (
                f"{name}: its folder is gone from {settings().datasets}, and data.dvc still pins a version of it, of "
                f"{counted(entry.meta.rows, 'row')}. Bring the folder back, or take out what names it."
            )
        elif name not in found.datasets and name not in found.broken:
            yield f"{name}: is named by others here, and there is no such dataset. `commons check` says where."


def _promised(found: Origins, named: Sequence[str]) -> Iterator[str]:
    """Of datasets of which only what contract.yaml and schema.py promise is known."""
    if new := [name for name in named if name in found.unpublished]:
        yield f"No version yet of {', '.join(new)}: shown is what contract.yaml and schema.py promise."
    for name, gone in found.withdrawn.items():
        if name in named:
            yield f"{name}: its newest version was withdrawn by {gone.by} on {gone.at}: {gone.why}"
    away = [name for name in named if name in found.datasets and found.datasets[name].lacking]
    if lacking := [name for name in away if name not in found.withdrawn and name not in found.gone]:
        yield (
            f"The bytes of {', '.join(lacking)} are not here: their addresses are those of the contract, their columns "
            f"those of schema.py. `commons rebuild --from-source --restore {' '.join(lacking)}` brings what was "
            "published."
        )
