"""The pages of one request, followed to the last."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import ijson

from ..contracts.requests import Next, Request
from ..errors import SourceError
from . import addresses
from .terms import Fetched

Get = Callable[[Request, int], Fetched]
"""Fetches one page within a number of bytes."""


def follow(request: Request, get: Get, max_bytes: int) -> list[Fetched]:
    """Every page of `request`, each a raw file; together at most `max_bytes`.

    Raises SourceError where pages repeat, pass `next.most`, or do not say what `next` expects.
    """
    if request.next is None:
        return [get(request, max_bytes)]
    pages: list[Fetched] = []
    address: str | None = request.url
    seen: set[str] = set()
    while address:
        _check(request.next, addresses.shown(address), address in seen, len(pages))
        seen.add(address)
        page = get(_page(request, address), max_bytes - sum(page.bytes for page in pages))
        if pages and page.sha256 == pages[-1].sha256:
            raise SourceError(f"{page.address}: the same bytes as the page before. Correct `next` in addresses().")
        if pages and _ends(request.next, page):
            break
        pages.append(page)
        address = _following(request, page, address, len(pages))
    return pages


def _check(paging: Next, shown: str, again: bool, count: int) -> None:
    if again:
        raise SourceError(f"{shown}: page {count + 1} leads back to a page before it. Correct `next` in addresses().")
    if count >= paging.most:
        raise SourceError(f"{shown}: more than {paging.most} pages. If that is right, raise `most` of `next`.")


def _page(request: Request, address: str) -> Request:
    """The request for one page; the secret stays at the origin it was named for."""
    same = addresses.origin(address) == addresses.origin(request.url)
    return request.model_copy(update={"url": address, "next": None, "secret": request.secret if same else None})


def _ends(paging: Next, page: Fetched) -> bool:
    return paging.by in ("page", "offset") and _first(page, f"{paging.records}.item".lstrip(".")) is None


def _following(request: Request, page: Fetched, address: str, count: int) -> str | None:
    """The address of the page after `page`, the `count`-th one; None after the last."""
    paging = request.next or Next(by="link")
    if paging.by == "link":
        return page.link
    if paging.by in ("page", "offset"):
        if _ends(paging, page):
            return None
        first = paging.first if paging.first is not None else int(paging.by == "page")
        return _with(request.url, paging, str(first + count * (paging.size if paging.by == "offset" else 1)))
    mark = _first(page, paging.path or "")
    if mark in (None, "", False):
        return None
    if not isinstance(mark, str | int):
        raise SourceError(f"{page.address}: {paging.path!r} holds no address or mark. Correct `next` in addresses().")
    return urljoin(address, str(mark)) if paging.by == "json" else _with(request.url, paging, str(mark))


def _with(address: str, paging: Next, value: str) -> str:
    """`address` with the paging parameter set to `value`."""
    parts = urlsplit(address)
    pairs = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != paging.parameter]
    return parts._replace(query=urlencode([*pairs, (paging.parameter or "", value)])).geturl()


def _first(page: Fetched, path: str) -> Any:
    """The first value at `path` (dotted keys) in a JSON page, read as a stream; None where there is none."""
    try:
        with (page.path or Path()).open("rb") as file:
            return next(ijson.items(file, path), None)
    except ijson.JSONError as error:
        raise SourceError(f"{page.address}: not the JSON that `next` expects: {error}. Correct addresses().") from error
