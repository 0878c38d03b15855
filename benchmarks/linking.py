"""35,000 names linked to registers of 1 and 3 million: time, memory, shares, the bound and the peers in one run."""

import argparse
import hashlib
import io
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import polars as pl
from rich.progress import track

from include.matching.features import FEATURES
from include.matching.folding import fold
from include.matching.forms import legal_forms
from include.matching.index import open_index
from include.matching.mentions import mentions
from tests.conftest import SHARED
from tests.matching.elf import listed

from . import grown, table
from .linking_steps import SHARDS
from .matching import peers
from .matching.data import benchmark
from .pipeline import Cost
from .process import measured

ROWS = (1_000_000, 3_000_000)
NAMES = 35_000
SAMPLE = 2_000
WHOLE = ("string_grouper",)
"""Peers that are asked for all names, not for a sample."""
TUNING = ("b1", "b2", "b3")
CORES = os.cpu_count() or 1
BUILD_S = {3_000_000: "90"}
BOUNDS = {1_000_000: ("20", "2,000"), 3_000_000: ("60", "4,000")}
PARTS = {"fold": "folding", "candidates": "candidates", "sieved": "sieve", "scored": "features and score"}
PARTS |= {"reasons": "reasons in words", "rest": "the rest", "all": "all"}
PAIRS = {"sieved": "found", "scored": "kept", "all": "found"}
"""Which pairs a part of the work goes through: those found as candidates, or those that the sieve kept of them."""


def run(rows: Sequence[int] = ROWS, count: int = NAMES, others: bool = True) -> None:
    """Writes the sections on the speed of matching; `others`: beside peers, on the register of the first of `rows`."""
    costs: list[dict[str, str]] = []
    shares: list[dict[str, str]] = []
    beside: list[dict[str, str]] = []
    for number in rows:
        with tempfile.TemporaryDirectory(prefix="bench-", dir=os.environ.get("BENCH_WORK")) as folder:
            place = Path(folder)
            prepare(place, number, count)
            steps = ("index", "alone", f"whole {CORES}", "shards", "bound")
            taken = {step: _step(step, place) for step in track(steps, f"{number:,} entities", transient=True)}
            costs += _costs(place, number, count, taken)
            shares += _shares(place, number)
            if others and not beside:
                beside = _beside(place, number, taken[f"whole {CORES}"], taken["index"])
    table.write("Matching: speed and memory", costs, NOTE)
    table.write("Matching: where the time goes, on one core", shares, SHARES)
    if beside:
        table.write("Matching: speed of peers", beside, BESIDE)


NOTE = """\
The register is the real one of 399,203 entities, grown by seeded variation of its names (benchmarks/grown.py): it is
synthetic. The names are those of the tuning halves and others varied in the same way with another seed. Times are those
of whole processes, imports too; linked means searched, compared, scored, settled and given reasons, with the index in
the page cache. Peak MB: the highest sum of the proportional set sizes of all processes of a row, looked at every 0.2 s,
so that a page of the mapped index counts once, as far as it was read. Same bytes: as the pairs of the first row with
links, by SHA-256."""
SHARES = f"""\
CPU seconds of one process that compares all names, imports left out. Pairs a second: of those that the part goes
through, the ones found as candidates or the ones that the sieve keeps. The bound is rapidfuzz.process.cpdist with one
worker on folded names, on pairs that the sieve kept; ratio: to WRatio. Features and score are {len(FEATURES)} figures
a pair."""
BESIDE = """\
The same names and register in one run: all names, or an even sample where fewer are told. Times are those of whole
processes, from names and register to pairs with scores, so a peer that is asked for fewer names prepares the register
for fewer. Ratios: a peer's CPU seconds to ours for as many names, with a warm index, which the peers can't save, and
with the index built too. The peers' scripts are those of the table of their accuracy, with two folds; logic-v2 only
scores the candidates that ours found; emm and splink learn from those of the sample whose entity is known. A peer is
ended where it takes more than an hour or four fifths of the machine's memory."""


def prepare(place: Path, rows: int, count: int) -> None:
    """Writes the legal forms, the register, and the names: those of the tuning halves, then others varied anew."""
    listed(SHARED).write_parquet(place / "forms.parquet")
    grown.grow(rows).write_parquet(place / "register.parquet")
    asked = _asked().select("name", "country").sample(fraction=1, shuffle=True, seed=grown.SEED)
    real = pl.read_parquet(grown.REAL, columns=["id"]).height
    varied = grown.grow(real + count, seed=grown.SEED + 1)[real:].select("name", "country")
    names = pl.concat([asked, varied]).unique(maintain_order=True).head(count)
    names.write_parquet(place / "names.parquet")


def _asked() -> pl.DataFrame:
    """The names of the tuning halves with the ids of what they are."""
    text = [pl.col("name", "country").cast(pl.String), pl.col("truths").cast(pl.List(pl.String))]
    return pl.concat(benchmark(name).mentions.select(text) for name in TUNING)


def _step(what: str, place: Path) -> Cost:
    step, *others = what.split()
    return measured([sys.executable, "-m", "benchmarks.linking_steps", step, str(place), *others])


def _costs(place: Path, number: int, count: int, taken: dict[str, Cost]) -> list[dict[str, str]]:
    index, whole = _told(place, "index"), _told(place, "whole")
    bound, memory = BOUNDS.get(number, ("", ""))
    files = {"alone": ["alone"], "shards": [f"part {shard}" for shard in range(SHARDS)]}
    wanted = _digest(place, ["whole"])
    same = {what: "yes" if _digest(place, names) == wanted else "no" for what, names in files.items()}
    built = f"register folded ({index['fold']:.0f} s) and index built ({index['build']:.0f} s)"
    parts = f"compared in {whole['compare']:.1f} s, settled in {whole['settle']:.1f}, {whole['linked']:,} accepted"
    rows = (
        (built, taken["index"], BUILD_S.get(number, ""), "", ""),
        (f"{count:,} names linked by {CORES} processes ({parts})", taken[f"whole {CORES}"], bound, memory, ""),
        ("the same names compared, one process", taken["alone"], "", "", same["alone"]),
        (f"the same, {SHARDS} shards in {SHARDS} processes at once", taken["shards"], "", "", same["shards"]),
    )
    return [
        {"register": f"{number:,}", "what": what, "s": f"{cost.wall:.1f}", "bound s": seconds}
        | {"CPU s": f"{cost.cpu:.1f}", "peak MB": f"{cost.peak:,.0f}", "bound MB": megabytes, "same bytes": equal}
        for what, cost, seconds, megabytes, equal in rows
    ]


def _shares(place: Path, number: int) -> list[dict[str, str]]:
    spent, bound = _told(place, "alone"), _told(place, "bound")
    spent["rest"] = spent["all"] - sum(spent[part] for part in PARTS if part not in ("rest", "all"))
    rows = [
        _share(number, f"rapidfuzz {scorer}", "", "", speed, speed / bound["WRatio"]) for scorer, speed in bound.items()
    ]
    for part, what in PARTS.items():
        pairs = spent[PAIRS[part]] if part in PAIRS else 0
        speed = pairs / spent[part]
        share = f"{spent[part] / spent['all']:.0%}"
        rows.append(_share(number, what, f"{spent[part]:.1f}", share, speed, speed / bound["WRatio"]))
    return rows


def _share(number: int, what: str, spent: str, share: str, speed: float, ratio: float) -> dict[str, str]:
    return {"register": f"{number:,}", "what": what, "CPU s": spent, "share": share} | {
        "pairs a second": f"{speed:,.0f}" if speed else "",
        "ratio": f"{ratio:.2f}" if speed else "",
    }


def _beside(place: Path, number: int, whole: Cost, index: Cost) -> list[dict[str, str]]:
    asked, held, pairs = _for_peers(place)
    sample = asked.gather_every(max(1, asked.height // SAMPLE)).head(SAMPLE)
    ours = {asked.height: (whole, whole + index)}
    if sample.height < asked.height:
        fewer = _linked(place, sample)
        ours[sample.height] = (fewer, fewer + index)
    rows = []
    for height, costs in ours.items():
        for method, cost in zip(("ours, index warm", "ours, index built too"), costs, strict=True):
            rows.append(_row(number, method, height, cost))
    for method, peer in track(peers.PEERS.items(), "Peers", transient=True):
        names = asked if peer in WHOLE else sample
        try:
            _, cost = peers.found(peer, names, held, pairs.join(names, on="mention", how="semi"))
            warm, built = (f"{cost.cpu / one.cpu:.1f}" for one in ours[names.height])
            rows.append(_row(number, method, names.height, cost) | {"ratio, warm": warm, "ratio, built": built})
        except RuntimeError as problem:
            rows.append({"register": f"{number:,}", "method": method, "names": f"could not be run: {problem}"})
    return rows


def _linked(place: Path, names: pl.DataFrame) -> Cost:
    """What it costs us to link these names only, with a warm index."""
    fewer = place / "fewer"
    fewer.mkdir()
    for name in ("index", "forms.parquet"):
        (fewer / name).symlink_to(place / name)
    names.select("name", "country").write_parquet(fewer / "names.parquet")
    return _step(f"whole {CORES}", fewer)


def _row(number: int, method: str, names: int, cost: Cost) -> dict[str, str]:
    told = {"register": f"{number:,}", "method": method, "names": f"{names:,}", "s": f"{cost.wall:.1f}"}
    told |= {"CPU s": f"{cost.cpu:.1f}", "names a CPU second": f"{names / cost.cpu:,.0f}"}
    return told | {"ratio, warm": "", "ratio, built": "", "peak MB": f"{cost.peak:,.0f}"}


def _for_peers(place: Path) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Names with what is known of them and two folds, the register, and the pairs that our sieve kept."""
    known = _asked().filter(pl.col("truths").list.len() > 0).unique(["name", "country"], maintain_order=True)
    names = mentions(pl.read_parquet(place / "names.parquet")).frame.select("mention", "name", "country")
    asked = names.join(known, on=["name", "country"], how="left", nulls_equal=True, maintain_order="left")
    asked = fold(asked, legal_forms(pl.read_parquet(place / "forms.parquet"))).with_columns(fold=pl.col("mention") % 2)
    held = pl.DataFrame(open_index(place / "index").entities).with_row_index("entity")
    return asked, held, pl.read_ipc(place / "kept.arrow")


def _digest(place: Path, names: list[str]) -> str:
    """Of the pairs in all these files, written as one Parquet file."""
    file = io.BytesIO()
    pl.concat([pl.read_ipc(place / f"{name}.arrow") for name in names]).rechunk().write_parquet(file)
    return hashlib.sha256(file.getvalue()).hexdigest()


def _told(place: Path, step: str) -> dict[str, float]:
    figures: dict[str, float] = json.loads((place / f"{step}.json").read_text())
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.linking", description=__doc__)
    parser.add_argument("--ours", action="store_true", help="leave the peers out")
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS, help="sizes of registers")
    parser.add_argument("--names", type=int, default=NAMES, help="how many names")
    given = parser.parse_args()
    run(given.rows, given.names, others=not given.ours)
