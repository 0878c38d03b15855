"""1,000 contracts parsed to DAGs, and one task's own parse, beside a bare loop that builds as many DAGs by hand."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from include.settings import REPOSITORY
from tests.orchestration.conftest import CONTRACT, write

from . import table

CONTRACTS = 1000
BOUND_S, TASK_BOUND_S = 5.0, 0.1
SEEDS = ("1", "22", "333")
PEER = f"""
import json, resource, time
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import DAG
from airflow.sdk.definitions.decorators import task
started = time.process_time()
for number in range({CONTRACTS}):
    with DAG(dag_id=f"d{{number}}", schedule=None):
        tasks = [KubernetesPodOperator(task_id=verb, image="task", cmds=[verb]) for verb in "abc"]
        tasks[0] >> tasks[1] >> tasks[2]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
print(json.dumps({{"seconds": time.process_time() - started, "peak": peak}}))
"""


def run() -> list[dict[str, object]]:
    """Writes the table; raises AssertionError where DAGs differ between processes with other hash seeds."""
    with tempfile.TemporaryDirectory() as place:
        room = Path(place)
        for number in range(CONTRACTS):
            write(room, f"d{number:04d}", CONTRACT + ('schedule: "@daily"\n' if number % 2 else ""))
        whole = [_parse(room, PYTHONHASHSEED=seed) for seed in SEEDS]
        assert len(whole[0]["hashes"]) == CONTRACTS
        assert all(found["hashes"] == whole[0]["hashes"] for found in whole), "serialised DAGs differ"
        own = _parse(room, _AIRFLOW_PARSING_CONTEXT_DAG_ID="d0500")
        assert list(own["hashes"]) == ["d0500"]
    peer = _python("-c", PEER)
    bare = peer["seconds"]
    best = min(whole, key=lambda found: float(found["seconds"]))
    rows: list[dict[str, object]] = [
        _row(f"{CONTRACTS:,} contracts", best["seconds"], bare, best["peak"]),
        _row(f"bare loop, {CONTRACTS:,} DAGs of three operators", bare, bare, peer["peak"]),
        _row("bound", BOUND_S, bare, None),
        _row("one task's parse", own["seconds"], bare, own["peak"]),
        _row("bound", TASK_BOUND_S, bare, None),
    ]
    table.write(f"{CONTRACTS:,} contracts parsed to DAGs, CPU seconds beyond imports", rows)
    return rows


def _row(what: str, seconds: float, bare: float, peak: float | None) -> dict[str, object]:
    return {
        "what": what,
        "s": f"{seconds:.2f}",
        "ratio": f"{seconds / bare:.2f}",
        "peak MB": f"{peak:.0f}" if peak else "",
    }


def _parse(room: Path, **variables: str) -> dict[str, Any]:
    return _python("tests/orchestration/parse.py", "--imported", COMMONS_DATASETS=str(room), **variables)


def _python(*arguments: str, **variables: str) -> dict[str, Any]:
    """What a fresh process says last, as JSON."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("COMMONS_", "AIRFLOW"))}
    kept |= {"AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "0", "AIRFLOW__CORE__UNIT_TEST_MODE": "True"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=REPOSITORY, env=kept | variables, capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    run()
