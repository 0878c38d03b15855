"""The index: the same bytes for the same register, extended as if it were new, and refused when it is another."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from include.errors import DataError, EnvironmentFault
from include.matching.index import build, extend, open_index, unknown_rows

COLUMNS = ["id", "name", "country"]
ROWS = 3_000
VERSIONS = {"register": "v1", "folding": "f1"}


def folded(register: pl.DataFrame) -> pl.DataFrame:
    """What folding gives, in its simplest form."""
    words = pl.col("name").str.to_lowercase().str.replace_all("[^a-z0-9]+", " ").str.strip_chars()
    return register.with_columns(words=words).with_columns(core=pl.col("words").str.replace(r"( \w+)$", ""))


@pytest.fixture(scope="module")
def register(shared: Path) -> pl.DataFrame:
    file = shared / "entity_matching" / "register_gleif_399k.parquet"
    return pl.read_parquet(file, columns=COLUMNS).sample(ROWS, seed=1)


def content(folder: Path) -> dict[str, bytes]:
    files = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert len(files) > 20
    return files


def test_the_same_bytes_for_any_order_of_rows(register: pl.DataFrame, tmp_path: Path) -> None:
    build(folded(register), tmp_path / "one", **VERSIONS)
    build(folded(register.sample(fraction=1, shuffle=True, seed=2)), tmp_path / "two", **VERSIONS)
    assert content(tmp_path / "one") == content(tmp_path / "two")


def test_rows_keep_all_that_they_came_with(register: pl.DataFrame, tmp_path: Path) -> None:
    index = build(folded(register), tmp_path / "index", **VERSIONS)
    every = index.rows(pl.Series(np.arange(ROWS, dtype=np.uint32)))
    assert every.sort("id").equals(folded(register).sort("id"))
    assert every["country"].equals(every.sort("country", nulls_last=True)["country"])
    assert index.rows(pl.Series([5, 2]), "id")["id"].to_list() == [every["id"][5], every["id"][2]]
    country, first, last = index.header.countries[3]
    assert every["country"][first:last].unique().to_list() == [country]


def test_weights_are_cosines_of_counts_and_rarity(tmp_path: Path) -> None:
    """Three names: 'ab' is in all (rarity 1), 'cd' in one (ln 3 + 1)."""
    rows = [("A", "ab", "FR", "ab", "ab"), ("B", "ab cd", "FR", "ab cd", "ab cd"), ("C", "ab", "DE", "ab", "ab")]
    given = pl.DataFrame(rows, schema=[*COLUMNS, "words", "core"], orient="row")
    index = build(given, tmp_path / "index", **VERSIONS)
    assert index.vocabulary.to_list() == ["ab", "cd"]
    (place,) = np.flatnonzero(pl.Series(index.entities["id"]).to_numpy() == "B")
    held = index.words.weights[index.words.starts[place] : index.words.starts[place + 1]] / (2**15 - 1)
    rare = np.log(3) + 1
    assert held == pytest.approx(np.array([1, rare]) / np.hypot(1, rare), abs=1e-3)


@pytest.mark.parametrize("block", [100, 1 << 17])
def test_extended_is_the_same_as_built_anew(register: pl.DataFrame, tmp_path: Path, block: int) -> None:
    """Rows that came, went and changed."""
    old = register.head(ROWS - 300)
    changed = pl.when(pl.col("id") == register["id"][700]).then(pl.lit("Another Name Ltd")).otherwise("name")
    new = register.slice(200).with_columns(changed.alias("name"))
    index = build(folded(old), tmp_path / "old", register="v0", folding="f1", block=block)
    unknown = unknown_rows(index, new)
    assert unknown.height == 301
    extend(index, new, folded(unknown), tmp_path / "extended", version="v1", folding="f1")
    build(folded(new), tmp_path / "anew", **VERSIONS, block=block)
    assert content(tmp_path / "extended") == content(tmp_path / "anew")


def test_what_cannot_be_extended_says_why(register: pl.DataFrame, tmp_path: Path) -> None:
    index = build(folded(register.head(100)), tmp_path / "index", **VERSIONS)
    new = register.head(103)
    missing = folded(unknown_rows(index, new))
    with pytest.raises(EnvironmentFault, match=r"folded by version 'f1', new ones by 'f2'.*Build the index again"):
        extend(index, new, missing, tmp_path / "x", version="v2", folding="f2")
    with pytest.raises(EnvironmentFault, match=r"its columns are .*Build the index again"):
        extend(index, new, missing.with_columns(form=pl.lit("")), tmp_path / "x", version="v2", folding="f1")
    with pytest.raises(DataError, match="100 rows of the index and 2 new ones don't make the register's 103; 1 are"):
        extend(index, new, missing.head(2), tmp_path / "x", version="v2", folding="f1")
    with pytest.raises(EnvironmentFault, match="no column status, which the register has"):
        unknown_rows(index, new.with_columns(status=pl.lit("ACTIVE")))
    assert not (tmp_path / "x").exists()


def test_an_index_of_another_version_is_refused(register: pl.DataFrame, tmp_path: Path) -> None:
    """Fault: an index of another register version."""
    build(folded(register.head(100)), tmp_path / "index", **VERSIONS)
    assert open_index(tmp_path / "index", **VERSIONS).header.entities == 100
    with pytest.raises(EnvironmentFault) as raised:
        open_index(tmp_path / "index", register="v2", folding="f2")
    begin, end = f"{tmp_path}/index: it is the index of ", "is asked for. Build the index again."
    assert raised.value.problems == (
        f"{begin}the register's version 'v1', and 'v2' {end}",
        f"{begin}names folded by version 'f1', and 'f2' {end}",
    )


def test_a_damaged_index_is_refused(register: pl.DataFrame, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    build(folded(register.head(100)), folder, **VERSIONS)
    (folder / "trigrams" / "rows.npy").write_bytes(b"short")
    (folder / "rank.npy").unlink()
    with pytest.raises(EnvironmentFault) as raised:
        open_index(folder)
    assert "trigrams/rows.npy: 5 bytes, and" in str(raised.value)
    assert "rank.npy: no bytes, and" in str(raised.value)
    told = json.loads((folder / "index.json").read_text())
    (folder / "index.json").write_text(json.dumps({**told, "format": 0}))
    with pytest.raises(EnvironmentFault, match="an index of format 0; this code reads 2"):
        open_index(folder)
    (folder / "index.json").write_text("{")
    with pytest.raises(EnvironmentFault, match="not JSON"):
        open_index(folder)
    with pytest.raises(EnvironmentFault, match="no index of a register is there"):
        open_index(tmp_path / "nowhere")


def test_an_unchecked_register_is_refused(register: pl.DataFrame, tmp_path: Path) -> None:
    """Fault: a register with repeated LEIs or none, straight to the index."""
    few = folded(register.head(3))
    for given, said in (
        (pl.concat([few, few.head(1)]), "1 rows repeat an id"),
        (few.with_columns(id=pl.lit(None, pl.String)), "3 rows have no id"),
        (few.head(0), "no rows"),
        (few.drop("core"), "no column core"),
    ):
        with pytest.raises(DataError, match=said):
            build(given, tmp_path / "index", **VERSIONS)
    assert not list(tmp_path.iterdir())
