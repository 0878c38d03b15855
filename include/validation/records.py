"""The extracted records: one Parquet file, or several in order whose columns may differ."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

OWN = "_record"
"""The column with the number of the source record."""


def files(extracted: Path) -> list[Path]:
    """The file itself, or those of a folder in order."""
    return sorted(extracted.glob("*.parquet")) if extracted.is_dir() else [extracted]


def scan(extracted: Sequence[Path]) -> pl.LazyFrame:
    """All records under the union of the columns; one that a file lacks is missing there."""
    frames = [pl.scan_parquet(file, hive_partitioning=False, glob=False) for file in extracted]
    return pl.concat(frames, how="diagonal_relaxed") if len(frames) > 1 else frames[0]
