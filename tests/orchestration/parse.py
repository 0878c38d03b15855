"""Parses dags/datasets.py in a process of its own as Airflow does, and prints what came of it as JSON."""

import hashlib
import importlib
import json
import resource
import sys
import time
import warnings
from pathlib import Path

warnings.simplefilter("ignore")
REPOSITORY = Path(__file__).resolve().parents[2]
HEAVY = ("polars", "pandera", "pandas", "pyarrow", "duckdb", "dvc", "numpy", "pint", "httpx", "s3fs", "openmetadata")


def main() -> None:
    sys.path.insert(0, str(REPOSITORY))
    for paid in ("cncf.kubernetes.operators.pod", "standard.decorators.python"):  # what any such DAG file imports
        importlib.import_module(f"airflow.providers.{paid}")
    from airflow.dag_processing.dagbag import DagBag
    from airflow.serialization.serialized_objects import DagSerialization

    before = set(sys.modules)
    if "--imported" in sys.argv:  # only what parsing itself costs
        importlib.import_module("include.orchestration.dag")
    started = time.process_time()
    bag = DagBag(dag_folder=REPOSITORY / "dags/datasets.py", bundle_path=REPOSITORY)
    seconds = time.process_time() - started
    loaded = set(sys.modules) - before
    texts = {name: json.dumps(DagSerialization.to_dict(dag), sort_keys=True) for name, dag in bag.dags.items()}
    print(
        json.dumps(
            {
                "seconds": seconds,
                "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
                "errors": bag.import_errors,
                "heavy": sorted(module for module in HEAVY if module in loaded),
                "tags": {name: sorted(dag.tags) for name, dag in bag.dags.items()},
                "hashes": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()},
                "texts": texts if "--texts" in sys.argv else {},
            }
        )
    )


if __name__ == "__main__":
    main()
