"""Real HTTPS servers on loopback, with an authority made for this run of the tests."""

import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from include.adapters.fetch import Fetched, fetch, fetch_all
from include.adapters.network import Policy
from include.adapters.terms import Patience

QUICK = Patience(attempts=4, first=0.001, most=0.01, silence=5)


class Handler(BaseHTTPRequestHandler):
    """Notes each request and leaves the answer to the test."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "Server"

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        self.server.reply(self)

    def send(self, body: bytes = b"", status: int = 200, length: int | None = None, **headers: str) -> None:
        """An answer; `length` declares another size than the body's, -1 none. Underscores are hyphens in headers."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if length != -1:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.close_connection or length is not None

    def log_message(self, *_: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    """One host; `asked` holds the paths and headers that arrived, `connections` counts sockets."""

    daemon_threads = True

    def __init__(self, reply: Callable[[Handler], None], context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.reply = reply
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.connections = 0
        self.port = self.server_address[1]
        self.policy = Policy(
            resolve=lambda host, port: ["127.0.0.1"],
            proxy=lambda host: None,
            permitted=frozenset({("127.0.0.1", self.port)}),
        )

    def get_request(self) -> Any:
        self.connections += 1
        return super().get_request()

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass

    def url(self, path: str = "/data.csv", host: str = "data.example.org") -> str:
        return f"https://{host}:{self.port}{path}"

    def fetch(self, into: Path, path: str = "/data.csv", **terms: Any) -> Fetched:
        return fetch(self.url(path), into, **{"policy": self.policy, "patience": QUICK, **terms})

    def fetch_all(self, requests: list[Any], into: Path, **terms: Any) -> list[Fetched]:
        return fetch_all(requests, into, **{"policy": self.policy, "patience": QUICK, **terms})


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def serve(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Callable[[Handler], None]], Server]]:
    """Starts a server with the answers of a function; its authority is trusted."""
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    monkeypatch.delenv("COMMONS_MIRROR", raising=False)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("data.example.org", "other.example.org").configure_cert(context)
    started: list[Server] = []

    def start(reply: Callable[[Handler], None]) -> Server:
        server = Server(reply, context)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.shutdown()
        server.server_close()
