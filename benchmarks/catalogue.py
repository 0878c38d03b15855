"""OpenMetadata told of 1,000 datasets of twenty columns, beside as many of the client's own plain requests."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from include.adapters.openmetadata import client as api
from include.adapters.openmetadata.agreeing import Memories, Report, Sync
from include.adapters.openmetadata.catalogued import Catalogued
from include.adapters.store import Store
from include.catalogue.entities import Entry, entry
from include.catalogue.lineage import graph
from include.catalogue.model import Described
from include.catalogue.naming import pipeline
from include.contracts.columns import Column, TableSchema
from include.contracts.names import Names
from include.settings import REPOSITORY, Lineage
from tests.catalogue.made import CONTENT, contract, past, record

from . import table

DATASETS, COLUMNS, RULES, PAST = 1_000, 20, 8, 5
BOUNDS_S = {"everything new": 60.0, "nothing new": 10.0}
WORDS = "Installed electrical capacity at the end of the year, as the operator of the plant reported it, column"


def run() -> list[dict[str, object]]:
    """Writes the table; raises AssertionError where something is not told."""
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.openmetadata.server", "0"], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
        )
        try:
            assert server.stdout
            endpoint, token = server.stdout.readline().split()
            rows = _measured(endpoint, token, Store(f"file://{Path(folder)}"))
        finally:
            server.terminate()
            server.wait()
    table.write(f"OpenMetadata told of {DATASETS:,} tables with {COLUMNS} columns and {RULES} rules each", rows)
    return rows


def _measured(endpoint: str, token: str, store: Store) -> list[dict[str, object]]:
    client = api.connect(Lineage(openmetadata_api_endpoint=endpoint, jwt_token=token))
    rows: list[dict[str, object]] = []
    for what, bound in BOUNDS_S.items():
        begun = time.perf_counter()
        report = _synced(client, endpoint, store)
        took = time.perf_counter() - begun
        assert len(report.created) == (2 * DATASETS + 1 if not rows else 0), report.created[:3]
        assert not report.problems, report.problems[:3]
        rows.append({"what": what, "s": f"{took:.1f}", "bound s": f"{bound:.0f}", "ratio": f"{took / bound:.2f}"})
    begun = time.perf_counter()
    for one in _entries():
        api.put(client, "/tables", {**one.held[-1].request, "name": f"peer_{one.name}"})
    peer = time.perf_counter() - begun
    rows.append({"what": "the client's PUT of as many tables alone", "s": f"{peer:.1f}"})
    return rows


def _synced(client: object, endpoint: str, store: Store) -> Report:
    entries = _entries()
    run = Sync(Catalogued(client), Memories(store, endpoint), lambda name: pipeline("airflow", name), whole=True)
    return run.run(entries, [one.name for one in entries])


def _entries() -> list[Entry]:
    """What is told of the datasets: each was checked against the two before it."""
    columns = tuple(
        Column(name=f"capacity_{n}", id=n + 1, type="float64", nullable=n > 0, unit="MW", description=f"{WORDS} {n}")
        for n in range(COLUMNS)
    )
    schema = TableSchema(columns=columns, key=("capacity_0",))
    profile = {c.name: {"nulls": 1, "distinct": 900, "min": 0.5, "max": 99.5, "mean": 50.0} for c in columns}
    rules = [
        {"rule": f"capacity_{n}.ge", "on": "rows", "severity": "error", "failures": 0, "verdict": "pass"}
        for n in range(RULES)
    ]
    made = [_dataset(n, schema, {"rules": rules, "columns": profile}) for n in range(DATASETS)]
    known, names = graph(made), Names("prod")
    rows = [{c.name: float(n) for c in columns} for n in range(10)]
    return [entry(one, known, names, lambda: rows) for one in made]


def _dataset(number: int, schema: TableSchema, quality: dict[str, object]) -> Described:
    before = [f"d{number - back:04d}" for back in (1, 2) if number >= back]
    refers = ", ".join(f"{{columns: [capacity_0], dataset: {name}, to: [capacity_0]}}" for name in before)
    said = contract(references=f"[{refers}]")
    history = tuple(past(CONTENT, day + 1) for day in reversed(range(PAST)))
    return Described(f"d{number:04d}", said, record(), schema, quality, history=history, addresses=said.source.url)
