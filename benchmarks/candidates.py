"""Candidates of 35,000 names in registers of 1 and 3 million: index, search, memory, and the bound of comparing."""

import hashlib
import os
import sys
import tempfile
import time
from pathlib import Path

import polars as pl
from rapidfuzz import fuzz, process

from include.matching.candidates import candidates
from include.matching.folding import fold
from include.matching.forms import Forms, legal_forms
from include.matching.index import build, open_index
from tests.conftest import SHARED
from tests.matching.elf import listed

from . import grown, pipeline, table
from .pipeline import Cost

ROWS = (1_000_000, 3_000_000)
NAMES = 35_000
SHARDS = 4
STEP = 250_000
DATA = SHARED / "entity_matching"
TUNING = ("b1", "b2", "b3")
BUILD_S = {3_000_000: "90"}
BOUNDS = {1_000_000: ("20", "2,000"), 3_000_000: ("60", "4,000")}


def run() -> None:
    """Writes the sections on what candidates cost and on how many of the entities asked for are among them."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=os.environ.get("BENCH_WORK")) as folder:
        place = Path(folder)
        rows = []
        for number in map(int, os.environ.get("BENCH_ROWS", "").split() or ROWS):
            rows += _measured(place, number)
        _step("pairs", place, number)
        speed = float((place / "speed").read_text())
        rows.append({"register": "bound", "what": f"rapidfuzz ratio, one core: {speed:.1f} million pairs/s"})
        table.write("Candidates of legal entities", rows, NOTE)
        table.write(
            "Entities asked for that are among the candidates", [_recall(place, name) for name in TUNING], RECALL
        )


NOTE = f"""\
The register is the real one of 399,203 entities, grown by seeded variation of its names (benchmarks/grown.py): it is
synthetic. {NAMES:,} names: those of the tuning halves, and others varied in the same way with another seed. Times are
those of whole processes, imports too; a search's bounds are those of candidates and scores together. Peak memory counts
pages of the mapped index as far as they were read; shards in processes share these."""
RECALL = "On the tuning halves with the whole real register, from which each takes away and to which it adds its own."


def _measured(place: Path, number: int) -> list[dict[str, object]]:
    costs = {what: _step(what, place, number) for what in ("register", "index", "search 1", "search 2")}
    shards = [_step(f"shard {shard}", place, number) for shard in range(SHARDS)]
    whole = _digest([place / "search 1.arrow"])
    assert whole == _digest([place / "search 2.arrow"]), "threads change the candidates"
    assert whole == _digest([place / f"shard {shard}.arrow" for shard in range(SHARDS)]), "shards change the candidates"
    bound, memory = BOUNDS.get(number, ("", ""))
    return [
        _row(number, "index built, names folded before", costs["index"], BUILD_S.get(number, ""), ""),
        _row(number, f"{NAMES:,} names, one thread", costs["search 1"], "", memory),
        _row(number, f"{NAMES:,} names, two threads", costs["search 2"], bound, memory),
        _row(number, f"one of {SHARDS} shards, the same bytes", max(shards, key=lambda cost: cost.wall), "", ""),
    ]


def _row(number: int, what: str, cost: Cost, bound: str, memory: str) -> dict[str, object]:
    return {
        "register": f"{number:,}",
        "what": what,
        "s": f"{cost.wall:.1f}",
        "bound s": bound,
        "CPU s": f"{cost.cpu:.1f}",
        "peak MB": f"{cost.peak:,.0f}",
        "bound MB": memory,
    }


def _step(what: str, place: Path, number: int) -> Cost:
    """One of the steps below in a process of its own."""
    return pipeline._process([sys.executable, "-m", "benchmarks.candidates", what, str(place), str(number)])


def _digest(files: list[Path]) -> str:
    """Of the candidates in all `files`, written anew as one table."""
    together = pl.concat([pl.read_ipc(file) for file in files])
    return hashlib.sha256(together.rechunk().write_ipc(None).getvalue()).hexdigest()


def _register(place: Path, number: int) -> None:
    forms = legal_forms(listed(SHARED))
    _folded(grown.grow(number), forms).write_parquet(place / "register.parquet")
    asked = [pl.read_parquet(DATA / f"{name}_queries_dev.parquet", columns=["name", "country"]) for name in TUNING]
    names = pl.concat(asked).unique(maintain_order=True)
    real = pl.read_parquet(grown.REAL).height
    varied = grown.grow(real + NAMES - names.height, seed=grown.SEED + 1)[real:].select("name", "country")
    _folded(pl.concat([names, varied]), forms).with_row_index("mention").write_parquet(place / "names.parquet")


def _folded(frame: pl.DataFrame, forms: Forms) -> pl.DataFrame:
    return pl.concat([fold(part, forms) for part in frame.iter_slices(STEP)])


def _index(place: Path) -> None:
    build(pl.read_parquet(place / "register.parquet"), place / "index", register="grown", folding="as it stands")


def _search(place: Path, what: str) -> None:
    kind, number = what.split()
    names = pl.read_parquet(place / "names.parquet")
    if kind == "shard":
        size = -(-names.height // SHARDS)
        names = names.slice(int(number) * size, size)
    threads = int(number) if kind == "search" else 1
    candidates(names, open_index(place / "index"), threads).write_ipc(place / f"{what}.arrow")


def _pairs(place: Path) -> None:
    """How many pairs of cores rapidfuzz compares on one core, in millions a second."""
    found, names = pl.read_ipc(place / "search 1.arrow"), pl.read_parquet(place / "names.parquet")
    one = names["core"].gather(found["mention"]).to_list()
    two = open_index(place / "index").rows(found["entity"], "core")["core"].to_list()
    process.cpdist(one[:1000], two[:1000], scorer=fuzz.ratio, workers=1)
    began = time.perf_counter()
    process.cdist(one[:300], two[:200_000], scorer=fuzz.ratio, workers=1)
    (place / "speed").write_text(str(300 * 200_000 / (time.perf_counter() - began) / 1e6))


def _recall(place: Path, name: str) -> dict[str, object]:
    forms = legal_forms(listed(SHARED))
    away, more = (pl.read_parquet(DATA / f"{name}_ref_{which}.parquet") for which in ("removed_lei", "extra"))
    real = pl.read_parquet(grown.REAL, columns=["id", "name", "country"]).join(away, on="id", how="anti")
    register = fold(pl.concat([real, more.select(real.columns)]), forms)
    index = build(register, place / name, register=name, folding="as it stands")
    asked = pl.read_parquet(DATA / f"{name}_queries_dev.parquet").filter(pl.col("kind") != "ambig")
    truths = pl.col("truths") if "truths" in asked.columns else pl.concat_list("truth").alias("truths")
    asked = fold(asked.with_columns(pl.col("country").cast(pl.String), truths), forms).with_row_index("mention")
    found = candidates(asked, index)
    known = asked.explode("truths").drop_nulls("truths").select("mention", "kind", "truths")
    ids = found.select("mention", index.rows(found["entity"], "id")["id"])
    hit = known.join(ids, left_on=["mention", "truths"], right_on=["mention", "id"], how="semi")
    known, hit = known.unique("mention"), hit.unique("mention")
    hard, found_hard = known.filter(pl.col("kind") == "hard").height, hit.filter(pl.col("kind") == "hard").height
    return {
        "names": name,
        "with an entity": f"{known.height:,}",
        "found": f"{hit.height / known.height:.4f}",
        "hard ones": f"{hard:,}",
        "found of these": f"{found_hard / hard:.4f}",
        "candidates a name": f"{found.height / asked.height:.1f}",
    }


if __name__ == "__main__":
    what, place = sys.argv[1], Path(sys.argv[2])
    if what == "register":
        _register(place, int(sys.argv[3]))
    elif what == "index":
        _index(place)
    elif what == "pairs":
        _pairs(place)
    else:
        _search(place, what)
