"""Names as OpenMetadata's own client makes and splits them, whatever an address or heading holds."""

import pytest
from metadata.ingestion.models.custom_basemodel_validation import replace_separators
from metadata.utils import fqn as client

from include.catalogue.naming import LONGEST, entity_name, fqn, host, place
from include.catalogue.nodes import Node
from include.contracts.names import Names

HOSTILE = [
    "plain", "with.dot", "a.b.c", "🌍.csv", 'say "hi".', "a::b", "x>y", "tab\there", "two\nlines", " spaced ", "%2F/?#",
    "'", "\\", "é" * 300, "." * 300, "\x00\x1f", "<script>alert(1)</script>", "",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_one_that_the_client_quotes_and_splits_again(name: str) -> None:
    made = entity_name(name)
    assert 1 <= len(made) <= LONGEST
    assert made.isprintable()
    whole = fqn("service", name, "table")
    assert whole == client._build("service", made, "table")
    assert [client.unquote_name(part) for part in client.split(whole)] == ["service", made, "table"]


@pytest.mark.parametrize("name", ["a::b", "x>y", 'say "hi"', "two\nlines", "tab\there"])
def test_what_no_name_may_hold_is_written_as_the_client_writes_it(name: str) -> None:
    assert entity_name(name) == replace_separators(name)


def test_long_names_that_differ_at_the_end_stay_different() -> None:
    assert entity_name("x" * 300) != entity_name("x" * 301)
    assert len({entity_name("x" * length) for length in range(250, 310)}) == 60


def test_each_node_has_a_place_of_its_own() -> None:
    jane, shared = Names("dev", "jane"), Names("dev")
    assert place(Node("table", "plants"), shared).fqn == "data_commons.commons_dev.data.plants"
    assert place(Node("matches", "plants"), jane).fqn == "data_commons.commons_dev.dev_jane.plants__matches"
    assert place(Node("raw", "plants"), shared).fqn == "data_commons_archive.dev-plants"
    assert place(Node("raw", "plants"), jane).fqn == "data_commons_archive.dev-jane-plants"
    source = place(Node("source", "https://data.example.org/a.csv"), jane)
    assert source.fqn == '"data.example.org"."https://data.example.org/a.csv"'
    assert source == place(Node("source", "https://data.example.org/a.csv"), shared)


def test_a_source_is_served_by_its_host_or_its_index() -> None:
    assert host("https://jane:secret@data.example.org:8443/a?b") == "data.example.org:8443"
    assert host("pkg:pypi/pycountry@24.6.1#db.json") == "pypi"
    assert host("file:///tmp/a.csv") == "file"
