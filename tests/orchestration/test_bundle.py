"""The repository as Airflow's Git bundle: the DAGs of a commit, and the code that its pods run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from include.contracts import loader
from include.settings import REPOSITORY
from tests.clone import make_clone

# What a deployment does: clones the bundle at a commit, parses its DAGs, and asks for the code of a task.
SCRIPT = """
import json, sys
from pathlib import Path
from types import SimpleNamespace
from airflow.providers.git.bundles.git import GitDagBundle

bundle = GitDagBundle(name="data-commons", tracking_ref="main", repo_url=sys.argv[1], version=sys.argv[2], subdir="")
bundle.initialize()
sys.path.insert(0, str(bundle.path))
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(dag_folder=bundle.path, bundle_path=bundle.path)
from include.orchestration.code import code
from include.settings import settings
names = sorted(bag.dags)
print(json.dumps({"dags": names, "errors": bag.import_errors, "room": settings().datasets,
                  "code": code(SimpleNamespace(bundle_instance=bundle))}))
"""


@pytest.mark.airflow
def test_a_git_bundle_gives_the_dags_and_the_code_of_its_commit(tmp_path: Path) -> None:
    clone = make_clone(tmp_path)
    git = ["git", "-C", str(clone)]
    subprocess.run([*git, "branch", "-qM", "main"], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    known = {
        key: value for key, value in os.environ.items() if not key.startswith(("COMMONS_", "AIRFLOW", "PYTHONPATH"))
    }
    known |= {"AIRFLOW_HOME": str(tmp_path / "airflow"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    known |= {"AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(tmp_path / "bundles")}
    known |= {"COMMONS_STORE": f"file://{tmp_path}/store"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", SCRIPT, str(clone), commit],
        cwd=tmp_path, env=known, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.strip().splitlines()[-1])
    names = loader.names(REPOSITORY / "include/datasets")
    assert len(names) >= 8
    assert set(names) <= set(found["dags"])
    assert found["errors"] == {}
    assert str(tmp_path / "bundles") in found["room"]
    assert found["code"].split(":")[0] == commit
    archive = tmp_path / "store/dev/code" / f"{found['code'].split(':')[1]}.tar"
    assert archive.stat().st_size > 100_000
