"""Real names of b1 and a register of real entities in which they can be found."""

from pathlib import Path

import polars as pl

from include.matching import model
from include.matching.folding import fold
from include.matching.forms import Forms, legal_forms
from include.matching.index import build
from include.matching.match import Matcher
from tests.matching.elf import listed

DATA = "entity_matching"


def names(shared: Path, count: int) -> pl.DataFrame:
    """Names of b1 with what they are: name, country, truth."""
    return pl.read_parquet(shared / DATA / "b1_queries_dev.parquet").sample(count, seed=7)


def entities(shared: Path, asked: pl.DataFrame, others: int) -> pl.DataFrame:
    """Those that are asked for, and `others`."""
    every = pl.read_parquet(shared / DATA / "register_gleif_399k.parquet")
    wanted = every.join(asked, left_on="id", right_on="truth", how="semi")
    return pl.concat([wanted, every.sample(others, seed=8)]).unique("id").sort("id")


def matcher(register: pl.DataFrame, folder: Path, forms: Forms, version: str = "v1") -> Matcher:
    index = build(fold(register, forms), folder, register=version, folding=forms.digest)
    return Matcher(index, forms, model.read(Path(model.__file__).with_name("model.json")))


def all_forms(shared: Path) -> Forms:
    return legal_forms(listed(shared))
