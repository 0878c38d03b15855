"""What every catalogue is told of a dataset alike, whatever its standard."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from ..contracts.columns import Column
from ..contracts.names import Names
from .lineage import TABLES, ColumnEdge, Edge, Graph, Kind, Node
from .model import Described

_IRI = "!#$%&'()*+,/:;=?@[]~"
"""Signs that an address may have, besides letters, digits and _.-"""


def stated(facts: Mapping[str, Any]) -> dict[str, Any]:
    """`facts` without those that are not known, or hold nothing."""
    return {key: value for key, value in facts.items() if value is not None and value not in ("", [], {}, ())}


def version(one: Described) -> str | None:
    """What tells the newest version from all others: its content hash. None where there is no version."""
    return str(one.record["content"]) if one.record else None


def withdrawn(one: Described) -> bool:
    """Whether the newest version was taken back."""
    return bool(one.record and one.record["withdrawn"])


def shows_values(one: Described, column: Column) -> bool:
    """Whether everybody may see values of the column: neither it nor its dataset is guarded."""
    return column.sensitivity == one.contract.access == "public"


def published(one: Described) -> list[Kind]:
    """The tables that a version has."""
    match = one.contract.match
    has = {"table": True, "matches": match is not None, "rollup": match is not None and match.ownership is not None}
    return [kind for kind in TABLES if has[kind]]


def claimed_once(datasets: Iterable[Described], names: Names) -> tuple[list[Described], list[str]]:
    """`datasets` without those that claim a table of one before them, and a sentence for each of these."""
    owners: dict[str, str] = {}
    kept, problems = [], []
    for one in datasets:
        tables = [table(one.name, kind, names) for kind in published(one)]
        if taken := next((name for name in tables if name in owners), None):
            problems.append(f"{one.name}: {taken} is a table of {owners[taken]} already. Rename one of the datasets.")
            continue
        owners |= dict.fromkeys(tables, one.name)
        kept.append(one)
    return kept, problems


def table(name: str, kind: Kind, names: Names) -> str:
    """What a table of dataset `name` is called: catalog, schema and table."""
    return ".".join(names.table(name)) + ("" if kind == "table" else f"__{kind}")


def steps(one: Described, graph: Graph) -> list[Edge]:
    """The edges of the dataset's own DAG."""
    nodes = [Node(kind, one.name) for kind in ("raw", *TABLES)]
    return [edge for node in nodes for edge in graph.next(node, "up")]


def origins(node: Node, graph: Graph) -> dict[str, list[tuple[Node, ColumnEdge]]]:
    """What each column of a table is made of, where that is known."""
    found: dict[str, list[tuple[Node, ColumnEdge]]] = {}
    for edge in graph.next(node, "up"):
        for by in edge.columns:
            if by.derives:
                found.setdefault(by.downstream, []).append((edge.upstream, by))
    return found


def licence_address(licence: str) -> str | None:
    """Where the text of a licence of the SPDX list is; None for one of its own, and for an expression of several."""
    return None if licence.startswith("LicenseRef-") or " " in licence else f"https://spdx.org/licenses/{licence}"


def code_address(commit: str) -> str:
    """The SWHID (ISO/IEC 18670) of the code of a run: of its commit, of its tree where that was not committed."""
    commit, _, tree = commit.partition("+dirty.")
    return f"swh:1:dir:{tree}" if tree else f"swh:1:rev:{commit}"


def iri(address: str) -> str:
    """`address` as an IRI: what none may hold is percent-encoded."""
    return quote(address, safe=_IRI)
