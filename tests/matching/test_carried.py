"""What a change of the register leaves as it was: nothing wrong is carried over, and nothing better is missed."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from include.matching.carried import unaffected
from include.matching.forms import Forms
from include.matching.judgements import Judgement
from include.matching.match import Matcher, compare
from include.matching.mentions import mentions
from include.matching.settle import Settled, settle
from tests.matching import real

KEY = ["name", "given_country"]


@pytest.fixture(scope="module")
def forms(shared: Path) -> Forms:
    return real.all_forms(shared)


@pytest.fixture(scope="module")
def asked(shared: Path) -> pl.DataFrame:
    return mentions(real.names(shared, 500)).frame


@pytest.fixture(scope="module")
def register(shared: Path) -> pl.DataFrame:
    return real.entities(shared, real.names(shared, 500), 2_000)


def settled(asked: pl.DataFrame, matcher: Matcher, version: str, carried: Settled | None = None) -> Settled:
    rest = asked.join(carried.matches, on=KEY, how="anti", nulls_equal=True) if carried else asked
    pairs = compare(rest, matcher, review=0.3)
    told = (carried.matches, carried.review) if carried else None
    return settle(asked, pairs, matcher, accept=0.95, review=0.3, version=version, carried=told)


def kept(last: Settled, asked: pl.DataFrame, untouched: pl.Series) -> Settled:
    here = asked.filter(untouched)
    frames = (one.join(here, on=KEY, how="semi", nulls_equal=True) for one in (last.matches, last.review))
    return Settled(*frames, {})


def removed(register: pl.DataFrame, some: pl.Expr) -> pl.DataFrame:
    return register.filter(~some)


def renamed(register: pl.DataFrame, some: pl.Expr) -> pl.DataFrame:
    return register.with_columns(name=pl.when(some).then(pl.col("name") + " Holding").otherwise("name"))


def renamed_after_others(register: pl.DataFrame, some: pl.Expr) -> pl.DataFrame:
    """Names move from one entity to another, as after a merger."""
    names = register.filter(some)["name"].sample(fraction=1, shuffle=True, seed=1)
    return pl.concat([register.filter(~some), register.filter(some).with_columns(names)])


def moved(register: pl.DataFrame, some: pl.Expr) -> pl.DataFrame:
    return register.with_columns(country=pl.when(some).then(pl.lit("LU")).otherwise("country"))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("change", [removed, renamed, renamed_after_others, moved])
def test_what_is_carried_over_equals_the_full_run_where_it_matters(
    change: Callable[[pl.DataFrame, pl.Expr], pl.DataFrame],
    seed: int,
    asked: pl.DataFrame,
    register: pl.DataFrame,
    forms: Forms,
    tmp_path: Path,
) -> None:
    """Of 2,300 entities a twentieth is added, another changes."""
    ids = register["id"].shuffle(seed=seed)
    added, touched = (pl.col("id").is_in(part.implode()) for part in (ids[:115], ids[115:230]))
    before, after = register.filter(~added), change(register, touched)
    last = settled(asked, real.matcher(before, tmp_path / "a", forms), "v1")
    matcher = real.matcher(after, tmp_path / "b", forms, "v2")
    untouched = unaffected(asked, (last.matches, last.review), before, matcher)
    assert 300 < untouched.sum() < asked.height
    found = settled(asked, matcher, "v2", kept(last, asked, untouched))
    full = settled(asked, matcher, "v2")
    assert found.matches.select(KEY).equals(full.matches.select(KEY))
    assert found.matches["register_version"].value_counts().sort("register_version")["count"].to_list() == [
        untouched.sum(),
        asked.height - untouched.sum(),
    ]
    gone = before.join(after, on=before.columns, how="anti", nulls_equal=True)["id"]
    old = found.matches.filter(pl.col("register_version") == "v1")
    for column in ("candidate_id", "runner_up"):
        assert not old[column].is_in(gone.implode()).any()
    both = found.matches.join(full.matches, on=KEY, nulls_equal=True, suffix="_full")
    likely = both.filter((pl.col("score") >= 0.3) | (pl.col("score_full") >= 0.3))
    assert likely.height > 250
    assert likely["candidate_id"].equals(likely["candidate_id_full"].alias("candidate_id"))
    assert (both["decision"] != both["decision_full"]).sum() <= 0.01 * both.height  # beside a threshold


def test_a_register_that_is_the_same_leaves_all_as_it_was(
    asked: pl.DataFrame, register: pl.DataFrame, forms: Forms, tmp_path: Path
) -> None:
    matcher = real.matcher(register, tmp_path / "a", forms)
    last = settled(asked, matcher, "v1")
    untouched = unaffected(asked, (last.matches, last.review), register, matcher)
    assert untouched.all()
    again = settled(asked, matcher, "v2", kept(last, asked, untouched))
    assert again.matches.equals(last.matches)
    assert again.review.equals(last.review)


def test_new_and_judged_names_are_compared(
    asked: pl.DataFrame, register: pl.DataFrame, forms: Forms, tmp_path: Path
) -> None:
    matcher = real.matcher(register, tmp_path / "a", forms)
    last = settled(asked.slice(5), matcher, "v1")
    name, country = asked.select("name", "country").row(7)
    by = Judgement(name, country or "", "none", "match", "ana", "2026-02-01", "x")
    untouched = unaffected(asked, (last.matches, last.review), register, matcher, judgements=[by])
    assert untouched.arg_true().to_list() == [*range(5, 7), *range(8, asked.height)]
    judged = settle(asked, compare(asked, matcher, review=0.3), matcher, accept=0.95, review=0.3, judgements=[by])
    withdrawn = unaffected(asked, (judged.matches, judged.review), register, matcher)
    assert (~withdrawn).arg_true().to_list() == [7]


def test_an_identifier_of_a_new_entity_is_seen(
    asked: pl.DataFrame, register: pl.DataFrame, forms: Forms, tmp_path: Path
) -> None:
    new = register["id"][100]
    before = register.filter(pl.col("id") != new)
    named = mentions(
        pl.DataFrame({"name": ["Qqqq Zzzz"], "country": [None], "lei": [new]}, schema_overrides={"country": pl.String})
    ).frame
    matcher = real.matcher(before, tmp_path / "a", forms)
    last = settle(named, compare(named, matcher, review=0.3), matcher, accept=0.95, review=0.3)
    assert f"LEI {new} is not in the register" in last.matches["reasons"][0]
    after = real.matcher(register, tmp_path / "b", forms)
    assert unaffected(named, (last.matches, last.review), before, after).to_list() == [False]
    assert unaffected(named, (last.matches, last.review), before, matcher).to_list() == [True]


def test_after_a_great_change_all_is_compared(
    asked: pl.DataFrame, register: pl.DataFrame, forms: Forms, tmp_path: Path
) -> None:
    matcher = real.matcher(register, tmp_path / "a", forms)
    last = settled(asked, matcher, "v1")
    few = register.head(int(0.79 * register.height))
    assert not unaffected(asked, (last.matches, last.review), few, matcher).any()
