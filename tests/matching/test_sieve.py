"""The few candidates that are compared in full: the right one is among them, whatever their order."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from include.matching.candidates import candidates
from include.matching.folding import fold
from include.matching.forms import legal_forms
from include.matching.index import build
from include.matching.sieve import KEPT, sieved
from tests.matching.elf import listed


@pytest.fixture(scope="module")
def real(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """300 hard names of b2, which are cut short, 10,000 entities with those that they mean, and the candidates."""
    data, forms = shared / "entity_matching", legal_forms(listed(shared))
    asked = pl.read_parquet(data / "b2_queries_dev.parquet").filter(pl.col("kind") == "hard").head(300)
    asked = fold(asked.with_columns(pl.col("country").cast(pl.String)), forms).with_row_index("mention")
    columns = ["id", "name", "country"]
    every = pl.read_parquet(data / "register_gleif_399k.parquet", columns=columns)
    every = pl.concat([every, pl.read_parquet(data / "b2_ref_extra.parquet", columns=columns)])
    wanted = every.join(asked.explode("truths"), left_on="id", right_on="truths", how="semi")
    assert wanted.height > 200
    register = fold(pl.concat([wanted, every.sample(10_000, seed=5)]).unique("id"), forms)
    index = build(register, tmp_path_factory.mktemp("made") / "index", register="v1", folding="f1")
    return asked, pl.DataFrame(index.entities), candidates(asked, index)


def test_the_right_one_of_hard_names_stays(real: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]) -> None:
    asked, register, found = real
    right = asked.select("mention", id="truths").explode("id")
    named = found.with_columns(register["id"].gather(found["entity"]))
    stayed = sieved(found, asked, register)
    with_id = stayed.with_columns(register["id"].gather(stayed["entity"]))
    before = named.join(right, on=["mention", "id"], how="semi")["mention"].n_unique()
    after = with_id.join(right, on=["mention", "id"], how="semi")["mention"].n_unique()
    assert before > 250
    assert after >= before - 1
    assert stayed.height < 0.7 * found.height


def test_each_mention_keeps_its_likeliest_and_never_more(
    real: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame],
) -> None:
    asked, register, found = real
    had, kept = (frame["mention"].value_counts().sort("mention") for frame in (found, sieved(found, asked, register)))
    assert kept["mention"].to_list() == had["mention"].to_list()
    assert kept["count"].to_list() == had["count"].clip(upper_bound=KEPT).to_list()
    assert had["count"].max() > KEPT  # type: ignore[operator]


def test_neither_order_nor_company_matters(real: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]) -> None:
    asked, register, found = real
    every = sieved(found, asked, register)
    assert_frame_equal(
        sieved(found.sample(fraction=1, shuffle=True, seed=1), asked, register), every, check_row_order=False
    )
    half = found.filter(pl.col("mention") % 2 == 0)
    assert_frame_equal(sieved(half, asked, register), every.filter(pl.col("mention") % 2 == 0))


def test_equal_ones_are_told_apart_by_id() -> None:
    register = pl.DataFrame({"id": [f"E{number:02}" for number in reversed(range(30))], "core": "north sea wind"})
    register = register.with_columns(country=pl.lit(None, pl.String))
    mentions = pl.DataFrame({"mention": [7], "core": ["north sea wind"], "country": ["DE"]})
    found = pl.DataFrame({"mention": 7, "entity": range(30), "trigrams": 1.0, "words": 1.0})
    stayed = sieved(found, mentions, register)
    assert sorted(register["id"].gather(stayed["entity"])) == [f"E{number:02}" for number in range(KEPT)]


def test_no_candidates() -> None:
    empty = pl.DataFrame(
        schema={"mention": pl.UInt32, "entity": pl.UInt32, "trigrams": pl.Float32, "words": pl.Float32}
    )
    names = pl.DataFrame(schema={"mention": pl.UInt32, "id": pl.String, "core": pl.String, "country": pl.String})
    assert sieved(empty, names, names).is_empty()
