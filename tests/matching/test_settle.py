"""One row a name: identifiers, judgements, ties, one name for one entity, parents and what is carried over."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from include.errors import DataError
from include.matching import settle as settling
from include.matching.forms import legal_forms
from include.matching.judgements import Judgement, parse, stripped, to_text
from include.matching.letters import folded_words
from include.matching.lookup import identified
from include.matching.match import Matcher, compare
from include.matching.mentions import mentions
from include.matching.parents import parents_as_of
from include.matching.relations import EXCEPTION, RELATION, TYPES
from include.matching.settle import SHOWN, Settled, settle
from include.matching.verdicts import unlinkable
from tests.matching import elf, real

APPLE, BAYER, SIEMENS = "HWUPKR0MPOU8FGXBT394", "549300J4U55H3WP1XT59", "W38RGI023J3WT1HWRP32"
TWIN, OTHER = "LEITWIN0000000000152", "LEITWIN0000000000249"
FUXING = "LEIFUXING00000000000"
LACKED = "529900T8BM49AURSDO55"
ACCEPT = 0.6
"""Of a few entities even a sure match has no high probability: what a model has learnt is of many."""
ENTITIES = [
    (APPLE, "Apple Inc.", "US", "GENERAL", "ACTIVE", "US0378331005"),
    (BAYER, "Bayer Aktiengesellschaft", "DE", "GENERAL", "ACTIVE", "DE000BAY0017;US0727303028"),
    (SIEMENS, "Siemens Aktiengesellschaft", "DE", "GENERAL", "RETIRED", "DE0007236101"),
    (TWIN, "Twin Peaks Trading GmbH", "DE", "GENERAL", "ACTIVE", None),
    (OTHER, "Twin Peaks Trading GmbH", "DE", "GENERAL", "ACTIVE", None),
    (FUXING, "上海复兴医药股份有限公司", "CN", "GENERAL", "ACTIVE", None),
    *((f"LEIOTHER{n:012}", f"Quibble {word} Works GmbH", "DE", "FUND", "ACTIVE", None) for n, word in enumerate(
        ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel"))),
]  # fmt: skip


@pytest.fixture(scope="module")
def matcher(tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    register = pl.DataFrame(ENTITIES, ["id", "name", "country", "category", "status", "isin"], orient="row")
    return real.matcher(register, tmp_path_factory.mktemp("index") / "x", legal_forms(elf.few()))


def names(*rows: tuple[str, str | None], **identifiers: Sequence[str | None]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, {"name": pl.String, "country": pl.String}, orient="row")
    return mentions(frame.with_columns(pl.Series(kind, some, pl.String) for kind, some in identifiers.items())).frame


def settled(asked: pl.DataFrame, matcher: Matcher, judgements: Sequence[Judgement] = (), **more: Any) -> Settled:
    pairs = compare(asked, matcher, review=0.3)
    return settle(asked, pairs, matcher, **{"accept": ACCEPT, "review": 0.3, "judgements": judgements} | more)


def one(found: Settled) -> dict[str, Any]:
    assert found.matches.height == 1
    return found.matches.row(0, named=True)


def judged(name: str, lei: str, judgement: str = "match", country: str = "US") -> Judgement:
    return Judgement(name, country, lei, judgement, "ana", "2026-02-01", "seen it")  # type: ignore[arg-type]


def test_the_columns_are_those_that_are_promised(matcher: Matcher) -> None:
    found = settled(names(("Apple Inc", "USA"), lei=[APPLE], isin=[None]), matcher)
    assert found.matches.columns == [
        *("name", "given_country", "country", "given_lei", "given_isin", "records", "weight", "entity_id"),
        *("candidate_id", "candidate_name", "candidate_country", "candidate_category", "candidate_legal_form"),
        *("candidate_status", "method", "score", "runner_up", "runner_up_name", "runner_up_score", "gap", "tied"),
        *("decision", "reasons", "judged_by", "judged_on", "direct_parent", "ultimate_parent", "parent_reason"),
        *("parent_path", "register_version"),
    ]  # fmt: skip
    assert found.review.columns[:18] == [
        *("name", "given_country", "country", "given_lei", "given_isin", "records", "weight", "rank", "entity_id"),
        *("entity_name", "entity_country", "entity_category", "entity_legal_form", "entity_status", "method"),
        *("score", "reasons", "feature_ratio"),
    ]  # fmt: skip
    row = one(found)
    assert (row["given_country"], row["country"], row["candidate_status"]) == ("USA", "US", "ACTIVE")


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        ("lei", APPLE, "LEI as given; "),
        ("lei", f"{APPLE}]_x000D_", f"LEI as given, '{APPLE}]_x000D_' read as {APPLE}; "),
        ("isin", "US0378331005", "ISIN as given; "),
    ],
)
def test_an_identifier_links_where_the_name_agrees(kind: str, given: str, said: str, matcher: Matcher) -> None:
    row = one(settled(names(("Apple", "US"), **{kind: [given]}), matcher))
    assert (row["method"], row["decision"], row["entity_id"]) == ("identifier", "accept", APPLE)
    assert row["reasons"].startswith(said)


def test_one_of_several_identifiers_of_an_entity_is_enough(matcher: Matcher) -> None:
    row = one(settled(names(("Bayer AG", "DE"), isin=["US0727303028"]), matcher))
    assert (row["method"], row["entity_id"]) == ("identifier", BAYER)


def test_an_identifier_tells_twins_apart(matcher: Matcher) -> None:
    asked = names(("Twin Peaks Trading GmbH", "DE"))
    assert one(settled(asked, matcher))["decision"] == "review"
    row = one(settled(names(("Twin Peaks Trading GmbH", "DE"), lei=[OTHER]), matcher))
    wanted = ("identifier", "accept", OTHER, TWIN, 1)
    assert (row["method"], row["decision"], row["entity_id"], row["runner_up"], row["tied"]) == wanted


def test_where_name_and_identifier_disagree_a_person_decides(matcher: Matcher) -> None:
    found = settled(names(("Apple Inc.", "US"), lei=[BAYER]), matcher)
    row = one(found)
    assert (row["method"], row["decision"], row["entity_id"]) == ("identifier", "review", None)
    assert (row["candidate_id"], row["runner_up"]) == (BAYER, APPLE)
    assert "LEI as given; but the name is likelier Apple Inc. (" in row["reasons"]
    assert found.review["entity_id"].to_list()[:2] == [BAYER, APPLE]
    assert found.counts["identifiers"]["conflicting"] == 1
    strange = one(settled(names(("Zyx Wvut", "US"), lei=[APPLE]), matcher))
    assert (strange["decision"], strange["candidate_id"]) == ("review", APPLE)
    assert "but the name does not fit (0." in strange["reasons"]
    both = one(settled(names(("Apple Inc.", "US"), lei=[APPLE], isin=["DE000BAY0017"]), matcher))
    assert (both["decision"], both["entity_id"]) == ("review", None)
    assert "identifiers name 2 entities" in both["reasons"]


def test_a_name_without_letters_and_an_identifier_waits_for_a_person(matcher: Matcher) -> None:
    row = one(settled(names(("---", "US"), lei=[APPLE]), matcher))
    assert (row["decision"], row["candidate_id"], row["entity_id"]) == ("review", APPLE, None)


def test_wrong_identifiers_are_counted_and_the_name_decides(matcher: Matcher) -> None:
    asked = names(
        *[("Apple Inc.", "US")] * 2, ("Bayer AG", "DE"), lei=["5.49E+19", None, None], cik=[None, "320193", None]
    )
    found = settled(asked, matcher)
    assert set(found.matches["entity_id"]) == {APPLE, BAYER}
    assert set(found.matches["method"]) <= {"exact", "fuzzy"}
    said = found.matches["reasons"].to_list()
    assert any(text.startswith("'5.49E+19' is no LEI (ISO 17442): expected 20 letters") for text in said)
    told = found.counts["identifiers"]
    assert told["lei"] == {"wrong": 1, "examples": {"wrong": ["5.49E+19"]}}
    assert told["cik"] == {"unread": 1, "examples": {}}


@pytest.mark.parametrize("single", [False, True])
def test_a_name_whose_lei_the_register_lacks_is_not_linked_to_another_lei(matcher: Matcher, single: bool) -> None:
    """An entity has one LEI: La Banque Postale is not La Banque Postale Home Loan SFH, however alike."""
    asked = names(("Apple Inc.", "US"), ("Apple Inc.", "DE"), lei=[LACKED, None])
    found = settled(asked, matcher, single=single)
    row = found.matches.row(by_predicate=pl.col("given_lei") == LACKED, named=True)
    assert (row["decision"], row["candidate_id"], row["entity_id"]) == ("review", APPLE, None)
    assert row["reasons"].startswith(f"LEI {LACKED} is not in the register; an entity has one LEI, and the likeliest")
    assert APPLE in found.review.filter(given_lei=LACKED)["entity_id"]
    assert found.counts["identifiers"]["lei"] == {"unknown": 1, "examples": {"unknown": [LACKED]}}
    row = one(settled(names(("Apple Inc.", "US"), lei=[LACKED]), matcher, [judged("Apple Inc.", APPLE)]))
    assert (row["method"], row["decision"], row["entity_id"]) == ("reviewed", "accept", APPLE)


def test_a_name_in_chinese_characters_is_not_linked_to_one_that_only_sounds_alike(matcher: Matcher) -> None:
    """复星 (Fosun) and 复兴 are both fu xing, without their tones."""
    row = one(settled(names(("上海复星医药股份有限公司", "CN")), matcher))
    assert (row["decision"], row["candidate_id"], row["entity_id"]) == ("review", FUXING, None)
    assert row["reasons"].startswith("written with other characters that sound alike")
    for same in ("上海复兴医药股份有限公司", "上海复兴医药有限公司", "上海复兴医药"):
        assert one(settled(names((same, "CN")), matcher))["entity_id"] == FUXING, same


@pytest.mark.parametrize(
    ("name", "why"),
    [("Sweco", "one word, where the register's name has more"), ("Danton XII Solar", "another number or direction")],
)
def test_a_name_that_is_only_alike_is_not_linked(tmp_path: Path, name: str, why: str) -> None:
    held = [("LEISWECO000000000012", "SWECO Energy GmbH"), ("LEIDANTON00000000012", "Danton XI Solar GmbH")]
    rows = [*ENTITIES, *((*entity, "DE", "GENERAL", "ACTIVE", None) for entity in held)]
    register = pl.DataFrame(rows, ["id", "name", "country", "category", "status", "isin"], orient="row")
    matcher = real.matcher(register, tmp_path / "x", legal_forms(elf.few()))
    row = one(settled(names((name, "DE")), matcher, accept=0.4))
    assert (row["decision"], row["entity_id"]) == ("review", None)
    assert row["reasons"].startswith(why)
    same = one(settled(names((row["candidate_name"], "DE")), matcher, accept=0.4))
    assert same["entity_id"] == row["candidate_id"]


def test_a_name_of_which_a_part_is_not_compared_is_not_linked(matcher: Matcher) -> None:
    row = one(settled(names(("Apple Inc." + " " * 1_000 + "is not what this is", "US")), matcher))
    assert (row["decision"], row["candidate_id"], row["entity_id"]) == ("review", APPLE, None)
    assert row["reasons"].startswith("only the first 1,000 characters were compared")
    assert one(settled(names(("Apple Inc." + " " * 1_000, "US")), matcher))["entity_id"] == APPLE


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("🍎", "no letter or digit in the name, only signs"),
        ("☎ & ✈", "no letter or digit in the name, only signs"),
        ("🍎 Inc.", "an emoji in the name was read as a word"),
        ("Twin 🏔 Peaks Trading GmbH", "an emoji in the name was read as a word"),
    ],
)
def test_what_an_emoji_is_called_links_no_name(name: str, said: str, matcher: Matcher, tmp_path: Path) -> None:
    """🍎 is transliterated as "red apple", which is a word that nobody wrote."""
    (words,) = folded_words(pl.Series([name]))
    ids = pl.Series([row[0] for row in ENTITIES])
    others = [words, *(row[1] for row in ENTITIES[1:])]
    register = pl.DataFrame({"id": ids, "name": others, "country": ["US"] * len(ids)})
    read = real.matcher(register, tmp_path / "x", matcher.forms)
    row = one(settled(names((words, "US")), read))
    assert (row["decision"], row["entity_id"]) == ("accept", APPLE)
    row = one(settled(names((name, "US")), read))
    assert (row["decision"], row["candidate_id"], row["entity_id"]) == ("review", APPLE, None)
    assert row["reasons"].startswith(said)


def test_the_signs_of_trade_marks_are_no_emoji(matcher: Matcher) -> None:
    read = unlinkable(names(("Apple® Inc.", "US"), ("①②", "US")), identified(names(), matcher.index))
    assert read["misread"].to_list() == [None, None]


def test_a_judgement_goes_before_all(matcher: Matcher) -> None:
    asked = names(("Apple Inc.", "US"), lei=[APPLE])
    row = one(settled(asked, matcher, [judged("Apple Inc.", BAYER)]))
    assert (row["method"], row["decision"], row["entity_id"]) == ("reviewed", "accept", BAYER)
    assert (row["judged_by"], row["judged_on"], row["runner_up"]) == ("ana", "2026-02-01", APPLE)
    assert row["reasons"].startswith("judged a match by ana on 2026-02-01: seen it; but ")
    none = one(settled(asked, matcher, [judged("Apple Inc.", "none")]))
    assert (none["method"], none["decision"], none["entity_id"]) == ("reviewed", "reject", None)
    apart = one(settled(asked, matcher, [judged("Apple Inc.", APPLE, "no match")]))
    assert apart["entity_id"] is None
    assert apart["candidate_id"] != APPLE
    other = one(settled(asked, matcher, [judged("Apple Inc.", BAYER, country="DE")]))
    assert (other["entity_id"], other["judged_by"]) == (APPLE, None)


@pytest.mark.parametrize("ending", ["\x1c", "\x1f", "\x85", "\u3000", "\xa0 ", "\n"])
def test_a_judgement_counts_for_a_name_with_strange_characters_at_its_end(ending: str, matcher: Matcher) -> None:
    """Written to the file and read from it, as a review does."""
    asked = names(("Apple Inc." + ending, "US"))
    said = Judgement(stripped(asked["name"][0]), "US", BAYER, "match", "ana", "2026-02-01", "seen it")
    kept = parse(to_text([said]).encode(), "x", dt.date(2026, 2, 1))
    assert kept == (said,)
    found = settled(asked, matcher, kept)
    assert (one(found)["entity_id"], found.counts["judgements"]["used"]) == (BAYER, 1)


def test_a_judgement_of_what_the_machine_does_not_find_holds(matcher: Matcher) -> None:
    for name in ("Qqqq", "---"):
        row = one(settled(names((name, None)), matcher, [judged(name, BAYER, country="")]))
        assert (row["entity_id"], row["candidate_name"]) == (BAYER, "Bayer Aktiengesellschaft")
        nobody = one(settled(names((name, None)), matcher, [judged(name, "none", country="")]))
        assert (nobody["method"], nobody["decision"], nobody["entity_id"]) == ("reviewed", "reject", None)


def test_what_speaks_against_a_judgement_is_told(matcher: Matcher) -> None:
    asked = names(("Apple Inc.", "US"), ("Siemens AG", "DE"), ("Bayer AG", "DE"))
    said = [
        judged("Apple Inc.", BAYER),
        judged("Siemens AG", SIEMENS, country="DE"),
        judged("Bayer AG", "none", country="DE"),
    ]
    found = settled(asked, matcher, said).counts["judgements"]
    assert (found["given"], found["used"], found["orphaned"]) == (3, 3, [])
    told = {row["name"]: row["evidence"] for row in found["disagreeing"]}
    assert told.keys() == {"Apple Inc.", "Siemens AG", "Bayer AG"}
    assert told["Apple Inc."].startswith(f"Apple Inc. ({APPLE}) scores 0.")
    assert told["Siemens AG"] == f"the register says RETIRED of {SIEMENS}"
    assert told["Bayer AG"].startswith(f"Bayer Aktiengesellschaft ({BAYER}) scores")


def test_what_a_person_chose_among_is_no_evidence_against_the_choice(matcher: Matcher) -> None:
    name = "Twin Peaks Trading GmbH"

    def evidence(*said: Judgement, **given: list[str]) -> list[str]:
        asked = names((name, "DE"), **given)
        pairs = compare(asked, matcher, review=0.1)
        assert pairs.filter(pl.col("entity_id").is_in([TWIN, OTHER]))["score"].min() >= 0.3  # type: ignore[operator]
        found = settle(asked, pairs, matcher, accept=0.3, review=0.1, judgements=said)
        return [one["evidence"] for one in found.counts["judgements"]["disagreeing"]]

    chosen, not_it = judged(name, OTHER, country="DE"), judged(name, TWIN, "no match", "DE")
    assert evidence(chosen) == []
    assert evidence(judged(name, BAYER, country="DE"), not_it)[0].startswith(f"{name} ({OTHER}) scores")
    assert evidence(chosen, lei=[TWIN]) == [f"an identifier names {name} ({TWIN})"]


def test_that_a_judged_entity_has_another_name_now_is_told(matcher: Matcher) -> None:
    asked, said = names(("Bayer AG", "DE")), [judged("Bayer AG", BAYER, country="DE")]
    last = settled(asked, matcher, said)
    assert last.counts["judgements"]["disagreeing"] == []
    before = last.matches.with_columns(candidate_name=pl.lit("Farbenfabriken Bayer"))
    (told,) = settled(asked, matcher, said, last=before).counts["judgements"]["disagreeing"]
    assert told["evidence"] == f"{BAYER} was called Farbenfabriken Bayer, and is Bayer Aktiengesellschaft now"


def test_a_judgement_of_an_entity_that_is_gone_links_nothing_and_is_told(matcher: Matcher) -> None:
    """Fault: a judgement for an LEI that no longer exists."""
    gone = "529900T8BM49AURSDO55"
    found = settled(names(("Apple Inc.", "US")), matcher, [judged("Apple Inc.", gone)])
    row = one(found)
    assert (row["decision"], row["entity_id"], row["candidate_id"]) == ("review", None, APPLE)
    assert row["reasons"].startswith(f"judged to be {gone}, which the register no longer has, by ana on 2026-02-01: ")
    assert [orphan["lei"] for orphan in found.counts["judgements"]["orphaned"]] == [gone]
    assert found.counts["judgements"]["used"] == 0


def test_one_name_for_one_entity_and_judgements_and_identifiers_go_first(matcher: Matcher) -> None:
    asked = names(("Apple Inc", "US"), ("Apple Inc.", "US"), ("Apple, Inc.", "US"), lei=[None, None, APPLE])
    many, single = settled(asked, matcher).matches, settled(asked, matcher, single=True).matches
    assert many["entity_id"].to_list() == [APPLE] * 3
    assert single["entity_id"].to_list() == [None, None, APPLE]
    assert single["decision"].to_list()[:2] == ["reject"] * 2
    assert single["reasons"].str.ends_with("; the entity goes to another name").to_list() == [True, True, False]
    by_hand = settled(asked, matcher, [judged("Apple Inc", APPLE)], single=True).matches
    assert by_hand["entity_id"].to_list() == [APPLE, None, None]
    assert by_hand["decision"].to_list()[2] == "review"


def test_names_that_an_entity_would_suit_as_well_wait_for_a_person(matcher: Matcher) -> None:
    """One of two alike can't be chosen by the order in which they stand."""
    asked = names(("Bayer AG", "DE"), ("Bayer, AG", "DE"))
    found = settled(asked, matcher, single=True).matches
    assert found["score"].n_unique() == 1
    assert found["decision"].to_list() == ["review"] * 2
    assert found["tied"].to_list() == [1, 1]


def test_the_queue_has_the_best_candidates_and_all_that_are_tied(matcher: Matcher, tmp_path: Path) -> None:
    alike = pl.DataFrame({"id": [f"L{n:02}" for n in range(9)], "name": ["Same Name GmbH"] * 9, "country": ["DE"] * 9})
    twins = real.matcher(alike, tmp_path / "x", matcher.forms)
    asked = names(("Same Name GmbH", "DE"))
    found = settle(asked, compare(asked, twins, review=0.01), twins, accept=0.9, review=0.01)
    assert (one(found)["decision"], one(found)["tied"]) == ("review", 8)
    assert found.review["rank"].to_list() == [*range(1, 10)]
    assert found.review["entity_id"].to_list() == alike["id"].to_list()
    assert found.review.height > SHOWN


def test_parents_of_linked_entities_are_joined(matcher: Matcher) -> None:
    register = pl.DataFrame({"id": [row[0] for row in ENTITIES]})
    relations = pl.DataFrame(
        [(APPLE, BAYER, kind, "ACTIVE", "PUBLISHED", "2020-01-01", None) for kind in TYPES.values()],
        dict.fromkeys(RELATION, pl.String), orient="row",
    )  # fmt: skip
    exceptions = pl.DataFrame(
        [(BAYER, f"{side}_ACCOUNTING_CONSOLIDATION_PARENT", "NO_KNOWN_PERSON") for side in ("DIRECT", "ULTIMATE")],
        dict.fromkeys(EXCEPTION, pl.String), orient="row",
    )  # fmt: skip
    told = parents_as_of(register, relations, exceptions, dt.date(2025, 12, 31)).entities
    found = settled(names(("Apple Inc.", "US"), ("Bayer AG", "DE"), ("Zyx", "US")), matcher, parents=told).matches
    columns = ("direct_parent", "ultimate_parent", "parent_reason", "parent_path")
    assert found.select(columns).rows() == [
        (BAYER, BAYER, None, f"{APPLE} > {BAYER}"),
        (None, None, "NO_KNOWN_PERSON", BAYER),
        (None, None, None, None),
    ]


def test_what_is_carried_over_stands_but_for_records_weight_and_parents(matcher: Matcher) -> None:
    rows = pl.DataFrame({"name": ["Apple Inc.", "Bayer AG"], "country": ["US", "DE"], "weight": [1.0, 2.0]})
    before = mentions(rows.head(1)).frame
    last = settled(before, matcher, version="v1")
    asked = mentions(pl.concat([rows, rows.head(1)])).frame
    pairs = compare(asked.filter(pl.col("name") == "Bayer AG"), matcher, review=0.3)
    old = (last.matches.with_columns(reasons=pl.lit("as it was")), last.review)
    found = settle(asked, pairs, matcher, accept=ACCEPT, review=0.3, version="v2", carried=old).matches
    assert found["register_version"].to_list() == ["v1", "v2"]
    assert found["reasons"][0] == "as it was"
    assert found["records"].to_list() == [2, 1]
    assert found["weight"].to_list() == [2.0, 2.0]
    assert found["entity_id"].to_list() == [APPLE, BAYER]


def test_an_id_that_the_register_lacks_is_refused(matcher: Matcher, tmp_path: Path) -> None:
    """Pairs of another register version never become links."""
    asked = names(("Apple Inc.", "US"))
    pairs = compare(asked, matcher, review=0.3)
    other = real.matcher(
        pl.DataFrame({"id": ["X"], "name": ["Apple Inc."], "country": ["US"]}), tmp_path / "x", matcher.forms, "v9"
    )
    with pytest.raises(DataError, match="are none of the register 'v9'"):
        settle(asked, pairs, other, accept=ACCEPT, review=0.3)


def test_no_two_columns_are_called_the_same() -> None:
    assert not set(settling.TAIL) & {"name", "given_country", "country", "records", "weight"}
