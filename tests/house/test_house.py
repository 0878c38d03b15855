"""The house stands as it is drawn: rooms, imports, lists, licences, checks."""

import ast
import importlib.metadata
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from include.settings import REPOSITORY
from tests.clone import make_clone, run

OURS = {"include", "tests", "benchmarks", "data_commons"}
TOP = ["dags", "plugins", "include", "helm-values", "requirements.txt", "tests", "README.md", "LICENSE", "FORMAT.md"]
# Loaded by name (fsspec's protocol, DVC's remote, pip as a program, a site's theme), or one of several that share a
# package's name; or held at a version for another's sake.
BY_NAME = {"s3fs", "dvc-s3", "pip", "furo", "sqlalchemy", "apache-airflow", "apache-airflow-providers-cncf-kubernetes"}
NOT_IN_PODS = {"openmetadata-ingestion"}  # adapters that Airflow's environment alone loads
BY_NAME |= {f"apache-airflow-{part}" for part in ("task-sdk", "providers-standard", "providers-git")} | {"dbt-core"}


def _files(*roots: str) -> list[Path]:
    found = [path for root in roots for path in (REPOSITORY / root).rglob("*.py")]
    assert found
    return found


def _imported(path: Path) -> set[str]:
    """Top names of the modules that a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


def _listed(name: str) -> set[str]:
    """Distributions named in a .in list, those it includes too."""
    listed: set[str] = set()
    for line in (REPOSITORY / name).read_text().splitlines():
        if line.startswith("-r "):
            listed |= _listed(line.removeprefix("-r ").strip())
        elif found := re.match(r"[A-Za-z0-9._-]+", line):
            listed.add(found[0].lower().replace("_", "-"))
    return listed


def _distributions(names: set[str]) -> set[str]:
    known = importlib.metadata.packages_distributions()
    outside = {name for name in names if name not in sys.stdlib_module_names and name not in OURS}
    return {known[name][0].lower().replace("_", "-") for name in outside if name in known}


@pytest.mark.parametrize("name", TOP)
def test_the_top_is_laid_out(name: str) -> None:
    assert (REPOSITORY / name).exists()


def test_no_room_is_an_empty_shell() -> None:
    rooms = [path for path in (REPOSITORY / "include").iterdir() if path.is_dir() and path.name != "__pycache__"]
    assert len(rooms) >= 12
    for room in rooms:
        assert [path for path in room.rglob("*") if path.is_file() and path.stat().st_size > 200], room


def test_imports_inside_include_are_relative() -> None:
    wrong = [str(path) for path in _files("include") if "include" in _imported(path)]
    assert wrong == []


def test_authors_folders_hold_no_package() -> None:
    assert list((REPOSITORY / "include/datasets").rglob("__init__.py")) == []


@pytest.mark.parametrize(
    ("roots", "list_"),
    [
        (["include", "dags", "plugins"], "requirements.in"),
        (
            [
                f"include/{r}"
                for r in ("tasks", "versions", "adapters", "diff", "extraction", "validation", "contracts", "tables")
            ],
            "include/images/requirements.in",
        ),
    ],
)
def test_what_is_imported_is_listed(roots: list[str], list_: str) -> None:
    names = set().union(*(_imported(path) for path in _files(*roots)))
    needed = _distributions(names)
    assert len(needed) > 8
    assert needed - _listed(list_) - (NOT_IN_PODS if "images" in list_ else set()) == set()


def test_what_is_listed_is_imported() -> None:
    names = set().union(*(_imported(path) for path in _files("include", "dags", "plugins")))
    assert _listed("requirements.in") - _distributions(names) - BY_NAME == set()


def test_the_task_environment_has_no_airflow_and_the_same_pins() -> None:
    pins = dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", (REPOSITORY / "requirements.txt").read_text(), re.MULTILINE))
    task = re.findall(
        r"^([a-z0-9._-]+)==(\S+)", (REPOSITORY / "include/images/requirements.txt").read_text(), re.MULTILINE
    )
    assert len(task) > 50
    assert [name for name, _ in task if "airflow" in name] == []
    assert [(name, version) for name, version in task if pins.get(name) != version] == []


def test_pins_carry_hashes_and_no_registry_address() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "include/images/requirements.txt"):
        text = (REPOSITORY / name).read_text()
        assert text.count("--hash=sha256:") > 50
        assert "://" not in text


def test_import_rules_hold_and_catch_an_arrow_that_points_the_wrong_way(tmp_path: Path) -> None:
    clone = make_clone(tmp_path)
    assert run(".venv/bin/lint-imports", clone).returncode == 0
    (clone / "include/orchestration/oops.py").write_text("from ..tasks import receipts\n\n__all__ = ['receipts']\n")
    broken = run(".venv/bin/lint-imports", clone)
    assert broken.returncode == 1
    assert "include.orchestration.oops -> include.tasks" in broken.stdout


@pytest.mark.parametrize(
    ("file", "line", "told"),
    [
        ("include/datasets/elf_codes/extract.py", "import airflow", "A dataset never speaks of Airflow"),
        ("include/datasets/elf_codes/extract.py", "import httpx", "The engine fetches"),
        ("include/datasets/elf_codes/extract.py", "from include.adapters import fetch", "files stand alone"),
        ("dags/odd.py", "import polars", "DAG parsing loads no data library"),
        ("plugins/odd.py", "from include.tasks import receipts", "Tasks run in pods"),
    ],
)
def test_a_banned_import_is_refused_with_the_reason(file: str, line: str, told: str) -> None:
    command = [str(REPOSITORY / ".venv/bin/ruff"), "check", "--no-cache", "--stdin-filename", file, "-"]
    done = subprocess.run(
        command, input=f'"""A file."""\n\n{line}\n', cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert told in done.stdout


def test_a_wheel_imports_as_data_commons(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(REPOSITORY)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    names = [path.name for path in (tmp_path / "site").iterdir()]
    assert "include" not in names
    assert not (tmp_path / "site/data_commons/datasets").exists()
    (points,) = (tmp_path / "site").glob("*.dist-info/entry_points.txt")
    module, _, name = re.findall(r"^commons = (\S+)", points.read_text(), re.MULTILINE)[0].partition(":")
    code = f"import data_commons, {module}; assert callable({module}.{name}); print(data_commons.open.__name__)"
    variables = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=tmp_path, env=variables | {"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "open", done.stderr


def test_hosted_ci_and_ci_run_call_the_same_commands() -> None:
    hosted = yaml.safe_load((REPOSITORY / ".github/workflows/ci.yml").read_text())
    steps = [step.get("run", "") for step in hosted["jobs"]["test"]["steps"]]
    assert "make test" in steps
    assert "make demo" in steps
    assert "\nmake test" in (REPOSITORY / ".ci/run").read_text()


def test_pre_commit_runs_the_checks_of_ci() -> None:
    hooks = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    assert "make check" in [hook["entry"] for hook in hooks]
    makefile = (REPOSITORY / "Makefile").read_text()
    assert re.search(r"^test: install check", makefile, re.MULTILINE)


def test_no_fetched_file_is_committed() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, check=True, capture_output=True).stdout
    files = [REPOSITORY / name for name in listed.decode().split("\0") if name]
    assert len(files) > 100
    data = (".parquet", ".xlsx", ".zip", ".gz", ".db", ".csv")
    large = [f for f in files if f.is_file() and f.suffix in data and f.stat().st_size > 20_000]
    assert large == []


def test_values_of_deployments_hold_no_secret() -> None:
    documents = [
        document
        for path in (REPOSITORY / "helm-values").glob("*.yaml")
        for document in yaml.safe_load_all(path.read_text())
    ]
    assert len(documents) >= 5
    assert [d for d in documents if isinstance(d, dict) and d.get("kind") == "Secret"] == []
