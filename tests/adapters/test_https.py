"""Fetching over https from servers that misbehave in every known way."""

import datetime as dt
import gzip
import hashlib
import logging
import threading
from collections.abc import Callable
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from include.adapters.fetch import fetch
from include.adapters.network import Policy
from include.adapters.terms import Patience
from include.contracts.requests import Request
from include.errors import EnvironmentFault, SourceError

BODY = b"plant,mw\n" + b"".join(b"plant %05d,%d\n" % (n, n % 900) for n in range(20_000))
SHA = hashlib.sha256(BODY).hexdigest()
CHANGED = "Wed, 01 Nov 2023 10:00:00 GMT"
PAGE = b"\xef\xbb\xbf\n<!-- gateway -->\n<!DOCTYPE html><html><title>503 &amp; out\n of service</title></html>"

QUICK = Patience(attempts=2, first=0.001)
Serve = Callable[[Callable[[Any], None]], Any]


def raw(into: Path) -> list[str]:
    """Everything that lies in the folder, partial files too."""
    return sorted(str(file.relative_to(into)) for file in into.rglob("*") if file.is_file())


def test_a_file_lands_under_its_hash_with_what_the_headers_say(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda h: h.send(BODY, ETag='"v7"', Last_Modified=CHANGED))
    seen: list[tuple[str, int, int | None]] = []
    got = server.fetch(tmp_path / "raw", "/files/plants%20of%202023.csv?x=1", progress=lambda *step: seen.append(step))
    assert (got.sha256, got.bytes, got.name, got.etag) == (SHA, len(BODY), "plants of 2023.csv", '"v7"')
    assert got.path == tmp_path / "raw" / SHA
    assert got.path.read_bytes() == BODY
    assert got.source_version == '"v7"'
    assert got.source_date == dt.datetime(2023, 11, 1, 10, tzinfo=dt.UTC)
    assert got.address == server.url("/files/plants%20of%202023.csv?x=1")
    assert seen[-1] == ("plants of 2023.csv", len(BODY), len(BODY))
    assert raw(tmp_path / "raw") == [SHA]
    ((path, headers),) = server.asked
    assert path == "/files/plants%20of%202023.csv?x=1"
    assert headers["Host"] == f"data.example.org:{server.port}"
    assert headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="plants.xlsx"', "plants.xlsx"),
        ("attachment; filename*=UTF-8''donn%C3%A9es.csv", "données.csv"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="..\\\\evil.csv"', "evil.csv"),
        ('attachment; filename=".."', "data"),
        ("inline", "export"),
    ],
)
def test_the_name_a_server_gives_is_only_a_name(serve: Serve, tmp_path: Path, header: str, name: str) -> None:
    server = serve(lambda h: h.send(b"a\n1\n", Content_Disposition=header))
    assert server.fetch(tmp_path / "raw", "/export").name == name


def test_an_unchanged_file_is_not_fetched_again(serve: Serve, tmp_path: Path) -> None:
    def reply(h: Any) -> None:
        same = h.headers.get("If-None-Match") == '"v7"' and h.headers.get("If-Modified-Since") == CHANGED
        h.send(b"" if same else BODY, 304 if same else 200, ETag='"v7"', Last_Modified=CHANGED)

    server = serve(reply)
    first = server.fetch(tmp_path)
    last = {"etag": first.etag, "last_modified": first.last_modified, "sha256": first.sha256}
    again = server.fetch(tmp_path / "again", previous=last)
    assert (again.not_modified, again.path, again.sha256, again.etag) == (True, None, SHA, '"v7"')
    assert raw(tmp_path / "again") == []
    assert not server.fetch(tmp_path, previous={"etag": '"v6"', "last_modified": CHANGED}).not_modified


def test_no_change_is_no_answer_to_a_question_without_condition(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda h: h.send(b"", 304))
    with pytest.raises(SourceError, match="answered 304"):
        server.fetch(tmp_path / "raw")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_passing_fault_is_tried_again(serve: Serve, tmp_path: Path, status: int) -> None:
    """Fault 9: a service that answers 503 and recovers."""
    server = serve(lambda h: h.send(BODY) if len(server.asked) > 2 else h.send(b"busy", status))
    assert server.fetch(tmp_path).sha256 == SHA
    assert len(server.asked) == 3


def test_tries_are_bounded(serve: Serve, tmp_path: Path) -> None:
    """Fault 9: a service that stays away."""
    server = serve(lambda h: h.send(b"busy", 503))
    with pytest.raises(
        SourceError, match=r"/data.csv: answered 503 \(Service Unavailable\) \(tried 4 times\). Try again"
    ):
        server.fetch(tmp_path / "raw")
    assert len(server.asked) == 4
    assert raw(tmp_path / "raw") == []


@pytest.mark.parametrize(
    ("status", "advice"),
    [(400, "Open it"), (401, "secret"), (403, "secret"), (404, "Correct the address"), (410, "away")],
)
def test_a_lasting_refusal_is_told_at_once(serve: Serve, tmp_path: Path, status: int, advice: str) -> None:
    server = serve(lambda h: h.send(b"no", status))
    with pytest.raises(SourceError, match=f"answered {status} .*{advice}"):
        server.fetch(tmp_path)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "after", ["0", "3600", format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1), usegmt=True)]
)
def test_retry_after_is_honoured_up_to_the_cap(serve: Serve, tmp_path: Path, caplog: Any, after: str) -> None:
    server = serve(lambda h: h.send(BODY) if len(server.asked) > 1 else h.send(b"", 429, Retry_After=after))
    with caplog.at_level(logging.WARNING, "commons"):
        assert server.fetch(tmp_path, patience=Patience(attempts=2, first=0.001, most=0.05)).sha256 == SHA
    assert ("trying again in 0.0 s" if after == "0" else "trying again in 0.1 s") in caplog.text


def test_a_wait_beyond_the_time_allowed_is_not_begun(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda h: h.send(b"", 503, Retry_After="3600"))
    with pytest.raises(SourceError, match=r"answered 503 .*\(tried 1 times\)"):
        server.fetch(tmp_path, timeout=30, patience=Patience(most=7200))
    assert len(server.asked) == 1


@pytest.mark.parametrize("length", [len(BODY), len(BODY) + 1])
def test_a_body_cut_short_is_never_accepted(serve: Serve, tmp_path: Path, length: int) -> None:
    """Fault 9: truncated bodies, and a Content-Length that no body ever meets."""
    short = BODY[: len(BODY) - 1] if length == len(BODY) else BODY
    server = serve(lambda h: h.send(short, length=length))
    with pytest.raises(SourceError, match=r"tried 4 times"):
        server.fetch(tmp_path / "raw")
    assert len(server.asked) == 4
    assert raw(tmp_path / "raw") == []


def test_a_reply_that_is_dropped_is_asked_for_again(serve: Serve, tmp_path: Path) -> None:
    """Fault 6: the answer is lost on its way."""

    def reply(h: Any) -> None:
        if len(server.asked) < 3:
            h.close_connection = True
            return
        h.send(BODY)

    server = serve(reply)
    assert server.fetch(tmp_path).sha256 == SHA
    assert len(server.asked) == 3


def ranged(h: Any, cut: int, **headers: str) -> None:
    """Half a file, then what a Range asks for."""
    wanted = h.headers.get("Range")
    if wanted is None:
        return h.send(BODY[:cut], length=len(BODY), **headers)
    start = int(wanted.removeprefix("bytes=").rstrip("-"))
    span = f"bytes {start}-{len(BODY) - 1}/{len(BODY)}"
    return h.send(BODY[start:], 206, Content_Range=span, **headers)


@pytest.mark.parametrize(
    ("headers", "validator"),
    [
        ({"ETag": '"v7"'}, '"v7"'),
        ({"Last_Modified": CHANGED}, CHANGED),
    ],
)
def test_a_broken_transfer_is_resumed(serve: Serve, tmp_path: Path, headers: dict[str, str], validator: str) -> None:
    server = serve(lambda h: ranged(h, 100_000, Accept_Ranges="bytes", **headers))
    assert server.fetch(tmp_path).sha256 == SHA
    assert len(server.asked) == 2
    resumed = server.asked[1][1]
    assert resumed["If-Range"] == validator
    start = int(resumed["Range"].removeprefix("bytes=").rstrip("-"))
    assert 0 < start <= 100_000


def test_a_part_that_is_short_of_the_rest_is_not_the_end(serve: Serve, tmp_path: Path) -> None:
    """Fault 9: each answer is whole by its own length, the file is not."""

    def reply(h: Any) -> None:
        if (wanted := h.headers.get("Range")) is None:
            return h.send(BODY[:100_000], length=len(BODY), Accept_Ranges="bytes", ETag='"v7"')
        start = int(wanted.removeprefix("bytes=").rstrip("-"))
        part = BODY[start : start + 150_000]
        return h.send(part, 206, Content_Range=f"bytes {start}-{start + len(part) - 1}/{len(BODY)}", ETag='"v7"')

    server = serve(reply)
    assert len(BODY) > 250_000
    assert server.fetch(tmp_path).sha256 == SHA
    assert len(server.asked) in (3, 4)


@pytest.mark.parametrize(
    "headers",
    [
        {"ETag": '"v7"'},
        {"Accept_Ranges": "bytes", "ETag": 'W/"v7"'},
        {"Accept_Ranges": "bytes", "ETag": 'W/"v7"', "Last_Modified": CHANGED},
        {"Accept_Ranges": "none", "ETag": '"v7"'},
        {"Accept_Ranges": "bytes"},
        {"Accept_Ranges": "bytes", "Last_Modified": format_datetime(dt.datetime.now(dt.UTC), usegmt=True)},
    ],
)
def test_without_a_strong_validator_a_transfer_begins_again(
    serve: Serve, tmp_path: Path, headers: dict[str, str]
) -> None:
    server = serve(lambda h: ranged(h, 100_000, **headers) if len(server.asked) < 2 else h.send(BODY, **headers))
    assert server.fetch(tmp_path).sha256 == SHA
    assert [("Range" in asked) for _, asked in server.asked] == [False, False]


def test_a_file_that_changed_meanwhile_begins_again(serve: Serve, tmp_path: Path) -> None:
    def reply(h: Any) -> None:
        if len(server.asked) == 1:
            return h.send(b"x" * 50_000, length=len(BODY), Accept_Ranges="bytes", ETag='"v6"')
        return h.send(BODY, ETag='"v7"')

    server = serve(reply)
    assert server.fetch(tmp_path).sha256 == SHA
    assert server.asked[1][1]["If-Range"] == '"v6"'


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (206, {"Content_Range": f"bytes 0-9/{len(BODY)}", "ETag": '"v7"'}),
        (206, {"Content_Range": "bytes 50000-59999/60000", "ETag": '"v8"'}),
        (206, {"ETag": '"v7"'}),
        (416, {}),
    ],
)
def test_a_wrong_part_is_thrown_away(serve: Serve, tmp_path: Path, status: int, headers: dict[str, str]) -> None:
    def reply(h: Any) -> None:
        if len(server.asked) == 1:
            return h.send(BODY[:50_000], length=len(BODY), Accept_Ranges="bytes", ETag='"v7"')
        return h.send(b"0123456789", status, **headers) if len(server.asked) == 2 else h.send(BODY)

    server = serve(reply)
    assert server.fetch(tmp_path).sha256 == SHA
    assert "Range" in server.asked[1][1]
    assert "Range" not in server.asked[2][1]


def test_a_part_that_nobody_asked_for_is_refused(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda h: h.send(b"a,b\n", 206, Content_Range="bytes 0-3/9"))
    with pytest.raises(SourceError, match="answered 206"):
        server.fetch(tmp_path)


def test_a_declared_size_over_the_cap_stops_before_the_body(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda h: h.send(b"x", length=10**12))
    with pytest.raises(SourceError, match=r"larger than the 1,000 bytes allowed \(1,000,000,000,000 .*`source.max_mb`"):
        server.fetch(tmp_path / "raw", max_bytes=1000)
    assert len(server.asked) == 1


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_an_endless_body_without_length_stops_at_the_cap(serve: Serve, tmp_path: Path, encoding: str) -> None:
    """Fault 15: a compressed answer that expands without end counts as what it expands to."""
    bomb = gzip.compress(b"0" * 50_000_000)
    stopped = threading.Event()

    def reply(h: Any) -> None:
        h.send(b"", length=-1, Content_Encoding=encoding)
        try:
            while not stopped.is_set():
                h.wfile.write(bomb if encoding == "gzip" else b"1,2\n" * 16_384)
        except OSError:
            stopped.set()

    server = serve(reply)
    with pytest.raises(SourceError, match="larger than the 3,000,000 bytes allowed"):
        server.fetch(tmp_path / "raw", max_bytes=3_000_000)
    assert raw(tmp_path / "raw") == []
    assert stopped.wait(10)


def test_an_encoding_nobody_asked_for_is_taken_off(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda h: h.send(gzip.compress(BODY), Content_Encoding="gzip", ETag='"v7"', Accept_Ranges="bytes"))
    assert server.fetch(tmp_path).sha256 == SHA


def test_an_encoding_cut_short_is_not_accepted(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda h: h.send(gzip.compress(BODY)[:-20], Content_Encoding="gzip"))
    with pytest.raises(SourceError, match="cut short within its gzip encoding"):
        server.fetch(tmp_path)


def test_an_unknown_encoding_is_refused(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda h: h.send(b"x", Content_Encoding="br"))
    with pytest.raises(SourceError, match="encoding 'br'"):
        server.fetch(tmp_path)


@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_sender_that_drips_is_cut_off_in_time(serve: Serve, tmp_path: Path, part: str) -> None:
    """Fault 9: each byte comes soon enough, the whole never."""
    stopped = threading.Event()

    def reply(h: Any) -> None:
        h.wfile.write(
            b"HTTP/1.1 200 OK\r\n" if part == "headers" else b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"
        )
        try:
            while not stopped.wait(0.02):
                h.wfile.write(b"X-Drip: drop\r\n" if part == "headers" else b"1")
        except OSError:
            stopped.set()
        h.close_connection = True

    server = serve(reply)
    with pytest.raises(SourceError, match="not finished within the time allowed"):
        server.fetch(tmp_path / "raw", timeout=0.4)
    assert raw(tmp_path / "raw") == []
    assert stopped.wait(10)


def test_a_silent_server_is_given_up(serve: Serve, tmp_path: Path) -> None:
    over = threading.Event()
    server = serve(lambda h: over.wait(10) and None)
    with pytest.raises(SourceError, match=r"the connection failed .*\(tried 2 times\)"):
        server.fetch(tmp_path, patience=Patience(attempts=2, first=0.001, silence=0.1))
    over.set()


@pytest.mark.timeout(60)
def test_time_is_up_in_the_midst_of_a_long_silence(serve: Serve, tmp_path: Path) -> None:
    over = threading.Event()
    server = serve(lambda h: over.wait(600) and None)
    with pytest.raises(SourceError, match="not finished within the time allowed"):
        server.fetch(tmp_path, timeout=0.3, patience=Patience(silence=600))
    over.set()


@pytest.mark.parametrize("expects", [None, "csv", "xml"])
@pytest.mark.parametrize("body", [PAGE, PAGE.decode("utf-8-sig").encode("utf-16")])
def test_a_page_for_people_is_no_data(serve: Serve, tmp_path: Path, body: bytes, expects: str | None) -> None:
    """Fault 14: an HTML error page with status 200 is refused, and its bytes are kept."""
    server = serve(lambda h: h.send(body, Content_Type="text/csv"))
    with pytest.raises(SourceError, match=r"an HTML page titled '503 & out of service' came, expected .*refused/"):
        server.fetch(tmp_path / "raw", expects=expects)
    (kept,) = raw(tmp_path / "raw")
    assert kept == f"refused/{hashlib.sha256(body).hexdigest()}"
    assert (tmp_path / "raw" / kept).read_bytes() == body


@pytest.mark.parametrize(
    "body", [b"", b"<Error><Code>x</Code></Error>", b"html,b\n<b>,1\n", b"<?xml version='1.0'?><data/>"]
)
def test_other_content_passes(serve: Serve, tmp_path: Path, body: bytes) -> None:
    server = serve(lambda h: h.send(body, Content_Type="text/html"))
    got = server.fetch(tmp_path / "raw")
    assert (got.bytes, got.sha256) == (len(body), hashlib.sha256(body).hexdigest())


def test_a_page_that_is_expected_passes(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda h: h.send(PAGE))
    assert server.fetch(tmp_path, "/table.html").bytes == len(PAGE)
    assert server.fetch(tmp_path, "/table", expects="html").bytes == len(PAGE)


def test_redirects_are_followed_and_the_address_stays(serve: Serve, tmp_path: Path) -> None:
    def reply(h: Any) -> None:
        steps = {"/a": "/b?c=1", "/b?c=1": server.url("/d", "other.example.org")}
        h.send(b"", 302, Location=steps[h.path]) if h.path in steps else h.send(BODY, ETag='"v7"')

    server = serve(reply)
    got = server.fetch(tmp_path, "/a")
    assert (got.sha256, got.address) == (SHA, server.url("/a"))
    assert [path for path, _ in server.asked] == ["/a", "/b?c=1", "/d"]
    assert server.asked[2][1]["Host"] == f"other.example.org:{server.port}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_loop_ends(serve: Serve, tmp_path: Path, status: int) -> None:
    server = serve(lambda h: h.send(b"", status, Location="/data.csv"))
    with pytest.raises(SourceError, match="redirected more than 10 times"):
        server.fetch(tmp_path)
    assert len(server.asked) == 11


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://data.example.org/data.csv", "only https"),
        ("file:///etc/passwd", "only https"),
        ("ftp://data.example.org/x", "only https"),
        ("https://user:hunter2@data.example.org/x", "user or password"),
        ("https://169.254.169.254/latest/meta-data/", "169.254.169.254 is not a public address"),
        ("https://[fd00:ec2::254]/latest", "fd00:ec2::254 is not a public address"),
        ("https://[::ffff:127.0.0.1]/", "is not a public address"),
        ("https://127.0.0.1/", "127.0.0.1 is not a public address"),
        ("https://10.1.2.3/", "10.1.2.3 is not a public address"),
        ("https://localhost/", "private network"),
        ("https://kubernetes.default.svc/", "private network"),
        ("https://metadata.google.internal/", "private network"),
        ("https://2130706433/", "private network"),
        ("https://data.example.org:22/", "odd port"),
        ("https://[half", "refused|not an address"),
        ("", "only https"),
    ],
)
def test_a_redirect_is_checked_like_an_address(serve: Serve, tmp_path: Path, location: str, reason: str) -> None:
    """Fault 18: a public server that sends us to a private place."""
    server = serve(lambda h: h.send(b"", 302, Location=location))
    with pytest.raises(SourceError, match=reason) as error:
        server.fetch(tmp_path / "raw")
    assert len(server.asked) == 1
    assert "hunter2" not in str(error.value)
    assert raw(tmp_path / "raw") == []


def test_a_redirect_to_a_loopback_server_never_reaches_it(serve: Serve, tmp_path: Path) -> None:
    """Fault 18: the second server sees no connection, by its number or behind a name."""
    inner = serve(lambda h: h.send(b"secret"))
    outer = serve(lambda h: h.send(b"", 302, Location=f"https://127.0.0.1:{inner.port}{h.path}"))
    with pytest.raises(SourceError, match="refused, an odd port"):
        outer.fetch(tmp_path)
    assert (len(outer.asked), inner.connections) == (1, 0)


def test_a_name_that_changes_between_two_lookups_is_refused(serve: Serve, tmp_path: Path) -> None:
    """Fault 18: DNS rebinding. Each connection goes to the very address that was checked for it."""
    server = serve(lambda h: h.send(b"", 302, Location="/again", Connection="close"))
    answers = [["127.0.0.1"], ["10.0.0.7"]]
    policy = Policy(lambda host, port: answers.pop(0), lambda host: None, frozenset({("127.0.0.1", server.port)}))
    with pytest.raises(SourceError, match=r"data.example.org: refused, 10.0.0.7 is not a public address"):
        server.fetch(tmp_path, policy=policy)
    assert len(server.asked) == 1
    assert answers == []


def test_the_default_policy_refuses_a_loopback_server(serve: Serve, tmp_path: Path) -> None:
    """Fault 18: nothing connects to this machine, whatever name leads here."""
    server = serve(lambda h: h.send(b"secret"))
    here = Policy(resolve=lambda host, port: ["127.0.0.1"], proxy=lambda host: None)
    with pytest.raises(SourceError, match=r"data.example.org: refused, 127.0.0.1 is not a public address"):
        server.fetch(tmp_path, policy=here)
    both = Policy(resolve=lambda host, port: ["93.184.215.14", "127.0.0.1"], proxy=lambda host: None)
    with pytest.raises(SourceError, match=r"127.0.0.1 is not a public address"):
        server.fetch(tmp_path, policy=both)
    assert server.connections == 0


def test_the_next_address_of_a_name_is_tried(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda h: h.send(BODY))
    dead = ("127.0.0.2", server.port)  # nobody listens there
    policy = Policy(
        lambda host, port: ["127.0.0.2", "127.0.0.1"], lambda host: None, server.policy.permitted | frozenset({dead})
    )
    assert server.fetch(tmp_path, policy=policy).sha256 == SHA
    assert len(server.asked) == 1


@pytest.mark.parametrize("name", ["wrong.example.org", "data.example.org"])
def test_a_certificate_must_be_trusted_and_name_the_host(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    server = serve(lambda h: h.send(BODY))
    if name == "data.example.org":
        monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(SourceError, match="its certificate is not trusted"):
        fetch(server.url("/x", name), tmp_path, policy=server.policy, patience=QUICK)
    assert server.asked == []


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://data.example.org/x.csv", "no https"),
        ("ftp://data.example.org/x.csv", "no https"),
        ("gopher://127.0.0.1:6379/_x", "no https"),
        ("data.csv", "no https"),
        ("https://user:hunter2@data.example.org/x.csv", "user or password"),
        ("https://user@data.example.org/x.csv", "user or password"),
        ("https:///x.csv", "only https with a host"),
        ("https://[::1", "not an address"),
        ("https://localhost/x", "private network"),
        ("https://127.1/x", "private network"),
        ("https://0x7f000001/x", "private network"),
    ],
)
def test_addresses_that_are_never_asked(tmp_path: Path, address: str, reason: str) -> None:
    with pytest.raises(SourceError, match=reason) as error:
        fetch(address, tmp_path, mirror="")
    assert "hunter2" not in str(error.value)


CANARY = "canary-5f1c9d"


def test_a_secret_goes_to_its_own_host_only(serve: Serve, tmp_path: Path) -> None:
    """Fault 27: after a redirect to another host, and back, the secret stays at home."""

    def reply(h: Any) -> None:
        steps = {"/a": "/b", "/b": server.url("/c", "other.example.org"), "/c": server.url("/d")}
        h.send(b"", 302, Location=steps[h.path]) if h.path in steps else h.send(BODY)

    server = serve(reply)
    request = Request(url=server.url("/a"), secret="GRID_API", prefix="Bearer ")
    (got,) = server.fetch_all([request], tmp_path, secret={"GRID_API": CANARY}.__getitem__)
    assert got.sha256 == SHA
    sent = [(path, headers.get("Authorization")) for path, headers in server.asked]
    assert sent == [("/a", f"Bearer {CANARY}"), ("/b", f"Bearer {CANARY}"), ("/c", None), ("/d", None)]


def test_a_secret_comes_in_the_header_that_is_named(serve: Serve, tmp_path: Path, monkeypatch: Any) -> None:
    server = serve(lambda h: h.send(BODY))
    monkeypatch.setenv("COMMONS_SECRET_GRID_API", CANARY)
    server.fetch_all([Request(url=server.url(), secret="GRID_API", header="X-Api-Key")], tmp_path)
    assert server.asked[0][1]["X-Api-Key"] == CANARY
    monkeypatch.delenv("COMMONS_SECRET_GRID_API")
    with pytest.raises(EnvironmentFault, match=r"secret 'GRID_API': not in .* COMMONS_SECRET_GRID_API is not set"):
        server.fetch_all([Request(url=server.url(), secret="GRID_API")], tmp_path)


@pytest.mark.parametrize(
    "answer",
    [
        lambda h: h.send(b"", 403),
        lambda h: h.send(b"", 503),
        lambda h: h.send(f"<html><title>no {CANARY}</title>".encode()),
        lambda h: h.send(b"", 302, Location=f"http://x.example.org/{CANARY}?signature={CANARY}"),
        lambda h: h.send(b"x", length=-1, Content_Encoding=CANARY),
    ],
)
def test_no_secret_is_ever_in_errors_or_logs(serve: Serve, tmp_path: Path, caplog: Any, answer: Any) -> None:
    """Fault 27: neither a header's secret nor one in the query, even where the server repeats it."""
    server = serve(answer)
    requests = [
        server.url(f"/x?api_key={CANARY}&year=2023&sig={CANARY}"),
        Request(url=server.url("/x?year=2023"), secret="GRID_API"),
        Request(url=server.url("/x?year=2023"), secret="GRID_API", parameter="api_key"),
    ]
    for request in requests:
        with caplog.at_level(logging.DEBUG), pytest.raises(SourceError) as error:
            server.fetch_all([request], tmp_path, secret=lambda name: CANARY)
        assert "year=2023" in str(error.value)
        assert CANARY not in str(error.value)
    assert CANARY not in caplog.text
    assert any("api_key=" + CANARY in path for path, _ in server.asked)
    assert any(CANARY in headers.get("Authorization", "") for _, headers in server.asked)
