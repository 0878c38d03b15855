"""Peers on the same names and registers: `python -m benchmarks.matching.peers [rapidfuzz] [string_grouper]`."""

import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
from rapidfuzz import fuzz, process

from include.matching.folding import fold
from include.matching.forms import Forms, legal_forms

from .. import table
from . import measures
from .data import Benchmark, benchmark, listed_forms

_MEASURED = ("b1", "b2", "b3")
_BLOCK = 64
_STRING_GROUPER = "string-grouper==0.8.0"
_SCRIPT = """
import sys
import pandas
from string_grouper import match_strings
folder = sys.argv[1]
held, asked = (pandas.read_csv(f"{folder}/{name}.csv", keep_default_na=False) for name in ("held", "asked"))
found = match_strings(held["name"], asked["name"], min_similarity=0.3, max_n_matches=1, number_of_processes=1)
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


def string_grouper(made: Benchmark, _: Forms) -> pl.DataFrame:
    """The most similar name by string_grouper 0.8 (cosine of trigrams), of names in lower case as it folds them."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        venv.create(home / "venv", with_pip=True)
        python = str(home / "venv/bin/python")
        subprocess.run([python, "-m", "pip", "install", "-q", _STRING_GROUPER], check=True)
        made.register.select("name").write_csv(home / "held.csv")
        made.mentions.select("name").write_csv(home / "asked.csv")
        subprocess.run([python, "-c", _SCRIPT, folder], check=True)
        found = pl.read_csv(home / "found.csv")
    places = {
        name: [column for column in found.columns if column.endswith("index") and name in column]
        for name in ("left", "right")
    }
    return found.select(
        mention=pl.col(places["right"][0]).cast(pl.UInt32), entity=places["left"][0], score=pl.col("similarity")
    )


PEERS: dict[str, Callable[[Benchmark, Forms], pl.DataFrame]] = {
    "rapidfuzz": rapidfuzz,
    "string_grouper": string_grouper,
}


def run(names: list[str]) -> None:
    """Measure the peers `names`, all where there are none, and write their table."""
    forms, rows = legal_forms(listed_forms()), []
    for peer in names or PEERS:
        for name in _MEASURED:
            made = benchmark(name)
            found = measures.best(_judged(PEERS[peer](made, forms), made), made.mentions)
            rows.append({"peer": peer, "benchmark": name} | measures.row(found))
            if name == "b2":
                hard = found.filter(pl.col("kind") == "hard")
                rows.append({"peer": peer, "benchmark": "b2, hard"} | measures.row(hard))
    shown = [{key: value for key, value in row.items() if key not in ("precision", "recall")} for row in rows]
    table.write("Matching: peers", shown, "Tuning halves, whole: a peer without training has no folds to keep apart.")


def _judged(found: pl.DataFrame, made: Benchmark) -> pl.DataFrame:
    truths = made.mentions.select("mention", id="truths").explode("id").drop_nulls().with_columns(right=1)
    told = found.with_columns(id=made.register["id"].gather(found["entity"]))
    judged = told.join(truths, on=["mention", "id"], how="left").with_columns(pl.col("right").fill_null(0))
    return judged.with_columns(pl.col("score").cast(pl.Float64))


if __name__ == "__main__":
    run(sys.argv[1:])
