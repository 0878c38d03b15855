"""Files to Parquet frames: what came is recognised, unpacked and read, each record counted."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..contracts.model import Source
from ..errors import EnvironmentFault, SourceError
from .caps import Caps, Rejected, Tally
from .faults import is_full
from .formats import READERS
from .raw import RawFile
from .unpack import Found, unpacked


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
    Raises SourceError for what is not what it should be, ContractError for a `source` that cannot be followed,
    EnvironmentFault for a full disk.
    """
    try:
        return _reading(files, source, into, Tally(caps or Caps()))
    except OSError as error:
        if not is_full(error):
            raise
        raise EnvironmentFault(f"{into}: no space left on its volume. Free some, or set COMMONS_WORK.") from error


def _reading(files: Sequence[RawFile], source: Source, into: Path, tally: Tally) -> Reading:
    frames: dict[str, Path] = {}
    headings: dict[str, list[str]] = {}
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into, prefix=".work-") as work:
        for raw, place in zip(files, _places(files), strict=True):
            for found in unpacked(raw.path, place, source, Path(work), tally):
                out = into / f"frame-{len(frames):05}.parquet"
                headings[found.place] = _read(found, out, source, Path(work), tally)
                frames[found.place] = out
    return Reading(frames, tally.records, dict(tally.rejected), tally.samples, headings)


def _places(files: Sequence[RawFile]) -> list[str]:
    """A name for each file; one that repeats gets its number."""
    seen: dict[str, int] = {}
    for raw in files:
        seen[raw.name] = seen.get(raw.name, 0) + 1
    repeated, places = {name for name, times in seen.items() if times > 1}, []
    for at, raw in enumerate(files, 1):
        places.append(f"{at}-{raw.name}" if raw.name in repeated else raw.name)
    return places


def _read(found: Found, out: Path, source: Source, work: Path, tally: Tally) -> list[str]:
    records, rejected, samples = tally.records, tally.rejected.total(), len(tally.samples)
    headings = READERS[found.kind](found.path, found.place, out, source, work, tally)
    if (read := tally.records - records) and tally.rejected.total() - rejected == read:
        first = (tally.samples[samples:] or tally.samples)[0]
        raise SourceError(
            f"{found.place}: none of its {read:,} records can be read; {first.place}: {first.reason}. "
            "Check source.preamble, source.header, source.delimiter, source.quote and source.path."
        )
    return headings
