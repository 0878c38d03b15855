"""Peers on the same names, registers and folds, each in an environment of its own built from a pinned list."""

import hashlib
import os
import sys
import tempfile
from pathlib import Path

import polars as pl
import psutil

from ...pipeline import Cost
from ...process import measured
from .. import measures

HOME = Path(__file__).parent
CACHE = HOME.parents[2] / ".commons/peers"
"""Where environments are built, one for each pinned list."""

PEERS = {
    "rapidfuzz ratio, all pairs": "rapidfuzz",
    "string_grouper 0.8": "string_grouper",
    "splink 5": "splink",
    "emm 2.1": "emm",
    "nomenklatura 4.17 logic-v2, our candidates": "nomenklatura",
}
"""What each is called in a table, and its script and list."""
MEMORY, SECONDS = 0.8 * psutil.virtual_memory().total / 1e6, 3600
"""MB and seconds after which a peer is ended."""


def compared(peer: str, asked: pl.DataFrame, held: pl.DataFrame, ours: pl.DataFrame) -> tuple[pl.DataFrame, str]:
    """The best candidate of each name, judged, and how many names a second of processor time took; as found()."""
    pairs, cost = found(peer, asked, held, ours)
    truths = asked.select("mention", id="truths").explode("id").drop_nulls().with_columns(right=1)
    told = pairs.select(pl.col("mention").cast(pl.UInt32), pl.col("entity").cast(pl.UInt32), "score")
    told = told.join(held.select("entity", "id"), on="entity", how="left")
    judged = told.join(truths, on=["mention", "id"], how="left").with_columns(
        pl.col("right").fill_null(0), pl.col("score").cast(pl.Float64)
    )
    return measures.best(judged, asked), f"{asked.height / cost.cpu:,.0f}"


def found(peer: str, asked: pl.DataFrame, held: pl.DataFrame, ours: pl.DataFrame) -> tuple[pl.DataFrame, Cost]:
    """Pairs (mention, entity, score) by the script of `peer`, in an environment that has exactly what its list pins.

    From folded names (with mention, country, truths, fold), a folded register (with entity and id) and our best twenty
    candidates (mention, entity). The cost is that of the script alone. Raises RuntimeError where it fails, or takes
    more than MEMORY or SECONDS.
    """
    python = _environment(peer)
    with tempfile.TemporaryDirectory(prefix=f"{peer}-", dir=os.environ.get("BENCH_WORK")) as folder:
        _write(Path(folder), asked, held, ours)
        cost = measured([str(python), str(HOME / f"{peer}_.py"), folder], memory=MEMORY, seconds=SECONDS)
        types = {"mention": pl.Int64, "entity": pl.Int64, "score": pl.Float64}
        return pl.read_csv(Path(folder) / "found.csv", schema_overrides=types), cost


def _environment(peer: str) -> Path:
    """The interpreter of an environment for `peer`, built once for each content of its list; ours, if it has none."""
    pinned = HOME / f"{peer}.txt"
    if not pinned.exists():
        return Path(sys.executable)
    home = CACHE / f"{peer}-{hashlib.sha256(pinned.read_bytes()).hexdigest()[:12]}"
    python = home / "bin/python"
    if not (home / "whole").exists():
        uv = [sys.executable, "-m", "uv"]
        measured([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(home)])
        install = ["pip", "install", "--quiet", "--no-deps", "--python", str(python)]
        measured([*uv, *install, "--requirements", str(pinned)])
        (home / "whole").touch()
    return python


def _write(folder: Path, asked: pl.DataFrame, held: pl.DataFrame, ours: pl.DataFrame) -> None:
    frequent = held.select(word=pl.col("core").str.split(" ")).explode("word").group_by("word").len()
    columns = ("name", "core", "words", "country", "first", "rarest", "begins")
    for name, key, frame in (("asked", "mention", asked), ("held", "entity", held)):
        keys = [key, "fold"] if "fold" in frame.columns else [key]
        blocked = _blocked(frame, frequent, key)
        blocked.select(*keys, pl.col(columns).fill_null("")).write_csv(folder / f"{name}.csv")
    truths = asked.select("mention", id="truths").explode("id").drop_nulls()
    truths.join(held.select("entity", "id"), on="id").select("mention", "entity").write_csv(folder / "truths.csv")
    ours.select("mention", "entity").write_csv(folder / "candidates.csv")


def _blocked(frame: pl.DataFrame, frequent: pl.DataFrame, key: str) -> pl.DataFrame:
    """With what pairs may be blocked by: the first word, the rarest one and the first six letters."""
    words = frame.select(key, word=pl.col("core").str.split(" ")).explode("word").join(frequent, on="word", how="left")
    rarest = words.sort(key, pl.col("len").fill_null(0), "word").group_by(key, maintain_order=True).first()
    return frame.join(rarest.select(key, rarest="word"), on=key, how="left", maintain_order="left").with_columns(
        first=pl.col("core").str.extract(r"^(\S+)"), begins=pl.col("core").str.replace_all(" ", "").str.head(6)
    )
