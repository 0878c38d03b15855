"""What the tables of one dataset are made of, as its contract, its schema and its sources tell."""

from collections.abc import Iterable, Iterator, Mapping

from ..contracts.columns import Column
from ..contracts.matching import Match, Register
from ..contracts.model import Reference, Upstream
from .model import Described
from .nodes import ColumnEdge, Edge, Node

FORMS = ("country_code", "name", "abbreviations", "abbreviations_transliterated")
"""The columns of a list of legal forms that names are folded by."""


def edges(one: Described, known: Mapping[str, Described]) -> Iterator[Edge]:
    """All edges that dataset `one` adds to the lineage; `known` are all datasets by name, for their registers."""
    raw, table = Node("raw", one.name), Node("table", one.name)
    yield from _fetched(one, raw)
    yield Edge(raw, table, one.name, "validate", "read and validated", _read(one))
    for reference in one.contract.expect.references:
        there = Node("table", reference.dataset)
        yield Edge(there, table, one.name, "validate", "checked against", _compared(reference))
    for also in one.contract.lineage:
        origin = Node("table", also.dataset) if also.dataset else Node("source", also.address or "")
        yield Edge(origin, table, one.name, "extract", also.note, _told(also))
    if match := one.contract.match:
        register = known[match.register].contract.register if match.register in known else None
        yield from _linked(one.name, match, register)
        yield from _rolled_up(one.name, match)


def untraced(one: Described) -> str:
    """Why a column of the dataset's table has nothing upstream."""
    if one.schema is None:
        return "its columns are not known here"
    if one.extracts:
        return "extract.py makes it: any function"
    return "its contract doesn't say"


def searched(register: Register) -> list[str]:
    """The columns of a register that names are looked up by; its identifier first."""
    named = (register.id, register.name, register.country, register.category, register.legal_form, register.status)
    return [column for column in (*named, *register.identifiers.values()) if column]


def _fetched(one: Described, raw: Node) -> Iterator[Edge]:
    dictionary = one.contract.dictionary
    for address in dict.fromkeys(one.addresses):
        if dictionary is None or address != dictionary.url:
            yield Edge(Node("source", address), raw, one.name, "extract", "fetched", whole=True)
    if dictionary:
        yield Edge(Node("source", dictionary.url), raw, one.name, "extract", "column texts taken")


def _read(one: Described) -> tuple[ColumnEdge, ...]:
    """Each column from its heading; where extract.py makes the rows, those whose heading the author says."""
    columns = one.schema.columns if one.schema else ()
    return tuple(
        ColumnEdge(column.source or column.name, column.name, _reading(column, one.extracts))
        for column in columns
        if column.source or not one.extracts
    )


def _reading(column: Column, extracts: bool) -> str:
    """Without `source`, a column is read from the heading whose snake case is its name: which that is, isn't kept."""
    if column.source is None:
        return f"heading of that name in snake case, read as {column.type}"
    renamed = "" if column.source == column.name else "renamed, "
    return f"{'through extract.py, ' if extracts else ''}{renamed}read as {column.type}"


def _compared(reference: Reference) -> tuple[ColumnEdge, ...]:
    pairs = zip(reference.to, reference.columns, strict=True)
    return tuple(ColumnEdge(there, here, "must exist there", derives=False) for there, here in pairs)


def _told(also: Upstream) -> tuple[ColumnEdge, ...]:
    return tuple(ColumnEdge(there, here, also.note) for here, some in also.columns.items() for there in some)


def _linked(name: str, match: Match, register: Register | None) -> Iterator[Edge]:
    """Table, register and its legal forms to the links of the names."""
    links = Node("matches", name)
    given = {"name": match.entity, "given_country": match.country_column, "weight": match.weight}
    given |= {f"given_{kind}": column for kind, column in match.identifiers.items()}
    asked = [match.entity, match.country_column, *match.identifiers.values()]
    published = (*_pairs(given, "as published"), *_pairs({"country": match.country_column}, "as ISO 3166-1 alpha-2"))
    yield Edge(Node("table", name), links, name, "match", "names matched", (*published, *_decided(asked)))
    if register:
        how = "legal forms of names known by it"
        yield Edge(Node("table", register.legal_forms), links, name, "match", how, tuple(_decided(FORMS)))
    taken = (*_pairs(_entity(register), "of the entity"), *_decided(searched(register)[1:])) if register else ()
    yield Edge(Node("table", match.register), links, name, "match", "names looked up", taken)
    if match.parents:
        for which in (match.parents.relations, match.parents.exceptions):
            yield Edge(Node("table", which), links, name, "match", "parents found")


def _entity(register: Register) -> dict[str, str | None]:
    """Columns of the links, each with the register's column that it is taken from."""
    facts = {
        "country": register.country,
        "category": register.category,
        "legal_form": register.legal_form,
        "status": register.status,
    }
    ids = dict.fromkeys(("entity_id", "candidate_id", "runner_up"), register.id)
    names = dict.fromkeys(("candidate_name", "runner_up_name"), register.name)
    return {**ids, **names, **{f"candidate_{fact}": column for fact, column in facts.items()}}


def _decided(columns: Iterable[str | None]) -> Iterator[ColumnEdge]:
    """What decides which entity a name is linked to."""
    return (ColumnEdge(there, "entity_id", "compared", derives=False) for there in columns if there)


def _rolled_up(name: str, match: Match) -> Iterator[Edge]:
    """Table and links to the quantities by owner."""
    if (own := match.ownership) is None:
        return
    rollup = Node("rollup", name)
    keys = (*_pairs({by: by for by in own.by}, "as published"), *_pairs({"facilities": own.facility}, "counted"))
    shared = (ColumnEdge(there, own.quantity, "shared out") for there in (own.quantity, own.share))
    owners = _pairs(dict.fromkeys(("company", "name"), match.entity), "where not linked")
    yield Edge(Node("table", name), rollup, name, "match", "shared out by ownership", (*keys, *shared, *owners))
    named = {"company": "entity_id", "linked": "entity_id"}
    named |= {"name": "candidate_name", "ultimate_parent": "ultimate_parent"}
    yield Edge(Node("matches", name), rollup, name, "match", "owners named", _pairs(named, "of the link"))


def _pairs(made: Mapping[str, str | None], how: str) -> tuple[ColumnEdge, ...]:
    return tuple(ColumnEdge(there, here, how) for here, there in made.items() if there)
