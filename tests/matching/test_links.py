"""Which links changed and why: every reason once, on two versions of matches made by hand."""

from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from include.matching import links
from include.matching.links import by_reason, changed_links

TEXT = pl.String()
COLUMNS: dict[str, Any] = {
    **dict.fromkeys(("name", "given_country", "given_lei", "entity_id", "candidate_id", "candidate_name"), TEXT),
    **dict.fromkeys(("candidate_country", "candidate_status", "method", "runner_up", "decision", "reasons"), TEXT),
    "records": pl.Int64(),
    "weight": pl.Float64(),
    "score": pl.Float64(),
    "judged_by": TEXT,
    "judged_on": TEXT,
    "register_version": TEXT,
}
REGISTER = {"L1": "Acme Inc", "L2": "Acme Holding Inc", "L3": "Bolt Limited"}


def mention(
    name: str = "Acme", candidate: str | None = "L1", decision: str = "accept", **others: Any
) -> dict[str, Any]:
    known = {"name": name, "given_country": "US", "candidate_id": candidate, "decision": decision, "records": 1}
    known |= {"entity_id": candidate if decision == "accept" else None, "candidate_name": REGISTER.get(candidate or "")}
    return {**dict.fromkeys(COLUMNS), **known, "method": "fuzzy", "score": 0.97, "register_version": "r1"} | others


def matches(*mentions: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(mentions), COLUMNS, orient="row")


def register(names: dict[str, str] | None = None, **statuses: str) -> pl.DataFrame:
    names = REGISTER if names is None else names
    statuses = dict.fromkeys(names, "ISSUED") | statuses
    return pl.DataFrame({"id": list(names), "name": list(names.values()), "status": [statuses[one] for one in names]})


def only(
    before: dict[str, Any] | None, after: dict[str, Any] | None, *ids: pl.DataFrame, **said: Any
) -> dict[str, Any]:
    """The one link that differs."""
    sides = [matches(*([one] if one else [])) for one in (before, after)]
    found = changed_links(*sides, *(ids or (register(), register())), **said)
    assert found.height == 1
    return found.row(0, named=True)


def test_links_that_are_equal_are_not_told() -> None:
    some = matches(mention(), mention("Bolt", "L3", "review"), mention("Nobody", None, "none"))
    assert changed_links(some, some, register(), register()).is_empty()
    later = some.with_columns(score=pl.lit(0.99), register_version=pl.lit("r2"), weight=pl.lit(3.0))
    assert changed_links(some, later, register(), register()).is_empty()


@pytest.mark.parametrize(
    ("was", "now", "change"),
    [
        (mention(), mention(candidate="L2"), "changed"),
        (mention(), mention(decision="review"), "to review"),
        (mention(), mention(decision="reject"), "went"),
        (mention(decision="review"), mention(), "from review"),
        (mention(decision="review"), mention(decision="reject"), "from review"),
        (mention(decision="reject"), mention(decision="review"), "to review"),
        (mention(candidate=None, decision="none"), mention(), "appeared"),
        (None, mention(), "appeared"),
        (None, mention(decision="review"), "to review"),
        (mention(), None, "went"),
        (mention(decision="review"), None, "from review"),
    ],
)
def test_what_became_of_a_link(was: dict[str, Any] | None, now: dict[str, Any] | None, change: str) -> None:
    found = only(was, now)
    assert found["change"] == change
    states = {"accept": "linked", "review": "review", "reject": "none", "none": "none"}
    assert [found["was"], found["now"]] == [states[side["decision"]] if side else "absent" for side in (was, now)]


def test_names_that_come_and_go() -> None:
    assert only(None, mention())["reason"] == links.NEW_NAME
    assert only(mention(), None)["reason"] == links.NO_NAME


def test_an_entity_that_left_the_register() -> None:
    after = register({"L2": "Acme Holding Inc"})
    found = only(mention(), mention(candidate="L2", decision="review"), register(), after)
    assert (found["change"], found["reason"], found["detail"]) == ("to review", links.LEFT, "L1")
    assert (found["was_id"], found["was_entity"], found["now_id"]) == ("L1", "Acme Inc", "L2")


@pytest.mark.parametrize(("status", "reason"), [("MERGED", links.MERGED), ("RETIRED", links.RETIRED)])
def test_an_entity_that_ended_says_so_whether_its_link_goes_or_stays(status: str, reason: str) -> None:
    ids = (register(), register(L1=status))
    went = only(mention(), mention(candidate="L2"), *ids)
    assert (went["change"], went["reason"], went["detail"]) == ("changed", reason, f"ISSUED → {status}")
    stays = only(mention(), mention(), *ids)
    assert (stays["change"], stays["reason"], stays["was_id"], stays["now_id"]) == ("stays", reason, "L1", "L1")
    ended = register(L1=status)
    assert changed_links(matches(mention()), matches(mention()), ended, ended).is_empty()


def test_a_new_candidate_takes_a_link_or_makes_it_doubtful() -> None:
    old = register({"L1": "Acme Inc"})
    taken = only(mention(), mention(candidate="L2"), old, register())
    assert (taken["reason"], taken["detail"]) == (links.NEW_CANDIDATE, "L2")
    rival = only(mention(), mention(decision="review", runner_up="L2"), old, register())
    assert (rival["reason"], rival["detail"]) == (links.NEW_CANDIDATE, "L2")


def test_an_entity_renamed_before_and_after() -> None:
    renamed = register(REGISTER | {"L1": "Zenith Inc"})
    lost = only(mention(), mention(decision="reject", candidate_name="Zenith Inc"), register(), renamed)
    assert (lost["reason"], lost["detail"]) == (links.RENAMED, "Acme Inc → Zenith Inc")
    won = only(mention(candidate=None, decision="none"), mention(candidate_name="Zenith Inc"), register(), renamed)
    assert (won["reason"], won["detail"]) == (links.RENAMED, "Acme Inc → Zenith Inc")


def test_another_country_of_the_entity() -> None:
    found = only(mention(candidate_country="GB"), mention(decision="review", candidate_country="FR"))
    assert (found["reason"], found["detail"]) == (links.FACTS, "country: GB → FR")


def test_a_judgement_is_told_with_who_and_when_and_goes_before_all_else() -> None:
    judged = mention(candidate="L2", method="reviewed", judged_by="jane@example.org", judged_on="2026-10-01")
    found = only(mention(), judged, register(), register({"L2": "Acme Holding Inc"}))
    assert (found["reason"], found["detail"]) == (links.JUDGED, "jane@example.org on 2026-10-01")
    back = only(judged, mention(), register(), register())
    assert (back["reason"], back["detail"]) == (links.UNJUDGED, "jane@example.org")
    old = only(judged, judged | {"candidate_id": "L1", "entity_id": "L1"})
    assert old["reason"] == links.UNKNOWN


def test_identifiers_and_countries_as_published() -> None:
    given = mention(given_lei="L1", method="identifier")
    found = only(mention(decision="review"), given)
    assert (found["change"], found["reason"], found["detail"]) == ("from review", links.NOW_GIVEN, "LEI L1")
    back = only(given, mention(decision="review"))
    assert (back["reason"], back["detail"]) == (links.OTHER_IDENTIFIERS, "LEI L1 → none")
    moved = only(mention(), mention(candidate="L2", given_country="GB"))
    assert (moved["reason"], moved["detail"], moved["country"]) == (links.OTHER_COUNTRY, "US → GB", "GB")


def test_a_name_that_changed_in_the_table_is_one_link() -> None:
    renamed = pl.DataFrame({"was_name": ["Acme"], "now_name": ["Acme Holding"]})
    sides = (mention(), mention("Acme Holding", "L2"))
    found = only(*sides, renamed=renamed)
    assert (found["change"], found["reason"], found["detail"]) == (
        "changed", links.OTHER_NAME, "Acme → Acme Holding",
    )  # fmt: skip
    assert (found["name"], found["was_name"]) == ("Acme Holding", "Acme")
    apart = changed_links(*(matches(side) for side in sides), register(), register())
    assert sorted(apart["change"]) == ["appeared", "went"]
    several = pl.DataFrame({"was_name": ["Acme", "Acme"], "now_name": ["Acme Holding", "Other"]})
    assert changed_links(*(matches(side) for side in sides), register(), register(), renamed=several).height == 2


def test_another_spelling_of_the_same_entity_changes_no_link() -> None:
    assert changed_links(matches(mention()), matches(mention("ACME INC.")), register(), register()).is_empty()


def test_settings_the_register_as_a_whole_and_what_nobody_knows() -> None:
    sides = mention(), mention(decision="review", register_version="r2")
    assert only(*sides, other_settings=True)["reason"] == links.SETTINGS
    assert only(*sides)["reason"] == links.REGISTER
    assert only(mention(), mention(decision="review"))["reason"] == links.UNKNOWN


def test_a_register_that_can_not_be_read_gives_no_reason() -> None:
    sides = matches(mention()), matches(mention(candidate="L2", register_version="r2"))
    for ids in ((None, None), (None, register()), (register(), None)):
        assert changed_links(*sides, *ids)["reason"].to_list() == [links.REGISTER]
    assert changed_links(*sides, None, register({"L2": "Acme Holding Inc"}))["reason"].to_list() == [links.LEFT]


def test_a_first_version_with_links_and_one_without() -> None:
    some = matches(mention(), mention("Bolt", "L3", "review"), mention("Nobody", None, "none"))
    first = changed_links(None, some, None, register())
    assert first.select("change", "reason").rows() == [("appeared", links.FIRST), ("to review", links.FIRST)]
    last = changed_links(some, None, register(), None)
    assert last.select("change", "reason").rows() == [("went", links.NO_LONGER), ("from review", links.NO_LONGER)]
    assert changed_links(None, None, None, None).columns == first.columns


def test_the_heaviest_come_first_and_counts_add_up() -> None:
    before = matches(*(mention(name, weight=weight) for name, weight in (("A", 1.0), ("B", 30.0), ("C", None))))
    after = matches(mention("B", "L2", weight=20.0), mention("D", "L3", weight=5.0), mention("E", records=9))
    found = changed_links(before, after, register(), register())
    assert found.select("name", "change", "weight").rows() == [
        ("B", "changed", 20.0),
        ("D", "appeared", 5.0),
        ("A", "went", 1.0),
        ("E", "appeared", None),
        ("C", "went", None),
    ]
    assert by_reason(found).rows() == [
        ("went", links.NO_NAME, 2, 2, 1.0),
        ("changed", links.UNKNOWN, 1, 1, 20.0),
        ("appeared", links.NEW_NAME, 2, 10, 5.0),
    ]


def test_the_order_of_rows_changes_nothing() -> None:
    before = matches(*(mention(f"N{n}", f"L{n % 3 + 1}", ("accept", "review")[n % 2]) for n in range(40)))
    after = matches(*(mention(f"N{n}", f"L{n % 2 + 1}", ("accept", "review")[n % 3 > 0]) for n in range(5, 45)))
    found = changed_links(before, after, register(), register())
    assert found.height > 20
    assert_frame_equal(found, changed_links(before.reverse(), after.reverse(), register(), register().reverse()))
    assert by_reason(found)["links"].sum() == found.height


def test_matches_of_an_older_version_may_have_fewer_columns() -> None:
    before = matches(mention()).drop("given_lei", "weight", "runner_up", "candidate_status", "register_version")
    after = matches(mention(candidate="L2", given_lei=None)).with_columns(given_isin=pl.lit(None, pl.String))
    assert changed_links(before, after, register(), register())["change"].to_list() == ["changed"]
