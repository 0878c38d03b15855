"""Rows put aside on disk, numbered in the order they came, to be read again at the end."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

_SAMPLE = 131_072


class Spool:
    """A folder of Parquet files; `_row` is the number of a row."""

    def __init__(self, folder: Path, types: Mapping[str, pl.DataType]) -> None:
        self.folder, self.types, self.rows = folder, {"_row": pl.UInt32()} | dict(types), 0
        self.files: list[Path] = []

    def add(self, rows: pl.DataFrame) -> None:
        """Put `rows` aside."""
        if rows.height:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.files.append(self.folder / f"{len(self.files):05d}.parquet")
            rows.with_row_index("_row", self.rows).write_parquet(self.files[-1], compression="lz4")
            self.rows += rows.height

    def scan(self) -> pl.LazyFrame:
        """All of them."""
        if not self.files:
            return pl.LazyFrame(schema=self.types)
        return pl.scan_parquet(self.files, hive_partitioning=False, glob=False)

    def first(self, rows: int) -> pl.DataFrame:
        """The first ones."""
        return self.scan().head(rows).collect()

    def sample(self) -> pl.DataFrame:
        """Some of them, evenly spaced; all where they are few."""
        every = max(-(-self.rows // _SAMPLE), 1)
        return self.scan().filter(pl.col("_row") % every == 0).collect(engine="streaming")
