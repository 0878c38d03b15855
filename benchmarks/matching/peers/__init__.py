"""Peers on the same names, registers and folds, each in an environment of its own built from a pinned list."""

import hashlib
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
from rapidfuzz import fuzz, process

from .. import measures

HOME = Path(__file__).parent
CACHE = HOME.parents[2] / ".commons/peers"
"""Where environments are built, one for each pinned list."""
_BLOCK = 64

Compare = Callable[[pl.DataFrame, pl.DataFrame, pl.DataFrame], pl.DataFrame]
"""From folded names (with mention, country, truths, fold), a folded register (with entity and id) and our best twenty
candidates (mention, entity) to pairs: mention, entity, score."""


def rapidfuzz(asked: pl.DataFrame, held: pl.DataFrame, _ours: pl.DataFrame) -> pl.DataFrame:
    """The register's name with the highest fuzz.ratio of folded names, of all; ties by the register's order."""
    names, register = asked["core"].to_list(), held["core"].to_list()
    best, scores = [], []
    for first in range(0, len(names), _BLOCK):
        block = process.cdist(names[first : first + _BLOCK], register, scorer=fuzz.ratio, workers=2, dtype=np.float32)
        best += block.argmax(axis=1).tolist()
        scores += block.max(axis=1).tolist()
    return pl.DataFrame({"mention": asked["mention"], "entity": held["entity"].gather(best), "score": scores})


def installed(peer: str) -> Compare:
    """What runs the script of `peer` with an environment that has exactly what its list pins."""

    def compare(asked: pl.DataFrame, held: pl.DataFrame, ours: pl.DataFrame) -> pl.DataFrame:
        python = _environment(peer)
        with tempfile.TemporaryDirectory(prefix=f"{peer}-") as folder:
            _write(Path(folder), asked, held, ours)
            _run([str(python), str(HOME / f"{peer}_.py"), folder])
            return pl.read_csv(Path(folder) / "found.csv", schema_overrides={"score": pl.Float64})

    return compare


PEERS: dict[str, Compare] = {
    "rapidfuzz ratio, all pairs": rapidfuzz,
    "string_grouper 0.8": installed("string_grouper"),
    "splink 5": installed("splink"),
    "emm 2.1": installed("emm"),
    "nomenklatura 4.17 logic-v2, our candidates": installed("nomenklatura"),
}


def compared(compare: Compare, asked: pl.DataFrame, held: pl.DataFrame, ours: pl.DataFrame) -> tuple[pl.DataFrame, str]:
    """The best candidate of each name, judged, and how many names a second of processor time took."""
    begun = _spent()
    pairs = compare(asked, held, ours)
    speed = f"{asked.height / max(_spent() - begun, 1e-9):,.0f}"
    truths = asked.select("mention", id="truths").explode("id").drop_nulls().with_columns(right=1)
    told = pairs.select(pl.col("mention").cast(pl.UInt32), pl.col("entity").cast(pl.UInt32), "score")
    told = told.join(held.select("entity", "id"), on="entity", how="left")
    judged = told.join(truths, on=["mention", "id"], how="left").with_columns(
        pl.col("right").fill_null(0), pl.col("score").cast(pl.Float64)
    )
    return measures.best(judged, asked), speed


def _environment(peer: str) -> Path:
    """The interpreter of an environment for `peer`; built once for each content of its list."""
    pinned = HOME / f"{peer}.txt"
    home = CACHE / f"{peer}-{hashlib.sha256(pinned.read_bytes()).hexdigest()[:12]}"
    python = home / "bin/python"
    if not (home / "whole").exists():
        uv = [sys.executable, "-m", "uv"]
        _run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(home)])
        _run([*uv, "pip", "install", "--quiet", "--no-deps", "--python", str(python), "--requirements", str(pinned)])
        (home / "whole").touch()
    return python


def _run(command: list[str]) -> None:
    """Raises RuntimeError with the last line that was told."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1])


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


def _spent() -> float:
    """Seconds of processor time of this process and of those that it ran."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
