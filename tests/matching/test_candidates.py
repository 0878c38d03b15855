"""Candidates: what should be found is, and what is found depends on nothing but the name and the register."""

from collections import Counter
from math import log, sqrt
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from include.errors import DataError
from include.matching.candidates import COUNTRY, TRIGRAMS, WORDS, candidates
from include.matching.folding import fold
from include.matching.forms import legal_forms
from include.matching.index import Index, build
from tests.matching.elf import listed

DATA = "entity_matching"
VERSIONS = {"register": "v1", "folding": "f1"}
MEASURED = 0.9951
"""Recall on all of b1 with the whole register, printed by `python -m benchmarks.matching --ours`."""


@pytest.fixture(scope="module")
def queries(shared: Path) -> pl.DataFrame:
    """500 names of b1 and what they are."""
    asked = pl.read_parquet(shared / DATA / "b1_queries_dev.parquet").sample(500, seed=3)
    return fold(asked, legal_forms(listed(shared))).with_row_index("mention")


@pytest.fixture(scope="module")
def register(shared: Path, queries: pl.DataFrame) -> pl.DataFrame:
    """6,000 real entities, folded, among them those that are asked for."""
    every = pl.read_parquet(shared / DATA / "register_gleif_399k.parquet", columns=["id", "name", "country"])
    wanted = every.join(queries, left_on="id", right_on="truth", how="semi")
    assert wanted.height > 200
    return fold(pl.concat([wanted, every.sample(6_000, seed=4)]).unique("id"), legal_forms(listed(shared)))


@pytest.fixture(scope="module")
def index(register: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Index:
    return build(register, tmp_path_factory.mktemp("made") / "index", **VERSIONS)


@pytest.fixture(scope="module")
def found(queries: pl.DataFrame, index: Index) -> pl.DataFrame:
    return candidates(queries, index)


def ids(found: pl.DataFrame, index: Index) -> pl.DataFrame:
    return found.with_columns(index.rows(found["entity"], "id")).drop("entity").sort("mention", "id")


def plain(names: list[tuple[str, str | None]]) -> pl.DataFrame:
    frame = pl.DataFrame(names, schema={"name": pl.String, "country": pl.String}, orient="row")
    return frame.with_columns(words="name", core="name")


def test_recall_on_real_names(queries: pl.DataFrame, found: pl.DataFrame, index: Index) -> None:
    known = queries.filter(pl.col("truth").is_not_null())
    assert known.height > 200
    hit = known.join(ids(found, index), left_on=["mention", "truth"], right_on=["mention", "id"], how="semi")
    assert hit.height / known.height >= MEASURED - 0.01


def test_each_way_finds_what_it_is_for(found: pl.DataFrame, queries: pl.DataFrame, index: Index) -> None:
    for way, column in ((TRIGRAMS, "by_trigrams"), (WORDS, "by_words"), (COUNTRY, "by_country")):
        sizes = found.filter(column).group_by("mention").len()["len"]
        assert len(sizes) > 400
        assert sizes.max() == way.kept
    assert found.select(pl.any_horizontal("by_trigrams", "by_words", "by_country").all()).item()
    assert found.equals(found.unique(["mention", "entity"]).sort("mention", "entity"))
    home = found.filter("by_country").join(queries.select("mention", "country"), on="mention")
    assert home["country"].equals(index.rows(home["entity"], "country")["country"])


def test_the_same_for_any_shards_order_and_threads(queries: pl.DataFrame, found: pl.DataFrame, index: Index) -> None:
    parts = [candidates(queries.filter(pl.col("mention") % 4 == shard), index) for shard in range(4)]
    assert pl.concat(parts).sort("mention", "entity").equals(found)
    assert candidates(queries.sample(fraction=1, shuffle=True, seed=5), index).equals(found)
    assert candidates(queries, index, threads=2).equals(found)


@pytest.mark.parametrize("block", [50, 701, 4096])
def test_the_same_for_any_block_size(
    register: pl.DataFrame, queries: pl.DataFrame, found: pl.DataFrame, index: Index, tmp_path: Path, block: int
) -> None:
    other = build(register, tmp_path / "index", **VERSIONS, block=block)
    assert len(other.header.edges) > len(index.header.edges)
    assert candidates(queries, other).equals(found)


@pytest.mark.parametrize("block", [7, 100, 1 << 17])
def test_ties_go_to_the_first_ids_however_many_there_are(tmp_path: Path, block: int) -> None:
    order = np.random.default_rng(6).permutation(300)
    names = plain([("acme holding", "DE" if number % 3 else "FR") for number in order])
    index = build(
        names.with_columns(id=pl.Series(order).cast(pl.String).str.zfill(3)), tmp_path / "i", **VERSIONS, block=block
    )
    found = ids(candidates(plain([("acme holding", "FR")]).with_row_index("mention"), index), index)
    for column, kept in (("by_trigrams", TRIGRAMS.kept), ("by_words", WORDS.kept)):
        assert found.filter(column)["id"].to_list() == [f"{number:03}" for number in range(kept)]
    assert found.filter("by_country")["id"].to_list() == [f"{number:03}" for number in range(0, 30, 3)]
    assert found["trigrams"].to_numpy() == pytest.approx(1, abs=1e-3)


def test_cosines_are_those_of_all_trigrams(found: pl.DataFrame, queries: pl.DataFrame, index: Index) -> None:
    """Against a computation in floats, name by name."""
    cores = index.entities["core"].to_pylist()
    held = Counter(gram for core in cores for gram in grams(core))
    rare = {gram: 1 + log(len(cores) / count) for gram, count in held.items()}
    most = 1 + log(len(cores))
    some = found.sample(200, seed=7)
    for mention, entity, told in some.select("mention", "entity", "trigrams").iter_rows():
        one, two = (
            {gram: count * rare.get(gram, most) for gram, count in grams(core).items()}
            for core in (queries["core"][mention], cores[entity])
        )
        product = sum(weight * two.get(gram, 0) for gram, weight in one.items())
        lengths = sqrt(sum(w * w for w in one.values()) * sum(w * w for w in two.values()))
        assert told == pytest.approx(product / lengths, abs=2e-3)


def grams(core: str) -> Counter[str]:
    padded = f" {core} "
    return Counter(padded[at : at + 3] for at in range(len(padded) - 2))


def test_names_that_hold_nothing_or_too_much(index: Index) -> None:
    """Empty, one letter, words that no entity has, 10,000 characters, a country that isn't there: nothing is raised."""
    names = [("", None), ("x", "FR"), ("qqzzxx wwvvkk", "US"), ("fund capital " * 800, "XX"), ("nan", "")]
    found = candidates(plain(names).with_row_index("mention"), index)
    assert 0 not in found["mention"]
    assert 3 in found["mention"]
    assert not found.filter(pl.col("mention").is_in([3, 4]))["by_country"].any()
    nothing = candidates(plain([("", None)]).with_row_index("mention"), index)
    assert (nothing.height, nothing.schema) == (0, found.schema)
    assert candidates(plain([]).with_row_index("mention"), index).schema == found.schema


def test_what_are_no_mentions_is_refused(index: Index) -> None:
    with pytest.raises(DataError, match="mentions: no column mention; found name, country, words, core"):
        candidates(plain([("a", None)]), index)
    twice = plain([("a", None), ("b", None)]).with_columns(mention=pl.lit(1))
    with pytest.raises(DataError, match="1 rows repeat a number in the column mention"):
        candidates(twice, index)
