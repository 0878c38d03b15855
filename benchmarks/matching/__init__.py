"""Accuracy of matching on the tuning halves: cross-validated by entity, one model for all, a table for README.md."""

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
from include.matching.forms import legal_forms
from include.matching.index import build
from include.matching.model import text
from include.matching.training import Labels, entity_groups, trained
from tests.conftest import SHARED
from tests.matching.elf import listed

from .. import table
from . import measures
from .data import NAMES, benchmark

MODEL = Path(__file__).parents[2] / "include/matching/model.json"
_FEW = 100
"""Groups of fewer names are told together."""


@dataclass(frozen=True)
class Labelled:
    """Mentions of all benchmarks with numbers of their own, and their pairs with features and right (1 or 0)."""

    mentions: pl.DataFrame
    pairs: pl.DataFrame
    groups: Labels
    """Of each pair: mentions that share an entity or a folded name are one."""


def run(train: bool = False) -> None:
    """Measure, and write the tables; `train` replaces the model with one of all benchmarks."""
    labelled = _labelled()
    learnt = trained(labelled.pairs, labelled.pairs["right"].to_numpy(), labelled.groups)
    if train:
        MODEL.write_text(text(learnt.model), "utf-8")
    scored = labelled.pairs.select("mention", "entity", "right", "meant").with_columns(score=pl.Series(learnt.scores))
    found = measures.best(scored, labelled.mentions)
    paired = measures.best(scored.filter("meant"), labelled.mentions).filter(pl.col("benchmark") == "pudl")
    among = {"benchmark": "pudl", "part": "among the pairs"} | measures.row(paired)
    note = (
        "Tuning halves; five-fold cross-validation, no entity and no folded name in two folds; one pooled model, "
        f"{learnt.model.digest}. R1: share of names with an entity whose best candidate is right; precision and recall "
        "at a score of one half; F1 at its best threshold; 95 % intervals by bootstrap over names. pudl: names of FERC "
        "against all 15,943 utilities of EIA, some of which are listed twice under another number; among the pairs: "
        "the utilities that a name of FERC means."
    )
    table.write("Matching: accuracy", [*_rows(found), among], note)
    table.write("Matching: calibration", measures.calibration(found), "Best candidates of all benchmarks together.")


def _labelled() -> Labelled:
    forms = legal_forms(listed(SHARED))
    mentions, pairs, first = [], [], 0
    for name in track(NAMES, "Comparing", transient=True):
        made = benchmark(name)
        asked = fold(made.mentions, forms)
        with TemporaryDirectory(prefix="bench-") as folder:
            index = build(fold(made.register, forms), Path(folder) / name, register=name, folding=forms.digest)
            register = pl.DataFrame(index.entities)
            found = candidates(asked, index).select("mention", "entity")
        told = features(asked, register, found, frequencies(register))
        right = asked.select("mention", id="truths").explode("id").drop_nulls().with_columns(right=1)
        told = told.with_columns(id=register["id"].gather(told["entity"])).join(
            right, on=["mention", "id"], how="left", maintain_order="left"
        )
        meant = pl.col("id").is_in(right["id"].unique().implode()).alias("meant")
        number = pl.col("mention").cast(pl.Int64) + first
        pairs.append(told.with_columns(number, meant, pl.col("right").fill_null(0).cast(pl.Int64)).drop("id"))
        mentions.append(asked.with_columns(number, pl.col("truths").cast(pl.List(pl.String)), benchmark=pl.lit(name)))
        first += asked.height
    every = pl.concat(mentions, how="diagonal")
    told = pl.concat(pairs)
    groups = entity_groups(every["core"].to_list(), every["truths"].to_list())
    return Labelled(every, told, groups[np.asarray(told["mention"])])


def _rows(found: pl.DataFrame) -> list[dict[str, str]]:
    rows = []
    for name in NAMES:
        part = found.filter(pl.col("benchmark") == name)
        rows.append({"benchmark": name, "part": "all"} | measures.row(part))
        for label, group in _parts(part):
            rows.append({"benchmark": name, "part": label} | measures.row(group))
    return rows


def _parts(part: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """By kind, country and script, where a part has enough names and is not all of them."""
    countries = part.group_by("country").len().filter(pl.col("len") >= _FEW)["country"].drop_nulls().sort()
    foreign = pl.col("name").str.contains(r"[^\x00-\x7F]")
    parts = [("hard", part.filter(pl.col("kind") == "hard")), ("letters beyond ASCII", part.filter(foreign))]
    parts += [(country, part.filter(pl.col("country") == country)) for country in countries]
    others = part.filter(pl.col("country").is_not_null(), pl.col("country").is_in(countries.implode()).not_())
    parts.append(("other countries", others))
    return [(label, group) for label, group in parts if _FEW // 4 <= group.height < part.height]
