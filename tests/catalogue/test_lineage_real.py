"""Every real dataset: from its public addresses to its tables, and on to the datasets that use it."""

from dataclasses import replace

import pytest
import yaml

from include.catalogue.lineage import Graph, Node, graph, hit, walk, without_upstream
from include.contracts import loader
from include.settings import REPOSITORY
from include.validation import schema as schemas
from include.validation.render import promised
from include.versions import worktree
from include.versions.origins import Origins, origins

ROOM = REPOSITORY / "include" / "datasets"
NAMES = loader.names(ROOM)


@pytest.fixture(scope="module")
def found() -> Origins:
    return origins(REPOSITORY, ROOM, worktree.pins(REPOSITORY))


@pytest.fixture(scope="module")
def known(found: Origins) -> Graph:
    return graph(found.datasets.values())


def said(name: str) -> dict[str, object]:
    """The contract as it is written, not as the engine reads it."""
    written = yaml.safe_load((ROOM / name / "contract.yaml").read_text())
    assert isinstance(written, dict)
    return written


def used_by(name: str) -> set[str]:
    """The datasets whose contracts name this one, directly or as the legal forms of their register."""
    users = set()
    for other in set(NAMES) - {name}:
        contract = said(other)
        match, expect = contract.get("match", {}), contract.get("expect", {})
        assert isinstance(match, dict)
        assert isinstance(expect, dict)
        named = {match.get("register"), *match.get("parents", {}).values()}
        named |= {reference["dataset"] for reference in expect.get("references", ())}
        for register in named & set(NAMES):
            forms = said(register).get("register", {}) if match.get("register") == register else {}
            assert isinstance(forms, dict)
            named.add(forms.get("legal_forms"))
        if name in named:
            users.add(other)
    return users


def test_all_are_read_and_none_is_broken(found: Origins) -> None:
    assert len(NAMES) >= 8
    assert sorted(found.datasets) == NAMES
    assert found.broken == {}
    assert found.gone == {}


def test_no_published_table_is_without_an_upstream(known: Graph) -> None:
    assert without_upstream(known) == []


@pytest.mark.parametrize("name", NAMES)
def test_each_tables_way_leads_up_to_the_addresses_of_the_contract(name: str, known: Graph) -> None:
    source = said(name)["source"]
    assert isinstance(source, dict)
    listed = source["url"] if isinstance(source["url"], list) else [source["url"]]
    way = list(walk(known.up(Node("table", name))))
    assert [str(step.node) for step in way[:2]] == [name, f"{name}: raw"]
    fetched = [step.node.name for step in way[1].beyond if step.edge and step.edge.how == "fetched"]
    assert fetched == listed
    book = said(name).get("dictionary")
    texts = [step.node.name for step in way[1].beyond if step.edge and step.edge.how == "column texts taken"]
    assert texts == ([book["url"]] if isinstance(book, dict) else [])


@pytest.mark.parametrize("name", NAMES)
def test_each_ones_way_leads_down_to_the_datasets_whose_contracts_name_it(name: str, known: Graph) -> None:
    assert set(hit(known, name)) == used_by(name)
    address = known.up(Node("table", name)).beyond[0].beyond[0].node
    assert {step.node.name for step in walk(known.down(address))} >= {name, *used_by(name)}


def test_the_registers_are_used_by_all_that_match_names(known: Graph) -> None:
    matching = {name for name in NAMES if "match" in said(name)}
    assert len(matching) >= 5
    assert set(hit(known, "lei_entities")) == set(hit(known, "elf_codes")) == matching


@pytest.mark.parametrize("name", NAMES)
def test_every_table_has_its_columns_upstream(name: str, found: Origins) -> None:
    """By the columns that schema.py promises: none of these datasets has an extract.py."""
    one = found.datasets[name]
    schema = promised(schemas.load(ROOM / name), one.contract)
    whole = graph([*(d for d in found.datasets.values() if d is not one), replace(one, schema=schema)])
    columns = [column.name for column in schema.columns]
    assert columns
    assert whole.ends(Node("table", name), columns) == ((), "")
    for column in schema.columns:
        ends = [step for step in walk(whole.up(Node("table", name), [column.name])) if step.node.kind == "source"]
        assert {step.node.name for step in ends if not step.untold} == set(one.contract.source.url)
        assert {step.columns for step in ends if not step.untold} == {(column.source or column.name,)}
