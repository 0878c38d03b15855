"""Who is hit by a change of a dataset or of one of its columns, through what, and what a breaking one would stop."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ..contracts.matching import Match, Register
from ..contracts.model import Contract, Reference
from .edges import FORMS, searched
from .lineage import Edge, Graph, Node
from .model import Described
from .nodes import TABLES


@dataclass(frozen=True)
class Affected:
    """A dataset that a change reaches."""

    name: str
    owner: str
    """Its e-mail address; empty where it is not known."""
    tables: dict[Node, tuple[str, ...]]
    """Which of its tables, each with the columns that are reached; none where whole tables are followed."""
    edges: tuple[Edge, ...]
    """How these take from what is reached; where a column is followed, only by the columns concerned."""
    untold: bool
    """No step says that it takes this column, and one doesn't say which it takes: it may be none of them."""
    stops: tuple[str, ...]
    """What a change that breaks readers would do to its runs."""

    @property
    def through(self) -> list[str]:
        """The other datasets between: it takes from these."""
        return sorted({edge.upstream.name for edge in self.edges} - {self.name})


def affected(graph: Graph, known: Mapping[str, Described], start: Iterable[Node], column: str | None) -> list[Affected]:
    """The datasets that a change of the tables `start` of one dataset (or of `column` of them) reaches, by name.

    That dataset itself is among them where others of its tables are made of these.
    """
    begun = tuple(start)
    reached = {node: tuple(c) for node, c in graph.reach(begun, (column,) if column else ()).items()}
    unsure = {edge.downstream: () for node in reached for edge in graph.next(node, "down") if column and _silent(edge)}
    tables: dict[str, dict[Node, tuple[str, ...]]] = {}
    for node, columns in {**unsure, **reached}.items():
        if node not in begun and node.kind in TABLES:
            tables.setdefault(node.name, {})[node] = columns
    return [
        Affected(
            name=name,
            owner=graph.owners.get(name, ""),
            tables=mine,
            edges=tuple(edge for node in mine for edge in _taking(graph, node, reached, column)),
            untold=column is not None and not any(mine.values()),
            stops=tuple(_stops(known, name, begun[0].name, column)),
        )
        for name, mine in sorted(tables.items())
    ]


def _silent(edge: Edge) -> bool:
    return not (edge.columns or edge.whole)


def _taking(graph: Graph, node: Node, reached: Mapping[Node, tuple[str, ...]], column: str | None) -> Iterator[Edge]:
    """The edges by which `node` takes from what is reached."""
    for edge in graph.next(node, "up"):
        if edge.upstream in reached:
            by = tuple(c for c in edge.columns if not column or c.upstream in reached[edge.upstream])
            if by or not column or _silent(edge):
                yield replace(edge, columns=by)


def _stops(known: Mapping[str, Described], name: str, changed: str, column: str | None) -> Iterator[str]:
    """What becomes of the runs of dataset `name` where `changed` loses, renames or retypes `column` (or any)."""
    contract = known[name].contract if name in known else None
    if contract is None or name == changed:
        return
    for reference in contract.expect.references:
        if reference.dataset == changed and column in (None, *reference.to):
            yield from _refused(contract, reference)
    if match := contract.match:
        register = known[match.register].contract.register if match.register in known else None
        yield from _unmatched(match, register, changed, column)


def _refused(contract: Contract, reference: Reference) -> Iterator[str]:
    there, here = ", ".join(reference.to), ", ".join(reference.columns)
    yield f"validate stops where {there} is not there, or of another type: its {here} can't be checked"
    if reference.severity == "warning":
        yield f"rows whose {here} is no longer in {reference.dataset} ({there}) are counted, and stay"
    else:
        most = f"more than {contract.expect.quarantine_pct:g} %"
        yield f"rows whose {here} is no longer in {reference.dataset} ({there}) are quarantined; {most} stop the run"


def _unmatched(match: Match, register: Register | None, changed: str, column: str | None) -> Iterator[str]:
    columns = searched(register) if register else []
    if match.register == changed and (column is None or column in columns):
        which = column or (f"one of {', '.join(columns)}" if columns else "a column of its `register:`")
        yield f"match stops where {which} is not there: names are looked up by it"
    if register and register.legal_forms == changed and column in (None, *FORMS):
        yield f"match stops where {column or 'one of ' + ', '.join(FORMS)} is not there: names are folded by it"
    if match.parents and changed in (match.parents.relations, match.parents.exceptions):
        yield "match stops where its columns are not those of GLEIF's level 2 data: parents are found in it"
