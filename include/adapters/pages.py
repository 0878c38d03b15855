"""The pages of one request, followed to the last."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import ijson

from ..contracts.requests import Request
from ..errors import SourceError
from . import addresses
from .terms import Fetched

Get = Callable[[Request, int], Fetched]
"""Fetches one page within a number of bytes."""
_CORRECT = "Correct the request in addresses()."


def follow(request: Request, get: Get, max_bytes: int) -> list[Fetched]:
    """Every page of `request`, each a raw file; together at most `max_bytes`. A last page without records is left out.

    Raises SourceError where pages repeat, pass `max_pages`, or do not hold what the request says.
    """
    pages: list[Fetched] = []
    seen: set[str] = set()
    address: str | None = first_address(request)
    skip = 0
    while address:
        _check(request, addresses.shown(address), address in seen, pages)
        seen.add(address)
        page = get(_page(request, address), max_bytes - sum(page.bytes for page in pages))
        if pages and page.sha256 == pages[-1].sha256:
            raise SourceError(f"{page.address}: the same bytes as the page before it. {_CORRECT}")
        records = _count(request, page, not pages)
        if pages and records == 0:
            break
        pages.append(replace(page, address=addresses.shown(page.address)) if pages else page)
        skip += records or 0
        address = _next_address(request, page, address, len(pages), skip) if records != 0 else None
    return pages


def _check(request: Request, shown: str, again: bool, pages: list[Fetched]) -> None:
    if pages and addresses.kind(shown) != "https":
        raise SourceError(f"{shown}: refused, a next page that is not https. {_CORRECT}")
    if again:
        raise SourceError(f"{shown}: page {len(pages)} leads back to a page before it. {_CORRECT}")
    if len(pages) >= request.max_pages:
        raise SourceError(f"{shown}: more than {request.max_pages} pages. If that is right, raise max_pages.")


def _page(request: Request, address: str) -> Request:
    """The request for one page; the secret stays at the origin it was named for, and out of addresses."""
    if request.parameter:  # servers like to repeat it in the next page's address
        address = addresses.without_query(address, [request.parameter])
    same = addresses.origin(address) == addresses.origin(request.url)
    return request.model_copy(update={"url": address, "secret": request.secret if same else None})


def first_address(request: Request) -> str:
    """The address of the first page."""
    numbers = {request.page: request.first, request.offset: 0, request.limit: request.size}
    return addresses.with_query(request.url, {name: str(number) for name, number in numbers.items() if name})


def _next_address(request: Request, page: Fetched, address: str, count: int, skip: int) -> str | None:
    """The address of the page after `page`, before which are `count` pages with `skip` records; None after the last."""
    if request.page:
        return addresses.with_query(address, {request.page: str(request.first + count)})
    if request.offset:
        return addresses.with_query(address, {request.offset: str(skip)})
    if request.links:
        return page.link
    if not (path := request.next or request.cursor_path):
        return None
    mark = next(_values(page, path), None)
    if mark in (None, "", False):
        return None
    if not isinstance(mark, str | int):
        raise SourceError(f"{page.address}: {path!r} holds neither an address nor a cursor. {_CORRECT}")
    return addresses.with_query(address, {request.cursor: str(mark)}) if request.cursor else urljoin(address, str(mark))


def _count(request: Request, page: Fetched, first: bool) -> int | None:
    """Records on a page that is numbered; None where the number does not matter."""
    if not request.page and not request.offset:
        return None
    path = f"{request.records}.item" if request.records else "item"
    # With an offset every record counts: a server may send fewer than it was asked for.
    count = sum(1 for _ in itertools.islice(_values(page, path), None if request.offset else 1))
    if first and not count and next(_values(page, path.removesuffix("item").rstrip(".")), None) != []:
        raise SourceError(f"{page.address}: no list of records at {request.records or 'the top'!r}. {_CORRECT}")
    return count


def _values(page: Fetched, path: str) -> Iterator[Any]:
    """The values at `path` (dotted keys) in a JSON page, read as a stream."""
    try:
        with (page.path or Path()).open("rb") as file:
            yield from ijson.items(file, path)
    except ijson.JSONError as error:
        raise SourceError(f"{page.address}: not the JSON that paging needs: {error}. {_CORRECT}") from error
