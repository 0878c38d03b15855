"""Where tables and columns come from and who is hit: followed both ways, through circles, diamonds and long chains."""

from collections.abc import Iterable

from include.catalogue.edges import FORMS
from include.catalogue.impact import Affected, affected
from include.catalogue.lineage import Graph, Node, Step, graph, hit, walk, without_upstream
from include.catalogue.model import Described
from include.contracts import loader
from include.contracts.columns import Column, TableSchema
from include.matching import forms

REGISTER = "register: {id: lei, name: legal_name, country: land, status: state, legal_forms: legal_forms}"
MATCH = """\
match:
  register: entities
  entity: owner
  country: country
  identifiers: {isin: isin}
  weight: capacity_mw
  parents: {relations: relations, exceptions: exceptions}
  ownership: {facility: plant, by: [year], share: share_pct, quantity: capacity_mw}
"""


def dataset(
    name: str,
    *columns: str,
    more: str = "",
    types: str = "string",
    extracts: bool = False,
    url: str | None = "",
    known: bool = True,
) -> Described:
    """A dataset; a column is its name, or `heading=name` where the author says its heading."""
    address = f"https://example.org/{name}.csv" if url == "" else url
    source = f"source: {{url: '{address}'}}\n" if address else ""
    said = f"title: {name}\ndescription: d\nowner: {name}@example.org\nlicence: CC0-1.0\n{source}{more}\n"
    pairs = [column.rpartition("=")[::2] for column in columns or ("id",)]
    made = [
        Column(name=own, id=n, type=types, nullable=True, source=heading or None)
        for n, (heading, own) in enumerate(pairs, 1)
    ]
    contract = loader.loads(said.encode())
    schema = TableSchema(columns=tuple(made)) if known else None
    return Described(name, contract, schema=schema, addresses=contract.source.url, extracts=extracts)


def refers(*others: str, column: str = "id", severity: str = "error") -> str:
    rules = ", ".join(f"{{columns: [{column}], dataset: {o}, to: [id], severity: {severity}}}" for o in others)
    return f"expect: {{quarantine_pct: 2, references: [{rules}]}}"


def table(name: str) -> Node:
    return Node("table", name)


def names(step: Step) -> list[str]:
    return [str(one.node) for one in walk(step)]


def ways(step: Step) -> list[tuple[str, tuple[str, ...], list[str]]]:
    """Each step: where, its columns, and how."""
    return [(str(one.node), one.columns, list(dict.fromkeys(by.how for by in one.by))) for one in walk(step)]


def matched() -> list[Described]:
    return [
        dataset("plants", "plant", "year", "OWNER=owner", "country", "isin", "share_pct", "capacity_mw", more=MATCH),
        dataset("entities", "LEI=lei", "legal_name", "land", "state", more=REGISTER),
        dataset("legal_forms", *FORMS),
        dataset("relations"),
        dataset("exceptions"),
    ]


def test_a_table_leads_up_to_its_address_and_down_to_who_reads_it() -> None:
    known = graph([dataset("plants"), dataset("units", more=refers("plants"))])
    assert names(known.up(table("units"))) == [
        "units", "units: raw", "https://example.org/units.csv",
        "plants", "plants: raw", "https://example.org/plants.csv",
    ]  # fmt: skip
    assert names(known.down(Node("source", "https://example.org/plants.csv"))) == [
        "https://example.org/plants.csv", "plants: raw", "plants", "units",
    ]  # fmt: skip
    assert hit(known, "plants") == {"units": [table("units")]}
    assert hit(known, "units") == {}


def test_a_column_is_followed_through_renames_and_casts_to_the_address() -> None:
    known = graph([dataset("plants", "Cap (MW)=capacity_mw", "id=id", "name", types="float64")])
    assert ways(known.up(table("plants"), ["capacity_mw"])) == [
        ("plants", ("capacity_mw",), []),
        ("plants: raw", ("Cap (MW)",), ["renamed, read as float64"]),
        ("https://example.org/plants.csv", ("Cap (MW)",), []),
    ]
    assert ways(known.up(table("plants"), ["id"]))[1] == ("plants: raw", ("id",), ["read as float64"])
    heading = "heading of that name in snake case, read as float64"
    assert ways(known.up(table("plants"), ["name"]))[1] == ("plants: raw", ("name",), [heading])
    assert names(known.down(Node("raw", "plants"), ["Cap (MW)"])) == ["plants: raw", "plants"]
    assert known.ends(table("plants"), ["capacity_mw", "id", "name"]) == ((), "")


def test_a_trail_that_ends_says_why() -> None:
    made = dataset("made", "Cap=capacity_mw", "share", extracts=True)
    known = graph([made, dataset("unseen", known=False), dataset("later", "Cap=capacity_mw", url=None)])
    assert ways(known.up(table("made"), ["capacity_mw"]))[1][2] == ["through extract.py, renamed, read as string"]
    assert names(known.up(table("made"), ["share"])) == ["made"]
    assert known.ends(table("made"), ["capacity_mw", "share"]) == (("share",), "extract.py makes it: any function")
    assert known.ends(table("unseen"), ["x"]) == (("x",), "its columns are not known here")
    assert "has not run yet" in known.ends(Node("raw", "later"), ["Cap"])[1]
    (untold,) = known.up(table("unseen"), ["x"]).beyond
    assert (untold.node, untold.untold, untold.beyond) == (Node("raw", "unseen"), True, ())


def test_a_codebook_gives_texts_and_no_values() -> None:
    book = "dictionary: {url: 'https://example.org/book.csv', column: c, description: d}"
    known = graph([dataset("plants", "id", more=book)])
    texts, (bytes_,) = Node("source", "https://example.org/book.csv"), known.up(table("plants"), ["id"]).beyond
    assert [(s.node, s.untold) for s in bytes_.beyond] == [(known.edges[0].upstream, False), (texts, True)]
    assert names(known.down(texts)) == [str(texts), "plants: raw", "plants"]


def test_what_an_author_adds_is_an_edge_with_the_note() -> None:
    more = """lineage:
  - {address: 'https://example.org/page', note: Typed off it.}
  - {dataset: rates, note: Converted by it., columns: {eur: [rate, currency]}}
"""
    known = graph([dataset("prices", "usd", "eur", extracts=True, more=more), dataset("rates", "rate", "currency")])
    assert {(s.node.name, s.edge.how) for s in known.up(table("prices")).beyond if s.edge} >= {
        ("https://example.org/page", "Typed off it."),
        ("rates", "Converted by it."),
    }
    assert known.ends(table("prices"), ["usd", "eur"])[0] == ("usd",)
    assert ("rates", ("rate", "currency"), ["Converted by it."]) in ways(known.up(table("prices"), ["eur"]))
    assert hit(known, "rates", ["rate"]) == {"prices": [table("prices")]}
    assert hit(known, "rates", ["no_such"]) == {}


def test_links_and_quantities_tell_the_columns_they_are_made_of() -> None:
    known = graph(matched())
    links, rollup = Node("matches", "plants"), Node("rollup", "plants")

    def made_of(node: Node, column: str) -> set[tuple[str, str, bool]]:
        edges = known.next(node, "up")
        return {(e.upstream.name, c.upstream, c.derives) for e in edges for c in e.columns if c.downstream == column}

    assert made_of(links, "name") == {("plants", "owner", True)}
    assert made_of(links, "given_isin") == {("plants", "isin", True)}
    assert made_of(links, "candidate_status") == {("entities", "state", True)}
    assert made_of(links, "entity_id") == {
        ("entities", "lei", True),
        *(("entities", column, False) for column in ("legal_name", "land", "state")),
        *(("plants", column, False) for column in ("owner", "country", "isin")),
        *(("legal_forms", column, False) for column in FORMS),
    }
    assert made_of(rollup, "capacity_mw") == {("plants", "capacity_mw", True), ("plants", "share_pct", True)}
    assert made_of(rollup, "company") == {("plants", "entity_id", True), ("plants", "owner", True)}
    assert made_of(rollup, "year") == {("plants", "year", True)}
    assert known.ends(links, ["score", "name"]) == (("score",), "the match step computes it")
    assert without_upstream(known) == []
    trail = ways(known.up(rollup, ["company"]))
    assert ("entities: raw", ("LEI", "legal_name", "land", "state")) in [step[:2] for step in trail]


def test_the_columns_of_legal_forms_are_those_that_are_read() -> None:
    assert forms.COLUMNS == FORMS


def test_a_circle_ends_where_it_began() -> None:
    known = graph([dataset("a", more=refers("b")), dataset("b", more=refers("a"))])
    for columns in ((), ("id",)):
        steps = list(walk(known.down(table("a"), columns)))
        assert [(s.node.name, s.again) for s in steps] == [("a", False), ("b", False), ("a", True)]
    assert hit(known, "a") == {"b": [table("b")]}


def test_tables_without_a_source_are_found_also_in_a_circle() -> None:
    known = graph([dataset("a", url=None, more=refers("b")), dataset("b", url=None, more=refers("a")), dataset("c")])
    assert without_upstream(known) == [table("a"), table("b")]
    assert without_upstream(graph([dataset("a", more=refers("gone"))])) == [table("gone")]


def layered(layers: int, width: int) -> Graph:
    """Each table refers to all of the layer before, so that there are width ** layers ways."""
    made = [
        dataset(f"t{row}_{n}", more=refers(*(f"t{row - 1}_{m}" for m in range(width))) if row else "")
        for row in range(layers)
        for n in range(width)
    ]
    return graph(made)


def test_diamonds_are_walked_once() -> None:
    """With 4 ** 30 ways, each walked, this would not end."""
    known = layered(30, 4)
    for columns in ((), ("id",)):
        steps = list(walk(known.up(table("t29_0"), columns)))
        opened = [step for step in steps if not step.again and step.node.kind == "table"]
        assert len(opened) == 29 * 4 + 1
        assert len(steps) < 1000
    assert len(hit(known, "t0_0")) == 29 * 4


def test_a_chain_is_longer_than_the_stack_is_deep() -> None:
    known = graph([dataset("d0"), *(dataset(f"d{n}", more=refers(f"d{n - 1}")) for n in range(1, 1500))])
    for columns in ((), ("id",)):
        assert len(names(known.down(table("d0"), columns))) == 1500
        assert str(next(s.node for s in walk(known.up(table("d1499"), columns)) if s.node.name == "d0")) == "d0"
    assert len(hit(known, "d0", ["id"])) == 1499
    assert without_upstream(known) == []


def reached(known: Iterable[Described], name: str, column: str | None = None) -> dict[str, Affected]:
    found = {one.name: one for one in known}
    whole = graph(found.values())
    return {one.name: one for one in affected(whole, found, [table(name)], column)}


def test_an_impact_says_who_through_what_and_what_would_stop() -> None:
    known = [
        dataset("countries", "id", "title"),
        dataset("plants", more=refers("countries")),
        dataset("units", more=refers("plants", severity="warning")),
        dataset("other"),
    ]
    found = reached(known, "countries")
    assert {name: (one.owner, one.through) for name, one in found.items()} == {
        "plants": ("plants@example.org", ["countries"]),
        "units": ("units@example.org", ["plants"]),
    }
    assert found["plants"].stops == (
        "validate stops where id is not there, or of another type: its id can't be checked",
        "rows whose id is no longer in countries (id) are quarantined; more than 2 % stop the run",
    )
    assert found["units"].stops == ()
    assert "are counted, and stay" in reached(known, "plants")["units"].stops[1]
    assert reached(known, "countries", "title") == {}
    by_column = reached(known, "countries", "id")
    assert by_column.keys() == {"plants", "units"}
    assert by_column["plants"].stops == found["plants"].stops


def test_an_impact_on_matching_names_the_columns_that_are_looked_up() -> None:
    found = reached(matched(), "entities")["plants"]
    assert {node.kind for node in found.tables} == {"matches", "rollup"}
    assert found.stops == (
        "match stops where one of lei, legal_name, land, state is not there: names are looked up by it",
    )
    by_name = reached(matched(), "entities", "legal_name")["plants"]
    assert set(by_name.tables[Node("matches", "plants")]) == {"candidate_name", "runner_up_name", "entity_id"}
    assert "company" in by_name.tables[Node("rollup", "plants")]
    assert "names are folded by it" in reached(matched(), "legal_forms", "name")["plants"].stops[0]
    perhaps = reached(matched(), "relations", "id")["plants"]
    assert (perhaps.untold, set(perhaps.tables.values())) == (True, {()})
    own = reached(matched(), "plants", "share_pct")["plants"]
    assert own.tables == {Node("rollup", "plants"): ("capacity_mw",)}
    assert own.stops == ()


def test_a_neighbour_that_is_not_known_leaves_a_gap_only() -> None:
    (one, *_others) = matched()
    known = graph([one])
    assert table("entities") in {edge.upstream for edge in known.edges}
    assert without_upstream(known) == [table("entities"), table("exceptions"), table("relations")]
    assert reached([one], "entities")["plants"].stops[0].startswith("match stops where a column of its")
