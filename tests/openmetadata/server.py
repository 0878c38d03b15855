"""A loopback OpenMetadata: validates each request with the client's generated models, keeps state, fails when told.

It answers as the server of the client's own version, without its search. `python -m tests.openmetadata.server PORT`
runs it alone.
"""

import json
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from metadata.ingestion.ometa.mixins.server_mixin import get_client_version

from . import hanging
from .kinds import KINDS
from .state import ON_REQUEST, Json, Refused, State

API = "/api/v1"
TOKEN = "header.eyJzdWIiOiAiaW5nZXN0aW9uLWJvdCJ9.signature"
FULL = (*sorted(ON_REQUEST), "columns")


@dataclass
class Fault:
    """How the server fails; as long as it is among `faults`, at each request that it is about."""

    status: int = 503
    """The answer; 0 for none: the connection is closed."""
    where: str = ""
    """What the request's path or body holds; any by default."""
    after: int = 0
    """So many requests go well before."""
    every: int = 1
    """Each second one only, say: a server that flaps."""
    times: int | None = None
    """So often; for ever by default."""
    drop: bool = False
    """The request is done, and the connection closed in the middle of the answer."""
    until: threading.Event | None = None
    """The request is done, and answered when this is set: a slow server."""
    retry_after: int | None = None
    seen: int = 0
    met: int = 0

    def meets(self, asked: "Asked") -> bool:
        """Whether this request fails."""
        if self.where not in asked.path and self.where not in json.dumps(asked.body, ensure_ascii=False):
            return False
        self.seen += 1
        due = self.seen > self.after and (self.seen - self.after) % self.every == 0
        if not due or self.met == self.times:
            return False
        self.met += 1
        return True


@dataclass
class Asked:
    """One request, and how it was answered."""

    method: str
    path: str
    """Below /api/v1, percent-decoded but for what separates its parts."""
    query: dict[str, str]
    body: Any
    status: int = 0

    @property
    def route(self) -> str:
        """Method and path without names and ids: "PUT /tables/{id}/sampleData"."""
        known = "|".join(sorted((re.escape(route) for route in KINDS), key=len, reverse=True))
        plain = re.sub(rf"^/({known})/name/[^/]+", r"/\1/name/{fqn}", self.path)
        plain = re.sub(r"/[0-9a-f]{8}-[0-9a-f-]{27}", "/{id}", plain)
        plain = re.sub(r"testCaseResults/.+", "testCaseResults/{fqn}", plain)
        plain = re.sub(r"^/(pipelines)/[^/]+/status", r"/\1/{fqn}/status", plain)
        plain = re.sub(r"^/lineage/(\w+)/name/.+", r"/lineage/\1/name/{fqn}", plain)
        return f"{self.method} {plain}"


class OpenMetadata:
    """The server on a port of loopback."""

    def __init__(self, port: int = 0) -> None:
        self.state = State()
        self.faults: list[Fault] = []
        self.asked: list[Asked] = []
        self.version = ".".join(get_client_version().split(".")[:3])
        self.token: str | None = TOKEN
        """What a request must show; None: any."""
        self._lock = threading.RLock()
        self._server: ThreadingHTTPServer | None = None
        self.port = port
        self.start()

    @property
    def endpoint(self) -> str:
        """What `openmetadata_api_endpoint` is set to."""
        return f"http://127.0.0.1:{self.port}/api"

    def start(self) -> None:
        """Listens, on the same port as before."""
        handler = type("Handler", (_Handler,), {"behind": self})
        self._server = _Server(("127.0.0.1", self.port), handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Is down: refuses connections; what it knows stays."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def entity(self, route: str, fqn: str) -> Json:
        """What it has under that name, whole; KeyError where there is nothing, or it is deleted."""
        found = self.state.entities[route][self.state.names[route][fqn]]
        if found.get("deleted"):
            raise KeyError(fqn)
        return found

    def by_hand(self, route: str, fqn: str, *operations: Json) -> Json:
        """A person changes something in the pages."""
        return self.state.patch(route, self.entity(route, fqn)["id"], list(operations), by="jane")

    def counts(self) -> Counter[str]:
        """How often each call came."""
        return Counter(asked.route for asked in self.asked)

    def answer(self, asked: Asked, authorization: str | None) -> tuple[int, Any, Fault | None]:
        """Status, answer, and the fault that the answer meets on its way."""
        with self._lock:
            self.asked.append(asked)
            fault = next((fault for fault in self.faults if fault.meets(asked)), None)
            status, answer = self._answer(asked, authorization, fault)
            asked.status = status
            return status, answer, fault

    def _answer(self, asked: Asked, authorization: str | None, fault: Fault | None) -> tuple[int, Any]:
        if fault and not fault.drop and not fault.until:
            return fault.status, {"code": fault.status, "message": f"told to fail with {fault.status}"}
        if asked.path == "/system/version":
            return 200, {"version": self.version, "revision": "double", "timestamp": 0}
        if self.token is not None and authorization != f"Bearer {self.token}":
            return 401, {"code": 401, "message": "Expired token!"}
        try:
            return _done(self.state, asked)
        except Refused as refused:
            return refused.status, {"code": refused.status, "message": str(refused)}


def _done(state: State, asked: Asked) -> tuple[int, Any]:
    for pattern, do in CALLS:
        if found := re.fullmatch(pattern, f"{asked.method} {asked.path}"):
            return do(state, asked, *(unquote(part or "") for part in found.groups()))
    raise Refused(404, f"HTTP 404 Not Found: {asked.method} {asked.path}")


def _fields(asked: Asked) -> tuple[str, ...]:
    named = asked.query.get("fields", "")
    return FULL if named == "*" else tuple(named.split(","))


def _everything(asked: Asked) -> bool:
    return asked.query.get("include") in ("all", "deleted")


def _get(state: State, asked: Asked, route: str, fqn: str) -> tuple[int, Any]:
    return 200, state.shown(route, state.named(route, fqn, _everything(asked)), _fields(asked))


def _get_by_id(state: State, asked: Asked, route: str, identifier: str) -> tuple[int, Any]:
    return 200, state.shown(route, state.by_id(route, identifier), _fields(asked))


def _list(state: State, asked: Asked, route: str) -> tuple[int, Any]:
    found = state.listed(route, asked.query, _everything(asked))
    first, limit = int(asked.query.get("after", 0)), int(asked.query.get("limit", 10))
    page = [state.shown(route, one, _fields(asked)) for one in found[first : first + limit]]
    more = {"after": str(first + limit)} if first + limit < len(found) else {}
    return 200, {"data": page, "paging": {"total": len(found), **more}}


def _put(state: State, asked: Asked, route: str) -> tuple[int, Any]:
    entity, status = state.put(route, asked.body, new=asked.method == "POST")
    return status, entity


def _bulk(state: State, asked: Asked, route: str) -> tuple[int, Any]:
    good, bad = [], []
    for request in asked.body:
        try:
            entity, status = state.put(route, request)
            good.append({"request": entity["fullyQualifiedName"], "status": status})
        except Refused as refused:
            bad.append({"request": request.get("name"), "status": refused.status, "message": str(refused)})
    counts = {"numberOfRowsProcessed": len(good) + len(bad), "numberOfRowsPassed": len(good)}
    status = "success" if not bad else "partialSuccess" if good else "failure"
    lists = {"successRequest": good, "failedRequest": bad, "numberOfRowsFailed": len(bad)}
    return 200, {"dryRun": False, "status": status, **counts, **lists}


def _patch(state: State, asked: Asked, route: str, identifier: str) -> tuple[int, Any]:
    return 200, state.patch(route, identifier, asked.body)


def _delete(state: State, asked: Asked, route: str, identifier: str) -> tuple[int, Any]:
    return 200, state.delete(route, identifier, asked.query.get("hardDelete") == "true")


def _contract_of(state: State, asked: Asked) -> tuple[int, Any]:
    for one in state.entities["dataContracts"].values():
        if one["entity"]["id"] == asked.query["entityId"] and not one.get("deleted"):
            return 200, one
    raise Refused(404, "data contract not found")


def _type(state: State, asked: Asked, name: str) -> tuple[int, Any]:
    if name not in state.types:
        raise Refused(404, f"type instance for {name} not found")
    return 200, state.types[name]


def _sample(state: State, asked: Asked, identifier: str) -> tuple[int, Any]:
    table = state.by_id("tables", identifier)
    if asked.method == "PUT":
        return 200, hanging.put_sample(state, table, asked.body)
    data = state.samples.pop(identifier, None) if asked.method == "DELETE" else state.samples.get(identifier)
    return 200, {**table, "sampleData": data} if data else table


def _profile(state: State, asked: Asked, identifier: str) -> tuple[int, Any]:
    return 200, hanging.put_profile(state, state.by_id("tables", identifier), asked.body)


def _statuses(state: State, asked: Asked, fqn: str, several: str = "") -> tuple[int, Any]:
    if asked.method == "GET":
        state.named("pipelines", fqn)
        return 200, {"data": list(state.statuses[fqn].values())}
    return 200, hanging.add_statuses(state, fqn, asked.body if several else [asked.body])


def _results(state: State, asked: Asked, fqn: str) -> tuple[int, Any]:
    if asked.method == "GET":
        return 200, {"data": list(state.results[fqn].values())}
    return 201, hanging.add_result(state, fqn, asked.body)


def _lineage(state: State, asked: Asked, kind: str, fqn: str) -> tuple[int, Any]:
    route = next((one.route for one in KINDS.values() if one.type == kind), "tables")
    up, down = (int(asked.query.get(which, 1)) for which in ("upstreamDepth", "downstreamDepth"))
    return 200, hanging.lineage(state, kind, state.named(route, fqn), up, down)


def _between(state: State, asked: Asked, above: str, below: str) -> tuple[int, Any]:
    if (edge := state.edges.get((above, below))) is None:
        raise Refused(404, "lineage edge not found")
    return 200, {"edge": edge["lineageDetails"]}


def _edge(state: State, asked: Asked, *ends: str) -> tuple[int, Any]:
    if asked.method == "PUT":
        return 200, hanging.add_edge(state, asked.body)
    if state.edges.pop((ends[1], ends[3]), None) is None:
        raise Refused(404, "lineage edge not found")
    return 200, {}


ROUTE = "|".join(sorted(map(re.escape, KINDS), key=len, reverse=True))
ID = "([0-9a-f]{8}-[0-9a-f-]{27})"
CALLS: tuple[tuple[str, Callable[..., tuple[int, Any]]], ...] = (
    (r"GET /dataContracts/entity", _contract_of),
    (r"GET /metadata/types/name/([^/]+)", _type),
    (rf"PUT /metadata/types/{ID}", lambda state, asked, i: (200, hanging.put_property(state, i, asked.body))),
    (rf"(?:GET|PUT|DELETE) /tables/{ID}/sampleData", _sample),
    (rf"PUT /tables/{ID}/tableProfile", _profile),
    (r"(?:GET|PUT) /pipelines/([^/]+)/status(/bulk)?", lambda s, a, fqn, *many: _statuses(s, a, fqn, *many)),
    (r"(?:GET|POST) /dataQuality/testCases/testCaseResults/(.+)", _results),
    (r"PUT /lineage", _edge),
    (rf"GET /lineage/getLineageEdge/{ID}/{ID}", _between),
    (rf"DELETE /lineage/(\w+)/{ID}/(\w+)/{ID}", _edge),
    (r"GET /lineage/(\w+)/name/(.+)", _lineage),
    (rf"PUT /({ROUTE})/bulk", _bulk),
    (rf"GET /({ROUTE})/name/([^/]+)", _get),
    (rf"GET /({ROUTE})/{ID}", _get_by_id),
    (rf"PATCH /({ROUTE})/{ID}", _patch),
    (rf"DELETE /({ROUTE})/{ID}", _delete),
    (rf"GET /({ROUTE})", _list),
    (rf"(?:PUT|POST) /({ROUTE})", _put),
)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.open: set[Any] = set()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Is quiet about a client that went away."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self.open):
            connection.close_connection = True
            _shut(connection.connection)


def _shut(connection: Any) -> None:
    """Closes a connection that may be closed already."""
    try:
        connection.shutdown(2)
    except OSError:
        return


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    behind: OpenMetadata

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self)  # type: ignore[attr-defined]

    def finish(self) -> None:
        self.server.open.discard(self)  # type: ignore[attr-defined]
        super().finish()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        asked = Asked(self.command, parts.path.removeprefix(API), dict(parse_qsl(parts.query)), _parsed(body))
        status, answer, fault = self.behind.answer(asked, self.headers.get("Authorization"))
        if fault and fault.until:
            fault.until.wait(60)
        if not status:
            self.close_connection = True
            return
        text = json.dumps(answer, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if fault and fault.retry_after is not None:
            self.send_header("Retry-After", str(fault.retry_after))
        self.end_headers()
        if fault and fault.drop:
            self.close_connection = True
            text = text[: len(text) // 2]
        self.wfile.write(text)

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _serve

    def log_message(self, format: str, *args: Any) -> None:
        """Is quiet."""


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode(errors="replace")


@contextmanager
def serving(port: int = 0) -> Iterator[OpenMetadata]:
    """A server as long as it is needed."""
    server = OpenMetadata(port)
    try:
        yield server
    finally:
        server.stop()


if __name__ == "__main__":
    with serving(int(sys.argv[1]) if len(sys.argv) > 1 else 8585) as running:
        print(running.endpoint, TOKEN, flush=True)
        while True:
            time.sleep(3600)
