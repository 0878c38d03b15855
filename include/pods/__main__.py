"""`python -m include.pods`: serves until it is told to end."""

import argparse
import asyncio
import contextlib
import os
import secrets
import socket
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import uvicorn
import yaml
from starlette.applications import Starlette
from starlette.types import Lifespan

from ..settings import REPOSITORY
from .registry import Registry
from .runner import Runner
from .server import application

WARNING = "This runs pods as ordinary processes of this user: it isolates nothing. Use it on your own machine only."
PATH = f"{REPOSITORY}/include/images:{REPOSITORY}/.venv-task/bin:/usr/local/bin:/usr/bin:/bin"


def main() -> None:
    """Listens on loopback, writes the kubeconfig for this user alone, prints the address."""
    options = _options()
    token = secrets.token_urlsafe(32)
    with socket.create_server(("127.0.0.1", options.port)) as listener, tempfile.TemporaryDirectory() as home:
        address = "http://{}:{}".format(*listener.getsockname())
        runner = Runner(Registry(), Path(home), options.secrets, options.path, asyncio.Semaphore(options.slots))
        app = application(runner, token)
        app.router.lifespan_context = _lifespan(runner, options.kubeconfig, address, token)
        uvicorn.Server(uvicorn.Config(app, loop="asyncio", log_level="warning", timeout_graceful_shutdown=1)).run(
            [listener]
        )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m include.pods", description=WARNING)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--kubeconfig", type=Path, required=True)
    parser.add_argument("--secrets", type=Path, default=REPOSITORY / ".commons/secrets")
    parser.add_argument("--path", default=PATH, help="where programs of pods are found")
    parser.add_argument("--slots", type=int, default=2, help="pods that run at a time")
    return parser.parse_args()


def _lifespan(runner: Runner, kubeconfig: Path, address: str, token: str) -> Lifespan[Starlette]:
    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        _write(kubeconfig, address, token)
        print(f"{WARNING}\n{address}", flush=True)
        yield
        await runner.stop()

    return lifespan


def _write(path: Path, address: str, token: str) -> None:
    """A kubeconfig, complete at once and readable by its owner only."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "laptop", "cluster": {"server": address}}],
        "users": [{"name": "laptop", "user": {"token": token}}],
        "contexts": [
            {"name": "laptop", "context": {"cluster": "laptop", "user": "laptop", "namespace": "data-commons"}}
        ],
        "current-context": "laptop",
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        yaml.safe_dump(config, file)
    partial.replace(path)


if __name__ == "__main__":
    main()
