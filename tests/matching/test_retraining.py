"""Learning from what people judged: which pairs that makes, what it is worth, and that too little is refused."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from include.errors import DataError
from include.matching.index import build
from include.matching.judgements import NOBODY, Judgement
from include.matching.match import Matcher
from include.matching.model import read, score
from include.matching.retraining import PAIRS, judged_pairs, retrained, told
from tests.matching.scored import FORMS, folded

SHIPPED = Path(__file__).parents[2] / "include/matching/model.json"
FIRST = ("Borealis", "Castor", "Dunkel", "Elmet", "Farrow", "Galant", "Hestia", "Ilmen", "Jarrah", "Kestrel")
SECOND = ("Energy", "Marine", "Foods", "Textiles", "Optics", "Steel", "Paper", "Glass")
NAMES = [f"{one} {two} GmbH" for one in FIRST for two in SECOND]


@pytest.fixture(scope="module")
def matcher(tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    register = folded(*((name, "DE") for name in NAMES))
    register = register.with_columns(id=pl.Series([f"E{k:02}" for k in range(len(NAMES))]))
    index = build(register, tmp_path_factory.mktemp("index") / "made", register="made", folding=FORMS.digest)
    return Matcher(index, FORMS, read(SHIPPED))


def judged(name: str, lei: str, verdict: str = "match") -> Judgement:
    return Judgement(name, "DE", lei, verdict, "Ada", "2026-01-02", "register")  # type: ignore[arg-type]


def many() -> list[Judgement]:
    """80 names that are right, and 40 that are none though a name is near."""
    right = [judged(name.replace(" GmbH", " AG"), f"E{k:02}") for k, name in enumerate(NAMES)]
    return right + [judged(f"{name.split()[0]} {name.split()[1]} Zeta AG", NOBODY) for name in NAMES[::2]]


def test_a_name_that_is_settled_has_its_other_candidates_as_wrong_ones(matcher: Matcher) -> None:
    pairs = judged_pairs([judged("Borealis Energy", "E00")], matcher)
    assert set(pairs.columns) == set(PAIRS)
    assert pairs.height > 1
    assert pairs["right"].sum() == 1


def test_of_a_name_that_is_not_an_entity_only_that_is_known(matcher: Matcher) -> None:
    pairs = judged_pairs([judged("Borealis Energy", "E00", "no match")], matcher)
    assert pairs["right"].to_list() == [0]


def test_a_name_that_is_nobody_has_wrong_candidates_only(matcher: Matcher) -> None:
    pairs = judged_pairs([judged("Borealis Energy", NOBODY)], matcher)
    assert pairs.height > 1
    assert pairs["right"].sum() == 0


def test_an_entity_that_no_search_finds_is_learnt_from_all_the_same(matcher: Matcher) -> None:
    pairs = judged_pairs([judged("Quite Another", "E07")], matcher)
    assert pairs.filter(pl.col("right") == 1)["truths"].to_list() == [["E07"]]


def test_a_judgement_for_an_id_that_the_register_lacks_is_left_out(matcher: Matcher) -> None:
    assert judged_pairs([judged("Borealis Energy", "GONE")], matcher).is_empty()


def test_without_other_pairs_only_the_calibration_moves(matcher: Matcher) -> None:
    found = retrained(judged_pairs(many(), matcher), matcher.model)
    assert (found.model.trees, found.model.lines) == (matcher.model.trees, matcher.model.lines)
    assert found.model.calibration != matcher.model.calibration
    assert np.array_equal(found.before, score(found.pairs, matcher.model).to_numpy())
    rows = told(found, accept=0.95)
    before, after = (row for row in rows if row["scores"] == "all")
    assert before["names"] == after["names"] == 120
    assert abs(after["mean score"] - after["right"]) < abs(before["mean score"] - before["right"])


def test_with_other_pairs_the_whole_model_is_learnt_anew(matcher: Matcher) -> None:
    pairs = judged_pairs(many(), matcher)
    found = retrained(pairs, matcher.model, others=pairs, folds=2)
    assert found.model.trees != matcher.model.trees
    assert len(found.after) == pairs.height
    assert told(found, accept=0.5)[0]["model"] == "before"


def test_too_few_judgements_are_refused(matcher: Matcher) -> None:
    pairs = judged_pairs(many()[:12], matcher)
    with pytest.raises(
        DataError, match=r"12 judged names can be learnt from.*expected at least 50 names, and 10 of each"
    ):
        retrained(pairs, matcher.model)
