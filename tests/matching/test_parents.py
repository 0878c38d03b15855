"""Parents as of a date: small groups by hand, and 100,000 synthetic relations against recursive SQL."""

import datetime as dt
import random
from collections.abc import Iterator
from itertools import pairwise

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from include.errors import DataError
from include.matching import parents
from include.matching.level2 import exceptions_of, relations_of
from include.matching.parents import EXCEPTION, RELATION, Parents, parents_as_of
from tests.matching.parents_oracle import oracle

DAY = dt.date(2023, 12, 31)
DIRECT, ULTIMATE = "IS_DIRECTLY_CONSOLIDATED_BY", "IS_ULTIMATELY_CONSOLIDATED_BY"
OF_DIRECT, OF_ULTIMATE = (f"{side}_ACCOUNTING_CONSOLIDATION_PARENT" for side in ("DIRECT", "ULTIMATE"))
Relation = tuple[str | None, ...]


def link(start: str | None, end: str | None, type_: str = DIRECT, **other: str | None) -> Relation:
    known = {"status": "ACTIVE", "registration": "PUBLISHED", "begins": "2015-01-01T00:00:00.000Z", "ends": None}
    return (start, end, type_, *(known | other).values())


def table(rows: list[Relation], names: tuple[str, ...]) -> pl.DataFrame:
    return pl.DataFrame(rows, dict.fromkeys(names, pl.String), orient="row")


def found(
    ids: str, relations: list[Relation], exceptions: list[Relation] | None = None, as_of: dt.date = DAY
) -> Parents:
    register = pl.DataFrame({"id": list(ids)}, {"id": pl.String})
    return parents_as_of(register, table(relations, RELATION), table(exceptions or [], EXCEPTION), as_of)


def entity(of: Parents, id_: str, *names: str) -> tuple[object, ...]:
    return of.entities.filter(pl.col("id") == id_).select(names).row(0)


def outcomes(of: Parents) -> dict[str, int]:
    return {outcome: count for input_, outcome, count in of.counts().rows() if input_ == "relations"}


ULTIMATES = ("ultimate_parent", "ultimate_by", "path")


def test_a_chain_leads_to_its_top() -> None:
    of = found("ABCD", [link("A", "B"), link("B", "C"), link("C", "D")])
    assert entity(of, "A", "direct_parent", *ULTIMATES) == ("B", "D", "path", "A > B > C > D")
    assert entity(of, "C", "direct_parent", *ULTIMATES) == ("D", "D", "path", "C > D")
    assert entity(of, "D", "direct_reason", "ultimate_reason", "path") == ("not_reported", "not_reported", "D")
    assert outcomes(of) == {"used": 3}


def test_what_an_entity_reports_itself_comes_first() -> None:
    of = found("ABCD", [link("A", "B"), link("B", "C"), link("C", "D"), link("A", "C", ULTIMATE)])
    assert entity(of, "A", *ULTIMATES, "is_contradicted") == ("C", "reported", "A > B > C", True)
    assert entity(of, "B", *ULTIMATES, "is_contradicted") == ("D", "path", "B > C > D", False)


def test_a_report_of_the_direct_parent_is_inherited_and_ends_the_path() -> None:
    of = found("ABCU", [link("A", "B"), link("B", "C"), link("B", "U", ULTIMATE)])
    assert entity(of, "A", *ULTIMATES) == ("U", "path", "A > B > C > U")
    assert entity(of, "B", *ULTIMATES) == ("U", "reported", "B > C > U")


def test_an_ultimate_parent_needs_no_direct_one() -> None:
    of = found("AU", [link("A", "U", ULTIMATE)], [("A", OF_DIRECT, "NO_LEI")])
    assert entity(of, "A", "direct_parent", "direct_reason", *ULTIMATES) == (None, "NO_LEI", "U", "reported", "A > U")


@pytest.mark.parametrize("reason", ["NATURAL_PERSONS", "NON_CONSOLIDATING", "NO_KNOWN_PERSON"])
def test_who_has_no_parent_is_the_ultimate_parent(reason: str) -> None:
    of = found("AB", [link("A", "B")], [("B", OF_DIRECT, reason), ("B", OF_ULTIMATE, reason)])
    assert entity(of, "A", *ULTIMATES) == ("B", "path", "A > B")
    assert entity(of, "B", "direct_reason", "ultimate_reason") == (reason, reason)


@pytest.mark.parametrize("reason", ["NO_LEI", "NON_PUBLIC", "LEGAL_OBSTACLES", "SOMETHING_NEW"])
def test_whose_parent_is_not_told_is_not_the_ultimate_parent(reason: str) -> None:
    of = found("AB", [link("A", "B")], [("B", OF_ULTIMATE, reason)])
    assert entity(of, "A", "ultimate_parent", "ultimate_reason", "path") == (None, reason, "A > B")
    assert entity(of, "B", "ultimate_parent", "ultimate_reason") == (None, reason)


def test_several_reasons_are_all_carried() -> None:
    of = found(
        "A", [], [("A", OF_DIRECT, "NO_LEI"), ("A", OF_DIRECT, "CONSENT_NOT_OBTAINED"), ("A", OF_ULTIMATE, None)]
    )
    reasons = entity(of, "A", "direct_reason", "ultimate_reason")
    assert reasons == ("CONSENT_NOT_OBTAINED; NO_LEI", "no reason given")


def test_a_cycle_is_skipped_and_who_leads_into_it_has_no_ultimate_parent() -> None:
    of = found("ABCXY", [link("A", "B"), link("B", "C"), link("C", "A"), link("X", "A"), link("Y", "X")])
    assert outcomes(of) == {"cycle": 3, "used": 2}
    assert entity(of, "A", "direct_parent", "direct_reason", "ultimate_reason", "path") == (None, "cycle", "cycle", "A")
    assert entity(of, "Y", "direct_parent", "ultimate_parent", "ultimate_reason", "path") == (
        *("X", None, "cycle", "Y > X > A"),
    )


def test_an_ultimate_relation_that_closes_a_cycle_is_skipped_alone() -> None:
    of = found("ABC", [link("A", "B"), link("B", "C"), link("C", "A", ULTIMATE)])
    assert outcomes(of) == {"cycle": 1, "used": 2}
    assert entity(of, "A", "direct_parent", "ultimate_parent", "ultimate_reason") == ("B", None, "cycle")


def test_two_parents_at_once_are_both_skipped_even_where_one_is_unknown() -> None:
    for other in ("C", "?"):
        of = found("ABC", [link("A", "B"), link("A", other)])
        assert outcomes(of) == {"two_parents": 2}
        assert entity(of, "A", "direct_parent", "direct_reason", "ultimate_reason") == (
            *(None, "two_parents", "two_parents"),
        )


def test_parents_one_after_the_other_are_told_by_the_date() -> None:
    relations = [link("A", "B", ends="2020-06-30"), link("A", "C", begins="2020-07-01")]
    parents_on = {
        day: entity(found("ABC", relations, as_of=day), "A", "direct_parent")[0]
        for day in (dt.date(2014, 12, 31), dt.date(2020, 6, 30), dt.date(2020, 7, 1))
    }
    assert list(parents_on.values()) == [None, "B", "C"]


def test_every_relation_that_does_not_hold_is_skipped_for_its_reason() -> None:
    of = found(
        "ABC",
        [
            link("A", "B"),
            link("A", "B"),
            link(None, "B"),
            link("A", " "),
            link("A", "B", "IS_FUND-MANAGED_BY"),
            link("A", "C", status="INACTIVE"),
            link("A", "C", registration="ANNULLED"),
            link("B", "C", ends="2014-12-31"),
            link("B", "C", ends="2021-02-30"),
            link("B", "C", begins="2024-01-01"),
            link("B", "C", ends="2023-12-30"),
            link("?", "C"),
            link("C", "C"),
            link("C", "?"),
        ],
    )
    assert outcomes(of) == {
        "used": 1,
        "repeated": 1,
        "end_missing": 2,
        "other_type": 1,
        "inactive": 1,
        "not_published": 1,
        "period_invalid": 2,
        "not_started": 1,
        "expired": 1,
        "unknown_entity": 1,
        "self_loop": 1,
        "unknown_parent": 1,
    }
    assert of.relations.height == 14
    assert entity(of, "B", "direct_reason") == ("period_invalid",)
    assert entity(of, "A", *ULTIMATES) == ("B", "path", "A > B")


def test_exceptions_are_counted_too() -> None:
    exceptions: list[Relation] = [
        ("A", OF_DIRECT, "NO_LEI"),
        ("B", OF_DIRECT, "NON_PUBLIC"),
        ("B", OF_DIRECT, "NON_PUBLIC"),
        ("?", OF_DIRECT, "NO_LEI"),
        ("B", "FUND", "NO_LEI"),
    ]
    of = found("AB", [link("A", "B")], exceptions)
    assert of.counts().filter(pl.col("input") == "exceptions").select("outcome", "count").rows() == [
        *[("beside_relation", 1), ("other_category", 1), ("repeated", 1), ("unknown_entity", 1), ("used", 1)]
    ]
    assert entity(of, "A", "direct_parent", "direct_reason") == ("B", None)


def test_an_id_is_never_invented() -> None:
    of = found("AB", [link("A", "Z"), link("B", "Z", ULTIMATE)])
    assert of.entities["id"].to_list() == ["A", "B"]
    assert of.entities["path"].to_list() == ["A", "B"]
    assert of.entities["ultimate_reason"].to_list() == ["unknown_parent", "unknown_parent"]


def test_nothing_comes_of_nothing() -> None:
    of = found("", [])
    assert (of.entities.height, of.relations.height, of.counts().height) == (0, 0, 0)


def test_absent_columns_are_all_named() -> None:
    with pytest.raises(DataError) as caught:
        parents_as_of(pl.DataFrame({"lei": ["A"]}), table([], RELATION).drop("end_date"), table([], EXCEPTION), DAY)
    assert [problem.partition(";")[0] for problem in caught.value.problems] == [
        "register: no column 'id'",
        "relations: no column 'end_date'",
    ]


def test_paths_without_measure_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parents, "MOST_STEPS", 100)
    names = "ABCDEFGHIJKLMNOPQRST"
    with pytest.raises(DataError, match=r"may have 100 steps\. Look at their relations"):
        found(names, [link(*pair) for pair in pairwise(names)])


def test_gleif_files_are_read_as_they_are_laid_out() -> None:
    period = {"startDate": "2018-01-01T00:00:00Z", "endDate": "2018-12-31T00:00:00Z", "periodType": "ACCOUNTING_PERIOD"}
    own = {"startDate": "2012-11-29T00:00:00.000Z", "endDate": "", "periodType": "RELATIONSHIP_PERIOD"}
    records = pl.DataFrame(
        {
            "Relationship.StartNode.NodeID": ["A"],
            "Relationship.StartNode.NodeIDType": ["LEI"],
            "Relationship.EndNode.NodeID": ["B"],
            "Relationship.RelationshipType": [DIRECT],
            "Relationship.RelationshipStatus": ["ACTIVE"],
            **{f"Relationship.Period.1.{name}": [value] for name, value in period.items()},
            **{f"Relationship.Period.2.{name}": [value] for name, value in own.items()},
            "Registration.RegistrationStatus": ["PUBLISHED"],
        }
    )
    relations = relations_of(records)
    assert tuple(relations.columns) == RELATION
    assert relations.rows() == [("A", "B", DIRECT, "ACTIVE", "PUBLISHED", "2012-11-29T00:00:00.000Z", None)]
    ended = relations_of(records.with_columns(pl.lit("2020-06-30").alias("Relationship.Period.2.endDate")))
    assert ended["end_date"].to_list() == ["2020-06-30"]
    reasons = pl.DataFrame(
        {
            "LEI": ["B", "A"],
            "Exception.Category": [OF_DIRECT, OF_ULTIMATE],
            "Exception.Reason.1": ["NON_PUBLIC", ""],
            "Exception.Reason.2": ["NO_LEI", None],
        }
    )
    exceptions = exceptions_of(reasons)
    assert exceptions.rows() == [("B", OF_DIRECT, "NON_PUBLIC"), ("B", OF_DIRECT, "NO_LEI"), ("A", OF_ULTIMATE, None)]
    of = parents_as_of(pl.DataFrame({"id": ["A", "B"]}), relations, exceptions, DAY)
    assert entity(of, "A", "direct_parent", "ultimate_reason") == ("B", "no reason given")
    assert entity(of, "B", "direct_reason") == ("NON_PUBLIC; NO_LEI",)
    with pytest.raises(DataError, match=r"relationship records: no column Relationship\.EndNode\.NodeID\. Expected"):
        relations_of(records.drop("Relationship.EndNode.NodeID"))


SIZE = 70_000
COUNT = 100_000


def synthetic(seed: int) -> Iterator[Relation]:
    """Synthetic relations without end: a forest with reported tops, long chains, cycles, and every kind of dirt."""
    chance = random.Random(seed)
    name = [f"SYN{number:017d}" for number in range(SIZE + 500)]  # the last 500 are not in the register
    chance.shuffle(name)
    for at in range(3):  # chains of 400
        chain = name[at * 400 : at * 400 + 400]
        yield from (link(*pair) for pair in pairwise(chain))
    for at, size in enumerate((2, 3, 5, 17, 90) * 8):  # cycles, with entities that lead into them
        ring = name[2_000 + at * 100 : 2_000 + at * 100 + size]
        for start, end in zip(ring, [*ring[1:], ring[0]], strict=True):
            yield link(start, end, chance.choice([DIRECT, DIRECT, DIRECT, ULTIMATE]) if at % 3 else DIRECT)
        yield link(name[2_000 + at * 100 + 95], ring[0])
    parent = {
        n: chance.randrange(n + 1, min(n + 4_000, SIZE + 40)) for n in range(6_000, SIZE) if chance.random() < 0.7
    }
    odd = {
        "status": ["INACTIVE", None],
        "registration": ["RETIRED", "LAPSED", "ANNULLED", None],
        "begins": ["2024-06-01", "soon", None],
        "ends": ["2022-12-31", "2023-12-31", "2010-01-01", "2030-01-01"],
    }
    numbers = list(parent)
    while True:
        start = chance.choice(numbers)
        top = start
        while top in parent and chance.random() < 0.999:
            top = parent[top]
        end = parent[start] if chance.random() < 0.6 else top
        type_ = DIRECT if end == parent[start] and chance.random() < 0.9 else ULTIMATE
        kind = chance.random()
        if kind < 0.82:
            yield link(name[start], name[end], type_)
        elif kind < 0.95:
            part = chance.choice(list(odd))
            yield link(name[start], name[end], type_, **{part: chance.choice(odd[part])})
        elif kind < 0.96:
            yield link(name[start], name[start], type_)
        elif kind < 0.98:
            yield link(name[start], chance.choice(name), type_)
        else:
            ends = chance.choice([(None, name[end]), (name[start], None), (name[-1], name[end])])
            yield link(*ends, chance.choice([DIRECT, "IS_SUBFUND_OF"]))


def excuses(seed: int) -> list[Relation]:
    chance = random.Random(seed)
    reasons = ["NATURAL_PERSONS", "NON_CONSOLIDATING", "NO_KNOWN_PERSON", "NO_LEI", "NON_PUBLIC", None]
    names = [f"SYN{number:017d}" for number in range(SIZE + 500)]
    categories = [OF_DIRECT, OF_ULTIMATE, OF_ULTIMATE, "OTHER"]
    return [(chance.choice(names), chance.choice(categories), chance.choice(reasons)) for _ in range(20_000)]


@pytest.fixture(scope="module")
def generated() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """100,000 synthetic relations among 70,000 synthetic entities, and 20,000 exceptions."""
    relations = [relation for relation, _ in zip(synthetic(1), range(COUNT), strict=False)]
    register = pl.DataFrame({"id": [f"SYN{number:017d}" for number in range(SIZE)]})
    return register, table(relations, RELATION), table(excuses(2), EXCEPTION)


def test_synthetic_relations_give_what_recursive_sql_gives(
    generated: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame],
) -> None:
    of = parents_as_of(*generated, DAY)
    entities, counts = oracle(*generated, DAY)
    assert_frame_equal(of.counts(), counts)
    assert_frame_equal(of.entities, entities)
    assert of.relations.height == COUNT
    assert min(outcomes(of).values()) >= 50
    assert len(outcomes(of)) == 14
    assert of.entities["ultimate_parent"].count() > 15_000
    assert of.entities["path"].str.count_matches(">").max() > 300
    assert of.entities["is_contradicted"].sum() > 100
    assert {"cycle", "two_parents", "unknown_parent", "NO_LEI"} <= set(of.entities["ultimate_reason"])


def test_any_order_of_synthetic_relations_gives_the_same_tables(
    generated: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame],
) -> None:
    first = parents_as_of(*generated, DAY)
    second = parents_as_of(*(frame.sample(fraction=1, shuffle=True, seed=3) for frame in generated), DAY)
    for one, other in zip(first, second, strict=True):
        assert_frame_equal(one, other)
