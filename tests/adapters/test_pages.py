"""Following pages: each a raw file, all of them, and an end."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from include.contracts.requests import Request
from include.errors import SourceError

Serve = Callable[[Callable[[Any], None]], Any]
ROWS = [{"plant": f"P{n}", "mw": n} for n in range(7)]


def asked(handler: Any) -> dict[str, str]:
    """The query of a request."""
    return {name: values[0] for name, values in parse_qs(urlsplit(handler.path).query).items()}


def rows(pages: list[Any]) -> list[Any]:
    """The records of all pages, read back from the raw files."""
    return [row for page in pages for row in json.loads(page.path.read_bytes())["result"]["items"]]


def answer(handler: Any, items: list[Any], **more: Any) -> None:
    handler.send(json.dumps({"result": {"items": items}, **more}).encode(), Content_Type="application/json")


def test_numbered_pages_end_with_an_empty_one(serve: Serve, tmp_path: Path) -> None:
    def reply(h: Any) -> None:
        number = int(asked(h)["page"])
        answer(h, ROWS[3 * number - 3 : 3 * number], number=number)

    server = serve(reply)
    request = Request(url=server.url("/rows?year=2023"), page="page", records="result.items")
    pages = server.fetch_all([request], tmp_path)
    assert rows(pages) == ROWS
    assert [path for path, _ in server.asked] == [f"/rows?year=2023&page={n}" for n in (1, 2, 3, 4)]
    assert [page.address for page in pages] == [server.url(f"/rows?year=2023&page={n}") for n in (1, 2, 3)]
    assert len({page.sha256 for page in pages}) == 3


def test_an_offset_counts_what_came_not_what_was_asked_for(serve: Serve, tmp_path: Path) -> None:
    """A server that gives at most two records a page, whatever `limit` says, loses none."""

    def reply(h: Any) -> None:
        start = int(asked(h)["skip"])
        answer(h, ROWS[start : start + min(2, int(asked(h)["top"]))], start=start)

    server = serve(reply)
    request = Request(url=server.url("/rows"), offset="skip", limit="top", size=5, records="result.items")
    assert rows(server.fetch_all([request], tmp_path)) == ROWS
    assert [path for path, _ in server.asked] == ["/rows?skip=0&top=5"] + [
        f"/rows?top=5&skip={n}" for n in (2, 4, 6, 7)
    ]


def test_a_cursor_leads_to_the_next_page(serve: Serve, tmp_path: Path) -> None:
    def reply(h: Any) -> None:
        start = int(asked(h).get("after", "m0&x")[1:-2])
        answer(h, ROWS[start : start + 3], meta={"next": f"m{start + 3}&x" if start + 3 < len(ROWS) else None})

    server = serve(reply)
    request = Request(url=server.url("/rows"), cursor="after", cursor_path="meta.next")
    assert rows(server.fetch_all([request], tmp_path)) == ROWS
    assert len(server.asked) == 3


@pytest.mark.parametrize("how", ["json", "header"])
def test_a_link_leads_to_the_next_page(serve: Serve, tmp_path: Path, how: str) -> None:
    def reply(h: Any) -> None:
        start = int(asked(h).get("from", "0"))
        link = f"/rows?from={start + 3}" if start + 3 < len(ROWS) else None
        if how == "json":
            return answer(h, ROWS[start : start + 3], **({"links": {"next": link}} if link else {"links": {}}))
        body = json.dumps({"result": {"items": ROWS[start : start + 3]}}).encode()
        return h.send(body, **({"Link": f'</first>; rel="first", <{link}>; rel="next"'} if link else {}))

    server = serve(reply)
    way: dict[str, Any] = {"next": "links.next"} if how == "json" else {"links": True}
    pages = server.fetch_all([Request(url=server.url("/rows"), **way)], tmp_path)
    assert rows(pages) == ROWS
    assert [page.address for page in pages] == [server.url("/rows" + q) for q in ("", "?from=3", "?from=6")]
    assert server.connections == 1


def test_a_single_empty_page_is_kept(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda h: answer(h, []))
    request = Request(url=server.url("/rows"), page="page", records="result.items")
    assert len(server.fetch_all([request], tmp_path)) == 1
    assert len(server.asked) == 1


def test_records_at_the_top(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda h: h.send(json.dumps(ROWS if asked(h)["page"] == "0" else []).encode()))
    pages = server.fetch_all([Request(url=server.url("/rows"), page="page", first=0)], tmp_path)
    assert [json.loads(page.path.read_bytes()) for page in pages] == [ROWS]


@pytest.mark.parametrize(
    ("more", "reply", "reason"),
    [
        ({"page": "p"}, lambda h: h.send(b'[{"a": 1}]'), "the same bytes as the page before"),
        ({"page": "p", "records": "data"}, lambda h: h.send(b'{"rows": [1]}'), "no list of records at 'data'"),
        ({"page": "p", "records": "data"}, lambda h: h.send(b'{"data": {"a": 1}}'), "no list of records at 'data'"),
        ({"page": "p"}, lambda h: h.send(b"a,b\n1,2\n"), "not the JSON that paging needs"),
        (
            {"page": "p", "max_pages": 3},
            lambda h: h.send(json.dumps([h.path]).encode()),
            "more than 3 pages.*max_pages",
        ),
        ({"next": "n"}, lambda h: h.send(b'{"n": "/a"}' if h.path == "/b" else b'{"n": "/b"}'), "leads back"),
        ({"next": "n"}, lambda h: h.send(b'{"n": ["/b"]}'), "neither an address nor a cursor"),
        ({"next": "n"}, lambda h: h.send(b'{"n": "http://data.example.org/b"}'), "refused"),
        ({"next": "n"}, lambda h: h.send(b'{"n": "https://169.254.169.254/b"}'), "not a public address"),
        ({"next": "n"}, lambda h: h.send(b'{"n": "file:plants.csv"}'), "a next page that is not https"),
        ({"next": "n"}, lambda h: h.send(b'{"n": "pkg:pypi/a@1#b"}'), "a next page that is not https"),
    ],
)
def test_pages_that_lead_nowhere(serve: Serve, tmp_path: Path, more: Any, reply: Any, reason: str) -> None:
    server = serve(reply)
    with pytest.raises(SourceError, match=reason):
        server.fetch_all([Request(url=server.url("/a"), **more)], tmp_path)
    assert 1 <= len(server.asked) <= 4


def test_all_pages_share_the_cap(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda h: h.send(json.dumps([h.path, "x" * 1000]).encode()))
    with pytest.raises(SourceError, match=r"larger than .*source.max_mb"):
        server.fetch_all([Request(url=server.url("/a"), page="p")], tmp_path, max_bytes=5000)
    assert len(server.asked) == 5


def test_a_secret_stays_at_its_host_and_out_of_addresses(serve: Serve, tmp_path: Path) -> None:
    """Fault 27: servers repeat the key of a request in the address of the next page, and lead to other hosts."""
    canary = "canary-77aa"

    def reply(h: Any) -> None:
        step = asked(h).get("step", "1")
        following = {
            "1": server.url(f"/rows?step=2&api_key={canary}"),
            "2": server.url(f"/rows?step=3&api_key={canary}", "other.example.org"),
        }
        h.send(json.dumps({"step": step, "next": following.get(step)}).encode())

    server = serve(reply)
    request = Request(url=server.url("/rows"), secret="GRID_API", parameter="api_key", next="next")
    pages = server.fetch_all([request], tmp_path, secret=lambda name: canary)
    assert len(pages) == 3
    assert [canary in path for path, _ in server.asked] == [True, True, False]
    assert not any(canary in page.address for page in pages)
