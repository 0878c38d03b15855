"""The archive of a version answers in place of its sources: the same files, names and order, however paged."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from include.adapters.fetch import Fetched, fetch_all
from include.adapters.network import Policy
from include.contracts.requests import Request
from include.errors import EnvironmentFault, SourceError

Serve = Callable[[Callable[[Any], None]], Any]


def nobody(host: str, port: int) -> list[str]:
    raise AssertionError(f"{host} was asked for")


OFFLINE = Policy(resolve=nobody, proxy=lambda host: None)


def archived(fetched: list[Fetched], folder: Path) -> str:
    """The `raw/` of a version made of these files."""
    listed = [{"address": f.address, "name": f.name, "sha256": f.sha256, "bytes": f.bytes} for f in fetched]
    (folder / "sources.json").write_text(json.dumps(listed))
    return str(folder)


def facts(fetched: list[Fetched]) -> list[tuple[str, str, str, int]]:
    return [(f.address, f.name, f.sha256, f.bytes) for f in fetched]


def reply(handler: Any) -> None:
    """Three pages of rows, whichever way they are asked for; then none."""
    path = urlsplit(handler.path).path
    asked = {name: values[0] for name, values in parse_qs(urlsplit(handler.path).query).items()}
    number = int(asked.get("page") or asked.get("token") or int(asked.get("skip", 0)) // 2 + 1)
    rows = [{"way": path, "n": number * 2 + n} for n in range(2)] if number < 4 else []
    following = number + 1 if number < 3 else None
    more = {"Link": f'<{path}?page={following}>; rel="next"'} if following and path == "/links" else {}
    body = {"rows": rows, "token": following, "next": following and f"{path}?page={following}"}
    named = f'attachment; filename="part {number}.json"'
    handler.send(json.dumps(body).encode(), Content_Type="application/json", Content_Disposition=named, **more)


WAYS: dict[str, dict[str, Any]] = {
    "page": {"page": "page", "records": "rows"},
    "offset": {"offset": "skip", "limit": "top", "size": 2, "records": "rows"},
    "cursor": {"cursor": "token", "cursor_path": "token"},
    "next": {"next": "next"},
    "links": {"links": True},
}


def test_every_way_of_paging_is_replayed_to_the_same_files_without_network(serve: Serve, tmp_path: Path) -> None:
    server = serve(reply)
    requests = [Request(url=server.url(f"/{way}?a=1"), **more) for way, more in WAYS.items()]
    requests += [Request(url=server.url("/plain"))]
    first = server.fetch_all(requests, tmp_path / "raw")
    assert len(first) == 3 * len(WAYS) + 1
    assert {f.name for f in first} == {"part 1.json", "part 2.json", "part 3.json"}
    again = fetch_all(requests, tmp_path / "again", mirror=archived(first, tmp_path / "raw"), policy=OFFLINE)
    assert facts(again) == facts(first)
    assert [f.path.read_bytes() for f in again if f.path] == [f.path.read_bytes() for f in first]


@pytest.mark.parametrize(
    ("urls", "said"),
    [
        (["/a", "/c"], r"/c: is asked for, the archive has .*/b in its place"),
        (["/a", "/b", "/c"], "/c: is asked for, the archive has no more files"),
        (["/a"], "/b: is archived, but not asked for"),
        (["/b", "/a"], "/b: is asked for, the archive has .*/a in its place"),
    ],
)
def test_other_sources_than_those_of_the_version_are_refused(
    serve: Serve, tmp_path: Path, urls: list[str], said: str
) -> None:
    server = serve(reply)
    first = server.fetch_all([server.url("/a"), server.url("/b")], tmp_path / "raw")
    with pytest.raises(SourceError, match=said):
        fetch_all(
            [server.url(url) for url in urls], tmp_path / "x", mirror=archived(first, tmp_path / "raw"), policy=OFFLINE
        )


def test_a_damaged_archive_is_told(serve: Serve, tmp_path: Path) -> None:
    server = serve(reply)
    first = server.fetch_all([server.url("/a")], tmp_path / "raw")
    mirror = archived(first, tmp_path / "raw")
    assert first[0].path
    first[0].path.write_bytes(b"x" * first[0].bytes)
    with pytest.raises(SourceError, match="not what"):
        fetch_all([server.url("/a")], tmp_path / "x", mirror=mirror, policy=OFFLINE)
    (tmp_path / "raw" / "sources.json").write_text("{")
    with pytest.raises(EnvironmentFault, match="can't be read"):
        fetch_all([server.url("/a")], tmp_path / "x", mirror=mirror, policy=OFFLINE)
