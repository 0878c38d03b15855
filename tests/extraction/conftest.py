"""Reads bytes as if they had been fetched."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from include.contracts.model import Source
from include.extraction.caps import Caps
from include.extraction.raw import RawFile
from include.extraction.read import Reading, read


def raw_file(path: Path) -> RawFile:
    """The file at `path` as the fetcher hands it over."""
    return RawFile(path.as_uri(), path.name, path, hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size)


@dataclass(frozen=True)
class Table:
    """One frame in memory, next to the reading it is of."""

    reading: Reading
    frame: pl.DataFrame

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """The values without record numbers."""
        return self.frame.drop("_record").rows()

    @property
    def numbers(self) -> list[int]:
        return self.frame["_record"].to_list()

    @property
    def headings(self) -> list[str]:
        return [name for name in self.frame.columns if name != "_record"]


@pytest.fixture
def read_bytes(tmp_path: Path) -> Callable[..., Table]:
    """Reads one file of the given bytes: `read_bytes(data, name, caps, **source)`."""
    count = 0

    def reader(data: bytes, name: str = "t.csv", caps: Caps | None = None, **source: Any) -> Table:
        nonlocal count
        count += 1
        folder = tmp_path / str(count)
        folder.mkdir()
        (folder / name).write_bytes(data)
        reading = read([raw_file(folder / name)], Source(**source), folder / "out", caps or Caps())
        return Table(reading, pl.concat(map(pl.read_parquet, reading.frames.values()), how="diagonal_relaxed"))

    return reader


@pytest.fixture
def read_paths(tmp_path: Path) -> Callable[..., Reading]:
    """Reads files where they lie: `read_paths(path, ..., **source)`."""

    def reader(*paths: Path, caps: Caps | None = None, **source: Any) -> Reading:
        return read([raw_file(path) for path in paths], Source(**source), tmp_path / "out", caps or Caps())

    return reader
