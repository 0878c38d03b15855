"""A proxy between Airflow and the cluster's API on loopback, that can lose a pod's log: what a dead kubelet does."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client, config

Loses = Callable[[str], bool]


class Middleman(ThreadingHTTPServer):
    """Passes every call on; where `loses(path)`, a log breaks off after its first line and then answers 500."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, kubeconfig: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream: client.ApiClient = config.new_client_from_config(str(kubeconfig))
        self.loses: Loses = lambda _path: False
        self.broken: set[str] = set()

    def kubeconfig(self, original: Path, into: Path) -> Path:
        """The same cluster and login, reached through here."""
        document = yaml.safe_load(original.read_text())
        for cluster in document["clusters"]:
            cluster["cluster"] = {"server": f"http://127.0.0.1:{self.server_port}"}
        into.touch(mode=0o600)
        into.write_text(yaml.safe_dump(document))
        return into

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that goes away is no news."""


@contextmanager
def between(kubeconfig: Path) -> Iterator[Middleman]:
    """A running middleman of the cluster that `kubeconfig` names."""
    server = Middleman(kubeconfig)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Middleman

    def do_GET(self) -> None:
        self._pass_on()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, *_: Any) -> None:
        pass

    def _pass_on(self) -> None:
        path = self.path.partition("?")[0]
        lost = path.endswith("/log") and self.server.loses(path)
        if lost and path in self.server.broken:
            self._send(500, b'{"kind": "Status", "status": "Failure", "code": 500, "message": "no answer of kubelet"}')
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection", "accept-encoding")}
        upstream = self.server.upstream
        answer = upstream.rest_client.pool_manager.urlopen(
            self.command, upstream.configuration.host + self.path, body=body or None, headers=headers,
            preload_content=False, retries=False,
        )  # fmt: skip
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self._stream(answer, path, lost)

    def _stream(self, answer: Any, path: str, lost: bool) -> None:
        """Chunk by chunk; a log that is lost ends without its last chunk, as a broken connection does."""
        while piece := answer.read1():
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.flush()
            if lost:
                self.server.broken.add(path)
                answer.close()
                self.close_connection = True
                return
        answer.release_conn()
        self.wfile.write(b"0\r\n\r\n")

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
