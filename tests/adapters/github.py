"""A Git host on loopback that answers as GitHub's REST API does for pull requests, and can be told to fail."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "token-of-the-test"
REPOSITORY = "/repos/example/data"


class Host(ThreadingHTTPServer):
    """`pulls` are the pull requests, `failing` the statuses of the next answers, `losing` how many replies get lost."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pulls: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str]] = []
        self.failing: list[int] = []
        self.losing = 0
        self.commits: dict[str, str] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}{REPOSITORY}"


class Handler(BaseHTTPRequestHandler):
    server: Host

    def do_GET(self) -> None:
        if not self._refused():
            asked = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
            wanted = (asked["head"].partition(":")[2], asked["base"])
            found = [p for p in self.server.pulls if (p["head"]["ref"], p["base"]["ref"]) == wanted]
            self._say(200, [p for p in found if asked["state"] in ("all", p["state"])][::-1])

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self._refused():
            return
        known = [p for p in self.server.pulls if p["head"]["ref"] == content["head"] and p["state"] == "open"]
        if known or not all(isinstance(content.get(key), str) for key in ("title", "head", "base", "body")):
            self._say(422, {"message": "Validation Failed"})
            return
        number = len(self.server.pulls) + 1
        made = {
            "number": number,
            "state": "open",
            "title": content["title"],
            "body": content["body"],
            "html_url": f"https://git.example.org/example/data/pull/{number}",
            "head": {"ref": content["head"], "sha": self.server.commits.get(content["head"], "?")},
            "base": {"ref": content["base"]},
        }
        self.server.pulls.append(made)
        if self.server.losing:
            self.server.losing -= 1
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        else:
            self._say(201, made)

    def _refused(self) -> bool:
        self.server.asked.append((self.command, self.path))
        if self.server.failing:
            self._say(self.server.failing.pop(0), {"message": "no luck"})
            return True
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._say(401, {"message": "Bad credentials"})
            return True
        if urlsplit(self.path).path != f"{REPOSITORY}/pulls":
            self._say(404, {"message": "Not Found"})
            return True
        return False

    def _say(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@contextmanager
def host() -> Iterator[Host]:
    """A host that answers until the end."""
    with Host() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
