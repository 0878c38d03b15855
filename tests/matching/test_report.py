"""The report of a run as data: the numbers of the matches, the same text for the same ones."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from include.matching.forms import legal_forms
from include.matching.judgements import Judgement
from include.matching.match import Matcher, compare
from include.matching.mentions import Mentions, mentions
from include.matching.page import markdown
from include.matching.report import report, settings_digest, text
from include.matching.settle import settle
from tests.matching import elf, real

APPLE = "HWUPKR0MPOU8FGXBT394"
ROWS = pl.DataFrame(
    {
        "name": ["Apple Inc.", "Apple Inc.", "Bayer AG", "Zyx Wvut", "Qqqq", None],
        "country": ["US", "US", "DE", "Atlantis", None, "US"],
        "weight": [0.1, 0.2, 2.0, 5.0, None, 1.0],
        "lei": [APPLE, APPLE, "5.49E+19", None, None, None],
    }
)
SETTINGS: dict[str, Any] = {"accept": 0.6, "review": 0.3}


@pytest.fixture(scope="module")
def matcher(tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    names = {APPLE: "Apple Inc.", "549300J4U55H3WP1XT59": "Bayer Aktiengesellschaft"}
    names |= {f"L{n}": f"Quibble {word} Works GmbH" for n, word in enumerate(("Alder", "Birch", "Cedar", "Fir"))}
    register = pl.DataFrame({"id": list(names), "name": list(names.values()), "country": ["US"] + ["DE"] * 5})
    return real.matcher(register, tmp_path_factory.mktemp("index") / "x", legal_forms(elf.few()))


def told(found: Mentions, matcher: Matcher, judgements: tuple[Judgement, ...] = (), **more: Any) -> dict[str, Any]:
    pairs = compare(found.frame, matcher, review=0.3)
    settled = settle(found.frame, pairs, matcher, accept=0.6, review=0.3, judgements=judgements)
    register, forms = {"dataset": "lei_entities", "content": "abc"}, {"dataset": "elf_codes", "content": "def"}
    return report(settled, found, matcher, register=register, legal_forms=forms, settings=SETTINGS, **more)


def test_the_numbers_are_those_of_the_matches(matcher: Matcher) -> None:
    found = told(mentions(ROWS), matcher, carried=1)
    assert found["decisions"]["accept"] == {"mentions": 2, "records": 3, "weight": 2.3}
    assert sum(part["records"] for part in found["decisions"].values()) == 5
    assert sum(part["mentions"] for part in found["methods"].values()) == 4
    assert found["methods"]["identifier"] == {"mentions": 1, "records": 2, "weight": 0.3}
    assert found["coverage"] == {"mentions": 0.5, "records": 0.6, "weight": round(2.3 / 7.3, 6)}
    assert found["rows"] == {"no name": 1, "country not in ISO 3166-1": 1}
    assert found["examples"] == {"country not in ISO 3166-1": ["Atlantis"]}
    assert [row["name"] for row in found["unresolved"]] == ["Zyx Wvut", "Qqqq"]
    assert (found["compared"], found["carried_over"]) == (3, 1)
    assert found["identifiers"]["lei"]["wrong"] == 1
    assert list(found["register"]["countries"].items()) == [("DE", 5), ("US", 1)]
    assert found["reasons"] == {"… is no country of ISO 3166-1": 1, "no candidate": 1}


def test_a_weight_that_is_not_known_is_null_never_zero(matcher: Matcher) -> None:
    found = told(mentions(ROWS.with_columns(weight=pl.when(pl.col("name") == "Bayer AG").then("weight"))), matcher)
    assert found["decisions"]["accept"]["weight"] == 2.0
    assert [part["weight"] for kind, part in found["decisions"].items() if kind != "accept"] == [None]
    bare = told(mentions(ROWS.drop("weight")), matcher)
    sizes = [*bare["decisions"].values(), *bare["methods"].values()]
    assert len(sizes) > 3
    assert {size["weight"] for size in sizes} == {None}
    assert bare["coverage"] == {"mentions": 0.5, "records": 0.6, "weight": None}
    assert "share of rows" in markdown(bare, "x")
    assert "share of weight" in markdown(found, "x")


def test_orphaned_and_disagreeing_judgements_are_listed(matcher: Matcher) -> None:
    gone = Judgement("Bayer AG", "DE", "529900T8BM49AURSDO55", "match", "ana", "2026-02-01", "x")
    wrong = Judgement("Apple Inc.", "US", "none", "match", "bo", "2026-02-02", "x")
    found = told(mentions(ROWS), matcher, (gone, wrong))["judgements"]
    assert [one["lei"] for one in found["orphaned"]] == [gone.lei]
    assert {one["name"] for one in found["disagreeing"]} == {"Apple Inc.", "Bayer AG"}
    assert found["used"] == 1


def test_the_same_text_for_any_order_of_the_rows(matcher: Matcher) -> None:
    texts = {text(told(mentions(ROWS.sample(fraction=1, shuffle=True, seed=seed)), matcher)) for seed in range(4)} | {
        text(told(mentions(ROWS), matcher))
    }
    assert len(texts) == 1
    (only,) = texts
    assert json.loads(only)["format"] == 1
    assert list(json.loads(only)) == sorted(json.loads(only))


def test_nothing_to_match_is_a_report_too(matcher: Matcher) -> None:
    found = told(mentions(ROWS.clear()), matcher)
    assert found["coverage"] == {"mentions": None, "records": None, "weight": None}
    assert (found["decisions"], found["unresolved"]) == ({}, [])
    assert json.loads(text(found)) == found


def test_what_a_run_brings_along_is_told(matcher: Matcher) -> None:
    counts = pl.DataFrame({"input": ["relations"] * 2, "outcome": ["cycle", "used"], "count": [1, 9]})
    found = told(mentions(ROWS), matcher, parents=counts, changes={"went: entity left": 2}, ownership={"given": "1.5"})
    assert found["parents"] == {"relations": {"cycle": 1, "used": 9}}
    assert found["changes"] == {"went: entity left": 2}
    assert found["ownership"] == {"given": "1.5"}


def test_other_settings_or_another_model_have_another_digest(matcher: Matcher, tmp_path: Path) -> None:
    one = settings_digest(SETTINGS, matcher)
    assert one == settings_digest(dict(reversed(SETTINGS.items())), matcher)
    assert one != settings_digest(SETTINGS | {"accept": 0.95}, matcher)
    other = Matcher(matcher.index, legal_forms(elf.few().head(2)), matcher.model)
    assert one != settings_digest(SETTINGS, other)
