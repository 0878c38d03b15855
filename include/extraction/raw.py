"""A file as it was fetched."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RawFile:
    """One fetched file; `path` is where its bytes lie now, the rest is pinned in raw/sources.json."""

    address: str
    name: str
    """The file's name as the address gives it; in messages and for detection."""
    path: Path
    sha256: str
    bytes: int
