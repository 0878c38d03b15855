"""The names of all benchmarks with their folds, and their candidates compared, each labelled right or wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
from rich.progress import track

from include.matching.alignment import frequencies
from include.matching.candidates import candidates
from include.matching.features import features
from include.matching.folding import fold
from include.matching.forms import Forms, legal_forms
from include.matching.index import build
from include.matching.sieve import sieved
from include.matching.training import FOLDS, Labels, entity_groups, folds_of
from tests.conftest import SHARED
from tests.matching.elf import listed

from .data import NAMES, benchmark


@dataclass(frozen=True)
class Labelled:
    """Mentions of all benchmarks with numbers of their own, and their pairs with features and right (1 or 0).

    Of a mention, found and kept tell whether an entity that it means is among the candidates, and among those that the
    sieve keeps.
    """

    mentions: pl.DataFrame
    pairs: pl.DataFrame
    registers: dict[str, pl.DataFrame]
    """Folded, each row with its number entity."""

    @property
    def groups(self) -> Labels:
        """Of each pair: mentions that share an entity or a folded name, directly or through others, are one."""
        numbers = self.mentions["group"].to_numpy()
        return np.asarray(numbers[self.pairs["mention"].to_numpy()], dtype=np.int64)


def labelled() -> Labelled:
    """All benchmarks; a mention's number is its row."""
    forms = legal_forms(listed(SHARED))
    mentions, pairs, registers, first = [], [], {}, 0
    for name, asked, register, told in track(_compared(forms), "Comparing", total=len(NAMES), transient=True):
        number = pl.col("mention") + pl.lit(first, pl.UInt32)
        mentions.append(asked.with_columns(number, pl.col("truths").cast(pl.List(pl.String)), benchmark=pl.lit(name)))
        pairs.append(told.with_columns(number))
        registers[name] = register
        first += asked.height
    every = pl.concat(mentions, how="diagonal")
    groups = entity_groups(every["core"].to_list(), every["truths"].to_list())
    every = every.with_columns(group=pl.Series(groups), fold=pl.Series(folds_of(groups, FOLDS)))
    return Labelled(every, pl.concat(pairs), registers)


def _compared(forms: Forms) -> Iterator[tuple[str, pl.DataFrame, pl.DataFrame, pl.DataFrame]]:
    for name in NAMES:
        made = benchmark(name)
        asked = fold(made.mentions, forms)
        with TemporaryDirectory(prefix="bench-") as folder:
            index = build(fold(made.register, forms), Path(folder) / name, register=name, folding=forms.digest)
            register = pl.DataFrame(index.entities).with_row_index("entity")
            found = candidates(asked, index)
        kept = sieved(found, asked, register).select("mention", "entity")
        asked = asked.with_columns(found=_among(found, asked, register), kept=_among(kept, asked, register))
        yield name, asked, register, _judged(features(asked, register, kept, frequencies(register)), asked, register)


def _among(pairs: pl.DataFrame, asked: pl.DataFrame, register: pl.DataFrame) -> pl.Series:
    """Whether an entity that a name means is in `pairs`."""
    truths = asked.select("mention", id="truths").explode("id").drop_nulls()
    hit = pairs.select("mention", id=register["id"].gather(pairs["entity"])).join(truths, on=["mention", "id"])
    return asked["mention"].is_in(hit["mention"].implode())


def _judged(pairs: pl.DataFrame, asked: pl.DataFrame, register: pl.DataFrame) -> pl.DataFrame:
    """With right (1 or 0) and meant: whether any name of the benchmark means the entity."""
    right = asked.select("mention", id="truths").explode("id").drop_nulls().with_columns(right=1)
    told = pairs.with_columns(id=register["id"].gather(pairs["entity"]))
    told = told.join(right, on=["mention", "id"], how="left", maintain_order="left")
    meant = pl.col("id").is_in(right["id"].unique().implode()).alias("meant")
    return told.with_columns(meant, pl.col("right").fill_null(0).cast(pl.Int64)).drop("id")
