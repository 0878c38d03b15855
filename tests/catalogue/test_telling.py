"""What all catalogues are told alike: which tables there are, and whose; addresses of licences and code."""

from dataclasses import replace

import pytest

from include.catalogue import telling
from include.contracts.names import Names
from tests.catalogue import made

NAMES = Names("prod")


def test_the_second_of_two_datasets_that_claim_one_table_is_told_and_left_out() -> None:
    other = replace(made.planned(), name="plants__matches")
    kept, problems = telling.claimed_once([made.plants(), other, made.planned("trees")], NAMES)
    assert [one.name for one in kept] == ["plants", "trees"]
    (problem,) = problems
    assert problem.startswith("plants__matches: commons_prod.data.plants__matches is a table of plants already.")
    assert telling.claimed_once([made.planned(), other], NAMES) == ([made.planned(), other], [])


@pytest.mark.parametrize(
    ("licence", "address"),
    [
        ("CC-BY-4.0", "https://spdx.org/licenses/CC-BY-4.0"),
        ("LicenseRef-US-public-domain", None),
        ("MIT OR Apache-2.0", None),
    ],
)
def test_the_address_of_a_licence(licence: str, address: str | None) -> None:
    assert telling.licence_address(licence) == address


def test_the_address_of_code_that_was_not_committed_is_that_of_its_tree() -> None:
    assert telling.code_address("a" * 40) == f"swh:1:rev:{'a' * 40}"
    assert telling.code_address(f"{'a' * 40}+dirty.{'b' * 40}") == f"swh:1:dir:{'b' * 40}"
