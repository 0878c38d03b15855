"""A remote that is overloaded, slow, or cuts its answers short: tried again a few times, never believed."""

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from include.adapters import objects
from include.adapters.cache import fetch
from include.adapters.remote import Remote, remote
from include.errors import EnvironmentFault

CONTENT = os.urandom(300_000)
OID = hashlib.md5(CONTENT).hexdigest()
Fault = Callable[["Handler", bytes], bytes | None]
"""What happens to an answer: the bytes that are sent in place of the right ones, or none since it was dealt with."""


class Handler(BaseHTTPRequestHandler):
    """Holds one object; each answer passes the next of the server's faults, the last of them for ever."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_HEAD(self) -> None:
        self.begin(200, len(CONTENT))

    def do_GET(self) -> None:
        self.server.asked += 1
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        body = CONTENT[int(first) : int(last) + 1 if last else None]
        fault = self.server.faults.pop(0) if len(self.server.faults) > 1 else self.server.faults[0]
        sent = fault(self, body)
        if sent is not None:
            self.begin(206 if "Range" in self.headers else 200, len(body))
            self.wfile.write(sent)
            self.close_connection = len(sent) < len(body)

    def begin(self, status: int, length: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.send_header("Last-Modified", "Sun, 22 Nov 2026 10:00:00 GMT")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


class Server(ThreadingHTTPServer):
    """Its faults, how often it was asked, and whether those it keeps waiting may go."""

    faults: list[Fault]
    asked = 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.over = threading.Event()


def well(_: Handler, body: bytes) -> bytes:
    return body


def cut(_: Handler, body: bytes) -> bytes:
    return body[: len(body) // 2]


def other(_: Handler, body: bytes) -> bytes:
    return body[:-1] + bytes([body[-1] ^ 1])


def overloaded(handler: Handler, _: bytes) -> None:
    told = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
    handler.begin(503, len(told))
    handler.wfile.write(told)


def silent(handler: Handler, body: bytes) -> None:
    handler.begin(206 if "Range" in handler.headers else 200, len(body))
    handler.wfile.write(body[:1000])
    handler.wfile.flush()
    handler.server.over.wait()


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    thread = threading.Thread(target=one.serve_forever, daemon=True)
    thread.start()
    yield one
    one.over.set()
    one.shutdown()
    one.server_close()


@pytest.fixture
def source(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Remote:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "canary-secret", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}", "AWS_MAX_ATTEMPTS": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config").write_text("['remote \"public\"']\n    url = s3://bucket/public\n    read_timeout = 1\n")
    return remote("public", tmp_path)


def cached(tmp_path: Path) -> list[Path]:
    """What the cache holds, its scratch folder included."""
    return [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


@pytest.mark.parametrize("faults", [[overloaded, well], [cut, well], [other, well], [cut, overloaded, well]])
def test_what_passes_is_got_over(faults: list[Fault], server: Server, source: Remote, tmp_path: Path) -> None:
    """Fault 9: an answer of 503, a body cut short, wrong bytes under a right length: once."""
    server.faults = list(faults)
    assert fetch(OID, source, tmp_path / "cache").read_bytes() == CONTENT
    assert 2 <= server.asked <= 6
    server.faults = list(faults)
    assert objects.digest(source, OID) == OID


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (overloaded, "reduce your request rate|SlowDown"), (cut, "closed|not completed|damaged"),
        (other, f"object {OID} is damaged"), (silent, "timeout|timed out|Timeout|closed"),
    ],
    ids=["503", "cut short", "wrong bytes", "silent"],
)  # fmt: skip
def test_what_lasts_is_given_up_on_and_nothing_of_it_is_kept(
    fault: Fault, said: str, server: Server, source: Remote, tmp_path: Path
) -> None:
    """Fault 9: bounded tries, a message that names the object and no key, and never a cached copy."""
    server.faults = [fault]
    with pytest.raises(EnvironmentFault, match=said) as caught:
        fetch(OID, source, tmp_path / "cache")
    assert OID in str(caught.value)
    assert "canary-secret" not in str(caught.value)
    assert cached(tmp_path) == []
    assert server.asked <= 24
    server.asked = 0
    if fault is other:
        assert objects.digest(source, OID) != OID
    else:
        with pytest.raises(EnvironmentFault, match=said):
            objects.digest(source, OID)
    assert server.asked <= 24
