"""Report and log of a task, from the store, for readers whom Airflow lets see the DAG."""

import html
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import HTMLResponse

from ..adapters.store import Store
from ..contracts import layout
from ..contracts.names import is_snake

PREFIX = "/commons"
LONGEST = 2**20
# No script, nothing from elsewhere, an origin of its own: a report holds text of foreign sources.
HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}
STYLE = "body{font:14px system-ui;margin:2em;max-width:100em}pre{background:#f6f8fa;padding:1em;white-space:pre-wrap}"


def application(store: Callable[[], Store], guard: Callable[..., Any]) -> FastAPI:
    """The pages; `guard` is Airflow's own check of login and right to see `{dag_id}`, asked at every request."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, dependencies=[Depends(guard)])

    @app.get("/{dag_id}/{run_id}/{verb}/report")
    def report(dag_id: str, run_id: str, verb: str) -> HTMLResponse:
        folder = layout.run_folder(_dataset(dag_id, verb), run_id, verb)
        return HTMLResponse(_report(store(), folder), headers=HEADERS)

    @app.get("/{dag_id}/{run_id}/{verb}/log")
    def log(dag_id: str, run_id: str, verb: str) -> HTMLResponse:
        folder = layout.log_folder(_dataset(dag_id, verb), run_id, verb)
        title = f"{dag_id} · {verb} · {run_id}"
        return HTMLResponse(_logs(store(), folder, title), headers=HEADERS)

    return app


def link(dag_id: str, run_id: str, verb: str, page: str) -> str:
    """The path of a page (`report`, `log`) below Airflow's address; `verb` as paths of the store name it."""
    return f"{PREFIX}/{quote(dag_id, safe='')}/{quote(run_id, safe='')}/{verb}/{page}"


def _dataset(dag_id: str, verb: str) -> str:
    """The dataset of a DAG, of names that can't lead out of its folders; a developer's DAG is `developer-dataset`."""
    dataset = dag_id.rpartition("-")[2]
    if not is_snake(dataset) or not layout.is_step(verb):
        raise HTTPException(404, "no such page")
    return dataset


def _report(store: Store, folder: str) -> str:
    """report.html of the verb's highest attempt, as it was written."""
    receipts = [path for path in store.list(folder) if path.rpartition("/")[2].startswith("receipt")]
    for path in sorted(receipts, key=layout.attempt_of, reverse=True):
        receipt = json.loads(store.get(path) or b"{}")
        for name in receipt.get("outputs", {}):
            if name.rpartition("/")[2] == "report.html":
                return (store.get(f"{receipt['folder']}/{name}") or b"").decode(errors="replace")
    raise HTTPException(404, "there is no report of this run: validate has not finished, or this task writes none")


def _logs(store: Store, folder: str, title: str) -> str:
    """What the verb's pods said, the latest attempt first, cut to the last megabyte each."""
    parts = [
        f"<h2>{html.escape(path.rpartition('/')[2])}</h2><pre>{html.escape(_tail(store, path))}</pre>"
        for path in reversed(store.list(folder))
    ]
    if not parts:
        raise HTTPException(404, "there is no log of this task yet")
    heading = html.escape(title)
    page = f"<style>{STYLE}</style><title>{heading}</title><h1>{heading}</h1>{''.join(parts)}"
    return f"<!doctype html><meta charset='utf-8'>{page}"


def _tail(store: Store, path: str) -> str:
    return (store.get(path) or b"")[-LONGEST:].decode(errors="replace")
