"""What a fetch may do and cost, and what it brings."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

from ..settings import settings
from . import secrets
from .landing import Progress, quiet
from .network import Policy

Previous = Mapping[str, str | None]
"""What the last fetch of an address brought: etag, last_modified, sha256, source_version, as in Fetched."""


@dataclass(frozen=True)
class Fetched:
    """One raw file, or the news that it did not change (`not_modified`, no path)."""

    address: str
    name: str
    path: Path | None
    sha256: str
    bytes: int = 0
    etag: str | None = None
    last_modified: str | None = None
    not_modified: bool = False
    source_version: str = ""
    """ETag, Last-Modified, the package's version, or the hash of the bytes."""
    source_date: dt.datetime | None = None
    """The source's own date (Last-Modified), in UTC."""
    link: str | None = None
    """The next page, where the answer's Link header names one."""


@dataclass(frozen=True)
class Patience:
    """How faults are tried again: after `first` seconds, doubled each time, with jitter."""

    attempts: int = 5
    first: float = 1.0
    most: float = 60.0
    """Longest wait, and the most that a server's Retry-After is honoured."""
    silence: float = 60.0
    """Longest time without a byte."""


class Options(TypedDict, total=False):
    """Terms as keyword arguments."""

    mirror: str
    max_bytes: int
    timeout: float
    secret: Callable[[str], str]
    progress: Progress
    expects: str | None
    allow_files: bool
    base: Path
    policy: Policy
    patience: Patience


@dataclass(frozen=True)
class Terms:
    """What a fetch may do and cost."""

    mirror: str = field(default_factory=lambda: settings().mirror)
    """Folder whose mirror.yaml answers the addresses it lists; empty for none."""
    max_bytes: int = 2048 * 1_000_000
    """Largest size of one file; of all pages together where a request has pages."""
    timeout: float = 3600.0
    """Seconds for one request, its retries and pages included."""
    secret: Callable[[str], str] = secrets.value
    progress: Progress = quiet
    expects: str | None = None
    """The contract's `source.format`; "html" lets pages pass."""
    allow_files: bool = field(default_factory=lambda: settings().environment == "dev")
    """Whether file: addresses are answered."""
    base: Path = field(default_factory=Path.cwd)
    """Where relative file: addresses begin."""
    policy: Policy = field(default_factory=Policy)
    """Which hosts may be asked."""
    patience: Patience = field(default_factory=Patience)
