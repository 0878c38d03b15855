"""Parses dags/datasets.py in a process of its own as Airflow does, and prints what came of it as JSON."""

import hashlib
import json
import sys
import time
import warnings
from pathlib import Path

warnings.simplefilter("ignore")
REPOSITORY = Path(__file__).resolve().parents[2]
HEAVY = ("polars", "pandera", "pandas", "pyarrow", "duckdb", "dvc", "numpy", "pint", "httpx", "s3fs", "openmetadata")


def main() -> None:
    sys.path.insert(0, str(REPOSITORY))
    from airflow.dag_processing.dagbag import DagBag
    from airflow.serialization.serialized_objects import DagSerialization

    before = set(sys.modules)
    started = time.process_time()
    bag = DagBag(dag_folder=REPOSITORY / "dags/datasets.py", bundle_path=REPOSITORY)
    seconds = time.process_time() - started
    loaded = set(sys.modules) - before
    texts = {name: json.dumps(DagSerialization.to_dict(dag), sort_keys=False) for name, dag in bag.dags.items()}
    print(
        json.dumps(
            {
                "seconds": seconds,
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
