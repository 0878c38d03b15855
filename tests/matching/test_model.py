"""The model of matching: text that scores alone, calibrated, of one feature list."""

import json
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from include.errors import DataCommonsError
from include.matching.features import FEATURES
from include.matching.model import Model, read, score, text
from include.matching.reasons import reasons
from include.matching.training import Trained, entity_groups, folds_of, trained
from tests.matching.scored import compared, folded, labelled

SHIPPED = Path(__file__).parents[2] / "include/matching/model.json"


@pytest.fixture(scope="module")
def learnt() -> Trained:
    return trained(*labelled(), folds=2)


@pytest.fixture(scope="module")
def shipped() -> Model:
    return read(SHIPPED)


def test_the_text_is_the_whole_model(learnt: Trained, tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text(text(learnt.model))
    again = read(tmp_path / "model.json")
    pairs, *_ = labelled()
    assert again == learnt.model
    assert score(pairs, again).equals(score(pairs, learnt.model))


def test_what_was_learnt_tells_right_from_wrong(learnt: Trained) -> None:
    pairs, right, _ = labelled()
    scores = score(pairs, learnt.model).to_numpy()
    best = pairs.with_columns(score=pl.Series(scores), right=pl.Series(right)).sort("score").group_by("mention").last()
    assert best.filter(pl.col("mention") < 80)["right"].mean() == 1
    assert np.mean(learnt.scores[right == 1]) > 0.8
    assert np.max(scores[right == 0]) < 0.5


def test_a_mention_scores_the_same_alone(learnt: Trained) -> None:
    pairs, *_ = labelled()
    alone = pairs.filter(pl.col("mention") == 7)
    assert score(alone, learnt.model).equals(score(pairs, learnt.model).filter(pairs["mention"] == 7))


@pytest.mark.parametrize(
    ("name", "country", "wanted"),
    [
        ("BOREALIS ENERGY", "DE", "Borealis Energy GmbH"),
        ("Helix Biotech", "US", None),
        ("Vireo Harbour Partners Fund III LP", "US", "Vireo Harbour Partners Fund III, L.P."),
        ("VIREO HARB.PARTN.FUND II", "US", "Vireo Harbour Partners Fund II, L.P."),
        ("Sofrana Mineracao S.A.", "BR", "Sofrana Mineração S.A."),
        ("Ostwind Strom GmbH", "DE", None),
    ],
)
def test_the_model_of_the_repository_finds_names_that_it_never_saw(
    shipped: Model, name: str, country: str, wanted: str | None
) -> None:
    register = [
        ("Borealis Energy GmbH", "DE"),
        ("Vireo Harbour Partners Fund II, L.P.", "US"),
        ("Vireo Harbour Partners Fund III, L.P.", "US"),
        ("Sofrana Mineração S.A.", "BR"),
        ("Ostsee Immobilien GmbH", "DE"),
        ("Quill Textiles Inc", "US"),
    ]
    pairs = compared(folded((name, country)), folded(*register))
    scored = pairs.with_columns(score=score(pairs, shipped)).sort("score", descending=True).row(0, named=True)
    assert scored["score"] < 0.9 if wanted is None else register[scored["entity"]][0] == wanted


def test_a_model_of_another_feature_list_is_refused(learnt: Trained, tmp_path: Path) -> None:
    facts = json.loads(text(learnt.model))
    facts["features"] = [*facts["features"][1:], "phase_of_the_moon"]
    (tmp_path / "model.json").write_text(json.dumps(facts))
    with pytest.raises(DataCommonsError, match=r"unknown here: phase_of_the_moon; not in the model: ratio\. Train"):
        read(tmp_path / "model.json")


@pytest.mark.parametrize("damaged", ["", "{}", "[1]", '{"format": 2}', "\x00"])
def test_what_is_no_model_is_refused(damaged: str, tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text(damaged)
    with pytest.raises(DataCommonsError, match="not a model of matching"):
        read(tmp_path / "model.json")


def test_pairs_without_a_feature_are_refused(learnt: Trained) -> None:
    pairs, *_ = labelled()
    with pytest.raises(DataCommonsError, match="no feature ratio in the pairs"):
        score(pairs.drop("ratio"), learnt.model)


def test_the_shipped_model_is_short_numbers_in_lines_of_their_own(shipped: Model) -> None:
    assert shipped.features == FEATURES == tuple(line.feature for line in shipped.lines)
    assert text(shipped) == SHIPPED.read_text("utf-8")
    assert all(math.isfinite(value) for line in shipped.lines for value in (*line.knots, *line.values))
    assert list(shipped.calibration.values) == sorted(shipped.calibration.values)


def test_names_that_share_an_entity_or_a_spelling_are_one_group() -> None:
    groups = entity_groups(["a", "b", "b", "c", "d"], [["1"], ["1"], ["2"], [], ["3"]])
    assert groups[0] == groups[1] == groups[2]
    assert len({groups[0], groups[3], groups[4]}) == 3
    assert set(folds_of(np.arange(1_000), 5)) == set(range(5))


@pytest.mark.parametrize(
    ("one", "two", "told"),
    [
        (
            ("Energy Borealis GmbH", "DE"),
            ("Borealis Energy AG", "DE"),
            "same words, other order; legal form gmbh against ag; same country",
        ),
        (
            ("Borealis Energy GmbH", "DE"),
            ("Borealis Energy GmbH", "AT"),
            "same name; legal form gmbh; country DE against AT",
        ),
        (
            ("Borealis Fund II", None),
            ("Borealis Fund III", "US"),
            "words abbreviated or spelt otherwise; not in the register's name: "
            "ii; only in the register's name: iii; another number; country unknown",
        ),
        (("Borealis ADR", "US"), ("Borealis", "US"), "same words; same country; 'adr' left aside"),
    ],
)
def test_reasons_are_told_in_words(one: tuple[str, str | None], two: tuple[str, str | None], told: str) -> None:
    left, right = folded(one), folded(two)
    assert reasons(compared(left, right), left, right).to_list() == [told]
