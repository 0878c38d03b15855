"""The Kubernetes API as far as KubernetesPodOperator uses it: create, list, read, watch, patch, delete, log, events."""

import datetime as dt
import hmac
import json
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from .admission import violations
from .registry import Manifest
from .runner import Runner
from .selectors import fields_match, labels_match

ENDED = ("Succeeded", "Failed")
PODS = "/api/v1/namespaces/{namespace}/pods"


class Refusal(Exception):
    """An answer that the API gives as a Status object."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        self.body: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        self.body |= {"code": code, "reason": reason, "message": message}
        self.code = code
        super().__init__(message)


class Token:
    """Refuses whoever does not know the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app, self.token = app, f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = dict(scope.get("headers", ())).get(b"authorization", b"")
        if scope["type"] == "http" and not hmac.compare_digest(given, self.token):
            refusal = Refusal(401, "Unauthorized", "Unauthorized")
            await JSONResponse(refusal.body, 401)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def application(runner: Runner, token: str) -> Starlette:
    """The API over `runner`'s pods, for callers who hold `token`."""
    routes = [
        Route(PODS, _list), Route(PODS, _create, methods=["POST"]),
        Route(f"{PODS}/{{name}}", _read), Route(f"{PODS}/{{name}}", _patch, methods=["PATCH"]),
        Route(f"{PODS}/{{name}}", _delete, methods=["DELETE"]), Route(f"{PODS}/{{name}}/log", _log),
        Route("/api/v1/namespaces/{namespace}/events", _events), Route("/api/v1/namespaces/{name}", _namespace),
    ]  # fmt: skip
    handlers: Any = {Refusal: lambda _, refusal: JSONResponse(refusal.body, refusal.code)}
    app = Starlette(routes=routes, middleware=[Middleware(Token, token=token)], exception_handlers=handlers)
    app.state.runner = runner
    return app


def _runner(request: Request) -> Runner:
    runner: Runner = request.app.state.runner
    return runner


def _pod(request: Request) -> Manifest:
    name = request.path_params["name"]
    try:
        return _runner(request).registry.pods[request.path_params["namespace"], name]
    except KeyError:
        raise Refusal(404, "NotFound", f'pods "{name}" not found') from None


def _several(request: Request, kind: str, items: list[Manifest]) -> Response:
    version = {"resourceVersion": str(_runner(request).registry.version)}
    return JSONResponse({"kind": kind, "apiVersion": "v1", "metadata": version, "items": items})


async def _list(request: Request) -> Response:
    wanted = _filter(request)
    pods = [item for item in _runner(request).registry.pods.values() if wanted(item)]
    if _true(request, "watch"):
        return StreamingResponse(_changes(request, wanted, pods), media_type="application/json")
    return _several(request, "PodList", pods)


async def _create(request: Request) -> Response:
    manifest: Manifest = await request.json()
    name = manifest.setdefault("metadata", {}).get("name", "")
    if found := violations(manifest["spec"]):
        reasons = f'violates PodSecurity "restricted:latest": {", ".join(found)}'
        raise Refusal(403, "Forbidden", f'pods "{name}" is forbidden: {reasons}')
    try:
        made = await _runner(request).registry.add(request.path_params["namespace"], manifest)
    except KeyError:
        raise Refusal(409, "AlreadyExists", f'pods "{name}" already exists') from None
    _runner(request).start(made)
    return JSONResponse(made, 201)


async def _read(request: Request) -> Response:
    return JSONResponse(_pod(request))


async def _patch(request: Request) -> Response:
    found, change = _pod(request), await request.json()
    for part in ("labels", "annotations"):
        merged = (found["metadata"].get(part) or {}) | (change.get("metadata", {}).get(part) or {})
        found["metadata"][part] = {key: value for key, value in merged.items() if value is not None}
    await _runner(request).registry.note("MODIFIED", found)
    return JSONResponse(found)


async def _delete(request: Request) -> Response:
    found, body = _pod(request), json.loads(await request.body() or b"{}")
    given = request.query_params.get("gracePeriodSeconds") or body.get("gracePeriodSeconds")
    default = found["spec"].get("terminationGracePeriodSeconds") or 30
    await _runner(request).delete(found, default if given is None else float(given))
    return JSONResponse(found)


async def _log(request: Request) -> Response:
    found = _pod(request)
    if found["status"]["phase"] == "Pending":
        container = f'container "base" in pod "{found["metadata"]["name"]}"'
        raise Refusal(400, "BadRequest", f"{container} is waiting to start: ContainerCreating")
    return StreamingResponse(_output(request, found), media_type="text/plain")


async def _events(request: Request) -> Response:
    if _true(request, "watch"):
        return StreamingResponse(_silence(request), media_type="application/json")
    return _several(request, "EventList", [])


async def _namespace(request: Request) -> Response:
    return JSONResponse({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": request.path_params["name"]}})


def _true(request: Request, name: str) -> bool:
    return request.query_params.get(name, "").lower() in ("true", "1")


def _filter(request: Request) -> Callable[[Manifest], bool]:
    labels, fields = (request.query_params.get(key) or "" for key in ("labelSelector", "fieldSelector"))
    namespace = request.path_params["namespace"]
    try:
        labels_match(labels, {})
    except ValueError as error:
        raise Refusal(400, "BadRequest", str(error)) from None

    def wanted(item: Manifest) -> bool:
        own = item["metadata"].get("labels") or {}
        return item["metadata"]["namespace"] == namespace and labels_match(labels, own) and fields_match(fields, item)

    return wanted


async def _changes(request: Request, wanted: Callable[[Manifest], bool], pods: list[Manifest]) -> AsyncIterator[str]:
    registry, version = _runner(request).registry, request.query_params.get("resourceVersion") or "0"
    seconds = float(request.query_params.get("timeoutSeconds") or 3600)
    if version == "0":
        version = str(registry.version)
        for item in pods:
            yield json.dumps({"type": "ADDED", "object": item}) + "\n"
    try:
        async for kind, item in registry.since(int(version), seconds):
            if wanted(item):
                yield json.dumps({"type": kind, "object": item}) + "\n"
    except LookupError as error:
        yield json.dumps({"type": "ERROR", "object": Refusal(410, "Expired", str(error)).body}) + "\n"


async def _silence(request: Request) -> AsyncIterator[str]:
    """A watch on which nothing ever happens."""
    seconds = float(request.query_params.get("timeoutSeconds") or 30)
    async for _ in _runner(request).registry.since(sys.maxsize, seconds):
        yield ""


async def _output(request: Request, pod: Manifest) -> AsyncIterator[bytes]:
    """The log from where the caller asks; with `follow` until the container ends."""
    runner, since = _runner(request), _since(request.query_params.get("sinceSeconds"))
    follow, stamps = _true(request, "follow"), _true(request, "timestamps")
    tail = request.query_params.get("tailLines")
    path = runner.log(pod)
    path.touch()
    with path.open("rb") as file:
        recent: Iterable[bytes] = deque(file, maxlen=int(tail)) if tail else file
        while True:
            ended = pod["status"]["phase"] in ENDED
            for line in recent:
                if line[: len(since)] >= since:
                    yield line if stamps else line.partition(b" ")[2]
            if ended or not follow or runner.registry.closing():
                return
            recent = file
            await runner.registry.wait(0.5)


def _since(seconds: str | None) -> bytes:
    if not seconds:
        return b""
    moment = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=int(seconds))
    return moment.strftime("%Y-%m-%dT%H:%M:%S").encode()
