"""A Git repository over HTTP: git's own http-backend behind a server that asks for a password."""

import base64
import os
import secrets
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class GitServer:
    """The running server of one bare repository."""

    address: str
    bare: Path
    password: str

    def variables(self) -> dict[str, str]:
        """What the publish pod's Secret holds: the login for this server only, as Git's own configuration."""
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{self.address}.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: {_login(self.password)}",
        }

    def git(self, *arguments: str) -> str:
        """What git prints in the bare repository."""
        done = subprocess.run(["git", *arguments], cwd=self.bare, check=True, capture_output=True, text=True)
        return done.stdout.strip()


@contextmanager
def serve(host: str, bare: Path) -> Iterator[GitServer]:
    """The server of `bare` on a free port of `host`; reading and pushing both want the password."""
    password = secrets.token_hex(20)

    class Handler(_Handler):
        root, login = bare.parent, _login(password)

    server = ThreadingHTTPServer((host, 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    try:
        yield GitServer(f"http://{host}:{server.server_port}/{bare.name}", bare, password)
    finally:
        server.shutdown()
        server.server_close()


def _login(password: str) -> str:
    return "Basic " + base64.b64encode(f"commons:{password}".encode()).decode()


class _Handler(BaseHTTPRequestHandler):
    root: Path
    login: str

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self, body: bytes) -> None:
        if self.headers["Authorization"] != self.login:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="Git"')
            self.end_headers()
            return
        url = urlsplit(self.path)
        variables = {
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REMOTE_USER": "commons",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": url.path,
            "QUERY_STRING": url.query,
            "CONTENT_TYPE": self.headers["Content-Type"] or "",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers["Content-Encoding"] or "",
            "GIT_PROTOCOL": self.headers["Git-Protocol"] or "",
        }
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=os.environ | variables, capture_output=True, check=False
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        lines = [line.decode().partition(": ") for line in head.split(b"\r\n")]
        status = next((value for name, _, value in lines if name == "Status"), "200")
        self.send_response(int(status.split()[0]))
        for name, _, value in lines:
            if name != "Status":
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
