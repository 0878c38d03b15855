"""Names against a register, as a whole: what is found, why, and that nothing is lost or invented."""

from pathlib import Path

import polars as pl
import pytest

from include.errors import ContractError, DataError
from include.matching import model
from include.matching.folding import fold
from include.matching.forms import legal_forms
from include.matching.index import build
from include.matching.match import Matcher, compare
from include.matching.mentions import mentions
from include.matching.settle import settle
from tests.matching.elf import listed

DATA = "entity_matching"


def matched(
    asked: pl.DataFrame, matcher: Matcher, accept: float = 0.9, review: float = 0.3, single: bool = False
) -> pl.DataFrame:
    frame = mentions(asked).frame
    pairs = compare(frame, matcher, review=review)
    return settle(frame, pairs, matcher, accept=accept, review=review, single=single).matches


@pytest.fixture(scope="module")
def asked(shared: Path) -> pl.DataFrame:
    """300 names of b1 with what they are."""
    return pl.read_parquet(shared / DATA / "b1_queries_dev.parquet").sample(300, seed=7)


@pytest.fixture(scope="module")
def matcher(shared: Path, asked: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    """5,000 real entities, among them those that are asked for."""
    every = pl.read_parquet(shared / DATA / "register_gleif_399k.parquet")
    wanted = every.join(asked, left_on="id", right_on="truth", how="semi")
    assert wanted.height > 150
    register = pl.concat([wanted, every.sample(5_000, seed=8)]).unique("id")
    forms = legal_forms(listed(shared))
    index = build(fold(register, forms), tmp_path_factory.mktemp("index") / "x", register="v1", folding=forms.digest)
    return Matcher(index, forms, model.read(Path(model.__file__).with_name("model.json")))


def test_most_real_names_are_found_and_few_are_wrong(asked: pl.DataFrame, matcher: Matcher) -> None:
    truths = asked.select("name", "truth", given_country="country").unique(["name", "given_country"])
    found = matched(asked, matcher).join(truths, on=["name", "given_country"])
    assert found["records"].sum() == asked.height
    accepted = found.filter(pl.col("decision") == "accept")
    assert accepted.filter(pl.col("entity_id") == pl.col("truth")).height > 0.9 * asked["truth"].count()
    assert accepted.filter(pl.col("entity_id").ne_missing(pl.col("truth"))).height < 0.05 * asked.height
    assert set(found["candidate_id"].drop_nulls()) <= set(matcher.index.entities["id"].to_pylist())
    assert set(found.filter(pl.col("method") == "exact")["reasons"].str.contains("same")) == {True}


def test_only_what_is_accepted_is_linked(asked: pl.DataFrame, matcher: Matcher) -> None:
    found = matched(asked, matcher)
    assert set(found["decision"]) >= {"accept", "review", "reject"}
    linked = pl.col("entity_id").is_not_null()
    assert found.select((linked == (pl.col("decision") == "accept")).all()).item()
    assert found.filter(linked).select((pl.col("entity_id") == pl.col("candidate_id")).all()).item()


def test_names_that_are_none_and_unlikely_ones_are_kept_and_link_nothing(matcher: Matcher) -> None:
    names = [
        "---",
        "\x00\x07",
        "NA",
        "null",
        "x" * 10_000,
        "שלום עולם",
        "株式会社",
        "12345",
        "Ωμέγα Abc",
        "a\u202eb Ltd",
    ]
    frame = pl.DataFrame({"name": names, "country": [None, "ZZ"] * 5})
    found = matched(frame, matcher)
    assert sorted(found["name"]) == sorted(names)
    assert set(found["decision"]) <= {"none", "reject", "review"}
    assert found["entity_id"].null_count() == len(names)
    unnamed = found.filter(pl.col("name").is_in(["---", "\x00\x07"]))
    assert set(unnamed["reasons"]) == {
        "no letter or digit in the name",
        "'ZZ' is no country of ISO 3166-1; no letter or digit in the name",
    }
    assert (found["candidate_id"].is_null() == (found["decision"] == "none")).all()


def test_of_two_entities_with_one_name_a_person_decides(matcher: Matcher, tmp_path: Path) -> None:
    twins = pl.DataFrame({"id": ["B", "A", "C"], "name": ["Acme GmbH", "Acme GmbH", "Zeta AG"], "country": ["DE"] * 3})
    index = build(fold(twins, matcher.forms), tmp_path / "x", register="v1", folding="f")
    asked = pl.DataFrame({"name": ["Acme GmbH"], "country": ["DE"]})
    found = matched(asked, Matcher(index, matcher.forms, matcher.model)).row(0, named=True)
    assert (found["decision"], found["tied"], found["candidate_id"], found["runner_up"]) == ("review", 1, "A", "B")
    assert found["score"] == found["runner_up_score"]
    assert found["entity_id"] is None
    assert "2 entities of this name" in found["reasons"]


def test_one_entity_for_one_name_where_asked(asked: pl.DataFrame, matcher: Matcher) -> None:
    known = asked.drop_nulls("truth").head(40)
    twice = pl.concat([known, known.with_columns(name=pl.col("name") + " Holding")])
    many, single = (matched(twice, matcher, single=one) for one in (False, True))
    assert many["entity_id"].drop_nulls().is_duplicated().any()
    assert not single["entity_id"].drop_nulls().is_duplicated().any()
    assert single.height == many.height


def test_what_is_asked_wrongly_is_said(matcher: Matcher) -> None:
    with pytest.raises(DataError, match="no column 'country'; found name"):
        matched(pl.DataFrame({"name": ["x"]}), matcher)
    with pytest.raises(DataError, match="column 'name' is Int64, expected text"):
        matched(pl.DataFrame({"name": [1], "country": ["DE"]}), matcher)
    with pytest.raises(ContractError, match=r"review 0\.9 and accept 0\.5"):
        matched(pl.DataFrame({"name": ["x"], "country": ["DE"]}), matcher, accept=0.5, review=0.9)


def test_no_names_give_no_rows(matcher: Matcher) -> None:
    found = matched(pl.DataFrame({"name": [], "country": []}, schema={"name": str, "country": str}), matcher)
    assert found.height == 0
    assert "entity_id" in found.columns
