"""Inlets and outlets of a DAG's tasks say what lineage says, and join nothing that lineage doesn't."""

import pytest

from include.catalogue import naming
from include.catalogue.lineage import graph
from include.catalogue.model import Described
from include.catalogue.xlets import Xlet, xlets
from include.contracts import loader
from include.contracts.layout import verbs
from include.contracts.names import Names
from include.settings import REPOSITORY

ROOM = REPOSITORY / "include/datasets"
NAMES = Names("dev", "jane")


def joined(tasks: dict[str, tuple[list[Xlet], list[Xlet]]]) -> list[tuple[str, str]]:
    """What OpenMetadata makes of them: over all tasks, each inlet to each outlet of its key."""
    inlets = [xlet for made in tasks.values() for xlet in made[0]]
    outlets = [xlet for made in tasks.values() for xlet in made[1]]
    return [(one["fqn"], other["fqn"]) for one in inlets for other in outlets if one["key"] == other["key"]]


@pytest.mark.parametrize("name", loader.names(ROOM))
def test_they_join_exactly_what_lineage_joins(name: str) -> None:
    contract = loader.load(ROOM / name)
    known = loader.registers(ROOM, contract) | {name: contract}
    edges = graph(Described(each, one, addresses=one.source.url) for each, one in known.items()).edges
    expected = {
        tuple(naming.place(node, NAMES).fqn for node in (edge.upstream, edge.downstream))
        for edge in edges
        if edge.dataset == name
    }
    tasks = xlets(name, known, NAMES)
    assert len(expected) >= 2, "source to raw, raw to table"
    assert set(joined(tasks)) == expected
    assert len(joined(tasks)) == len(expected), "nothing is told twice"
    assert tasks.keys() <= set(verbs(contract))


def test_a_task_that_makes_two_tables_does_not_mix_what_they_are_made_of() -> None:
    contract = loader.load(ROOM / "epa_parents")
    known = loader.registers(ROOM, contract) | {"epa_parents": contract}
    pairs = {
        (one.rpartition(".")[2], other.rpartition(".")[2]) for one, other in joined(xlets("epa_parents", known, NAMES))
    }
    assert ("lei_entities", "epa_parents__matches") in pairs
    assert ("epa_parents__matches", "epa_parents__rollup") in pairs
    assert ("lei_entities", "epa_parents__rollup") not in pairs
    assert ("epa_parents__matches", "epa_parents__matches") not in pairs


def test_a_developer_s_tables_are_others() -> None:
    contract = loader.load(ROOM / "elf_codes")
    told = {name: joined(xlets("elf_codes", {"elf_codes": contract}, Names("dev", name))) for name in ("", "jane")}
    assert told[""][-1][1] == "data_commons.commons_dev.data.elf_codes"
    assert told["jane"][-1][1] == "data_commons.commons_dev.dev_jane.elf_codes"
