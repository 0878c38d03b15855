"""Files to Parquet frames: what came is recognised, unpacked and read, each record counted."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..contracts.model import Source
from .caps import Caps, Rejected, Tally
from .columnar import read_parquet
from .delimited import read_csv
from .raw import RawFile


@dataclass(frozen=True)
class Reading:
    """What the reader found, before anybody's opinion of it."""

    frames: dict[str, Path]
    """Parquet files by the name of their source, in reading order: `_record` (int64), then the source's columns."""
    records: int
    """Records read, rejected ones included; each has its number, from 1, over all files."""
    rejected: dict[str, int]
    rejected_rows: list[Rejected]
    """The first few rejected records, with place and reason."""
    headings: dict[str, list[str]]
    """By frame, as the source writes them; an empty one is column_N, a repeated one NAME (2)."""


def read(files: Sequence[RawFile], source: Source, into: Path, caps: Caps | None = None) -> Reading:
    """Reads `files` as `source` says into Parquet frames below `into`.

    Values of CSV, Excel, JSON and XML are text, exactly as written; Parquet and SQLite keep their types.
    Raises SourceError for what is not what it should be, ContractError for a `source` that cannot be followed.
    """
    tally = Tally(caps or Caps())
    frames: dict[str, Path] = {}
    headings: dict[str, list[str]] = {}
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into, prefix=".work-") as work:
        for raw in files:
            out = into / f"frame-{len(frames):05}.parquet"
            if raw.name.endswith(".parquet"):
                headings[raw.name] = read_parquet(raw.path, raw.name, out, source.missing, tally)
            else:
                headings[raw.name] = read_csv(raw.path, raw.name, out, source, Path(work), tally)
            frames[raw.name] = out
    return Reading(frames, tally.records, dict(tally.rejected), tally.samples, headings)
