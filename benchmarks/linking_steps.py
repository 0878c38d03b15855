"""`python -m benchmarks.linking_steps STEP FOLDER …`: one step of linking.py, in a process of its own."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
from rapidfuzz import fuzz, process

from include.matching import match, model
from include.matching.folding import fold
from include.matching.forms import Forms, legal_forms
from include.matching.index import build, open_index
from include.matching.mentions import mentions, shard
from include.matching.parallel import compare_by
from include.matching.settle import settle

MODEL = Path(__file__).parents[1] / "include/matching/model.json"
ACCEPT, REVIEW = 0.95, 0.3
SHARDS = 4
COMPARED = 500_000
"""Candidate pairs by which the bound is measured."""


def index(place: Path) -> None:
    forms = _forms(place)
    began = time.perf_counter()
    folded = fold(pl.read_parquet(place / "register.parquet"), forms)
    between = time.perf_counter()
    build(folded, place / "index", register="grown", folding=forms.digest)
    _tell(place, "index", fold=between - began, build=time.perf_counter() - between)


def whole(place: Path, cores: int) -> None:
    """Names to settled matches, by `cores` processes; the parts' times are told."""
    matcher, names = _opened(place)
    began = time.perf_counter()
    pairs = compare_by(cores, names, matcher, review=REVIEW)
    between = time.perf_counter()
    settled = settle(names, pairs, matcher, accept=ACCEPT, review=REVIEW)
    linked = settled.matches.filter(pl.col("decision") == "accept").height
    _tell(place, "whole", compare=between - began, settle=time.perf_counter() - between, linked=linked)
    pairs.write_ipc(place / "whole.arrow")


def alone(place: Path) -> None:
    """The pairs by one process with one thread a search, and how long each part of the work takes."""
    spent: dict[str, float] = {}
    found: list[pl.DataFrame] = []

    def timed(name: str) -> None:
        inner: Callable[..., Any] = getattr(match, name)

        def outer(*given: Any, **named: Any) -> Any:
            began = time.process_time()
            told = inner(*given, **named)
            spent[name] = spent.get(name, 0) + time.process_time() - began
            if name in ("candidates", "likely"):
                found.append(told.select("mention", "entity", among=pl.lit(name)))
            return told

        setattr(match, name, outer)

    for name in ("fold", "candidates", "sieved", "likely", "scored", "reasons"):
        timed(name)
    matcher, names = _opened(place)
    began = time.process_time()
    match.compare(names, matcher, review=REVIEW).write_ipc(place / "alone.arrow")
    spent["all"] = time.process_time() - began
    pairs = pl.concat(found)
    kept = pairs.filter(pl.col("among") == "likely").drop("among")
    kept.write_ipc(place / "kept.arrow")
    _tell(place, "alone", **spent, found=pairs.height - kept.height, kept=kept.height)


def shards(place: Path) -> None:
    """SHARDS processes at once, each with its part of the names."""
    command = [sys.executable, "-m", "benchmarks.linking_steps", "part", str(place)]
    running = [subprocess.Popen([*command, str(number)]) for number in range(SHARDS)]
    ends = [one.wait() for one in running]
    sys.exit(int(any(ends)))


def part(place: Path, number: int) -> None:
    matcher, names = _opened(place)
    match.compare(shard(names, number, SHARDS), matcher, review=REVIEW).write_ipc(place / f"part {number}.arrow")


def bound(place: Path) -> None:
    """Pairs a second of rapidfuzz on one core: the cores of names and candidates, the very pairs that we score."""
    matcher, names = _opened(place)
    pairs = pl.read_ipc(place / "kept.arrow").sort("mention", "entity").head(COMPARED)
    cores = fold(names.select("name", "country"), matcher.forms)["core"]
    one = cores.gather(pairs["mention"]).to_list()
    two = matcher.index.rows(pairs["entity"], "core")["core"].to_list()
    told = {}
    for scorer in (fuzz.ratio, fuzz.token_set_ratio, fuzz.WRatio):
        began = time.process_time()
        process.cpdist(one, two, scorer=scorer, workers=1)
        told[scorer.__name__] = len(one) / (time.process_time() - began)
    _tell(place, "bound", **told)


def _opened(place: Path) -> tuple[match.Matcher, pl.DataFrame]:
    matcher = match.Matcher(open_index(place / "index"), _forms(place), model.read(MODEL))
    return matcher, mentions(pl.read_parquet(place / "names.parquet")).frame


def _forms(place: Path) -> Forms:
    return legal_forms(pl.read_parquet(place / "forms.parquet"))


def _tell(place: Path, step: str, **figures: float) -> None:
    (place / f"{step}.json").write_text(json.dumps(figures))


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]), *map(int, sys.argv[3:]))
