"""What a version archived in place of its sources: the same files in the same order, and nothing else is asked."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..contracts.requests import Request
from ..errors import EnvironmentFault, SourceError
from . import addresses, mirror, pages
from .landing import landing
from .terms import Fetched, Terms

LISTING = "sources.json"


def is_archive(folder: str) -> bool:
    """Whether the mirror `folder` is the `raw/` of a version (FORMAT.md)."""
    return bool(folder) and (Path(folder) / LISTING).is_file()


def replay(requests: Sequence[Request], into: Path, terms: Terms) -> list[Fetched]:
    """The files that the version in `terms.mirror` archived, for the `requests` that it was made of.

    Each request begins with the file of its first address; those after it, up to the next request's, are its pages.
    Raises SourceError where other sources are asked for, or a file is not what the archive lists, EnvironmentFault
    where the archive can't be read.
    """
    listing = Path(terms.mirror) / LISTING
    try:
        items: list[dict[str, Any]] = json.loads(listing.read_bytes())
    except (OSError, ValueError) as error:
        raise EnvironmentFault(f"{listing}: can't be read: {error}. Restore it.") from error
    asked = [(addresses.shown(pages.first_address(request)), request.paging is not None) for request in requests]
    if problems := _other(asked, [str(item["address"]) for item in items]):
        raise SourceError(*problems, f"{listing}: the code asks for other sources than those the version was made of.")
    return [_taken(item, into, terms) for item in items]


def _other(asked: Sequence[tuple[str, bool]], archived: Sequence[str]) -> list[str]:
    """Where what is asked for and what is archived part, in words."""
    at, paged = 0, False
    for address, pages_follow in asked:
        while paged and at < len(archived) and addresses.shown(archived[at]) != address:
            at += 1
        found = addresses.shown(archived[at]) if at < len(archived) else "no more files"
        if found != address:
            return [f"{address}: is asked for, the archive has {found} in its place."]
        at, paged = at + 1, pages_follow
    return [] if paged else [f"{address}: is archived, but not asked for." for address in archived[at:]]


def _taken(item: dict[str, Any], into: Path, terms: Terms) -> Fetched:
    address, name, sha256 = item["address"], item["name"], item["sha256"]
    found = mirror.Answer(address=address, file=sha256, bytes=item["bytes"], sha256=sha256)
    deadline = time.monotonic() + terms.timeout
    with landing(addresses.shown(address), name, into, terms.max_bytes, deadline, terms.progress) as file:
        mirror.take(terms.mirror, found, file)
        return Fetched(address, name, file.keep(), sha256, file.size, source_version=sha256)
