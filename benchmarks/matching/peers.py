"""Peers on the same names and registers: `python -m benchmarks.matching.peers [rapidfuzz] [string_grouper]`."""

import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
from rapidfuzz import fuzz, process

from include.matching.folding import fold
from include.matching.forms import Forms, legal_forms
from tests.conftest import SHARED
from tests.matching.elf import listed

from .. import table
from . import measures
from .data import Benchmark, benchmark

_MEASURED = ("b1", "b2", "b3")
_BLOCK = 64
_NOTE = "Folded names of the tuning halves, whole: a peer without training has no folds to keep apart."
_STRING_GROUPER = "string-grouper==0.8.0"
_SCRIPT = """
import sys
import pandas
from string_grouper import match_strings
folder = sys.argv[1]
held, asked = (pandas.read_csv(f"{folder}/{name}.csv", keep_default_na=False) for name in ("held", "asked"))
found = match_strings(held["name"], asked["name"], min_similarity=0.3, max_n_matches=20, number_of_processes=1)
found.to_csv(f"{folder}/found.csv", index=False)
"""


def rapidfuzz(made: Benchmark, forms: Forms) -> pl.DataFrame:
    """The register's name with the highest fuzz.ratio of folded names, of all; ties by the register's order."""
    asked, held = (fold(frame, forms)["core"].to_list() for frame in (made.mentions, made.register))
    best, scores = [], []
    for first in range(0, len(asked), _BLOCK):
        block = process.cdist(asked[first : first + _BLOCK], held, scorer=fuzz.ratio, workers=1, dtype=np.float32)
        best += block.argmax(axis=1).tolist()
        scores += block.max(axis=1).tolist()
    return pl.DataFrame({"mention": made.mentions["mention"], "entity": best, "score": scores})


def string_grouper(made: Benchmark, forms: Forms) -> pl.DataFrame:
    """The name with the highest cosine of trigrams by string_grouper 0.8, of folded names."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for name, frame in (("held", made.register), ("asked", made.mentions)):
            fold(frame, forms).select(name="core").write_csv(home / f"{name}.csv")
        subprocess.run([_python(), "-c", _SCRIPT, folder], check=True)
        found = pl.read_csv(home / "found.csv").sort("similarity", "left_index", descending=[True, False])
    pairs = found.select(mention=pl.col("right_index").cast(pl.UInt32), entity="left_index", score="similarity")
    return pairs.unique("mention", keep="first", maintain_order=True)


@cache
def _python() -> str:
    """An interpreter in an environment of its own that has string_grouper."""
    home = Path(tempfile.mkdtemp(prefix="string_grouper-"))
    venv.create(home, with_pip=True)
    python = str(home / "bin/python")
    subprocess.run([python, "-m", "pip", "install", "-q", _STRING_GROUPER], check=True)
    return python


PEERS: dict[str, Callable[[Benchmark, Forms], pl.DataFrame]] = {
    "rapidfuzz": rapidfuzz,
    "string_grouper": string_grouper,
}


def run(names: list[str]) -> None:
    """Measure the peers `names`, all where there are none, and write a table for each."""
    for peer in names or PEERS:
        rows = [row for name in _MEASURED for row in _rows(peer, benchmark(name))]
        table.write(f"Matching: {peer}", rows, _NOTE)


def _rows(peer: str, made: Benchmark) -> list[dict[str, str]]:
    found = measures.best(_judged(PEERS[peer](made, legal_forms(listed(SHARED))), made), made.mentions)
    parts = {made.name: found, f"{made.name}, hard": found.filter(pl.col("kind") == "hard")}
    unwanted = ("precision", "recall")  # at a score of one half, which means nothing for a similarity
    measured = {part: measures.row(frame) for part, frame in parts.items()}
    return [
        {"benchmark": part} | {name: value for name, value in row.items() if name not in unwanted}
        for part, row in measured.items()
    ]


def _judged(found: pl.DataFrame, made: Benchmark) -> pl.DataFrame:
    truths = made.mentions.select("mention", id="truths").explode("id").drop_nulls().with_columns(right=1)
    told = found.with_columns(id=made.register["id"].gather(found["entity"]))
    judged = told.join(truths, on=["mention", "id"], how="left").with_columns(pl.col("right").fill_null(0))
    return judged.with_columns(pl.col("score").cast(pl.Float64))


if __name__ == "__main__":
    run(sys.argv[1:])
