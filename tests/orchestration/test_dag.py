"""Contracts become DAGs: the same every time, light to parse, each by itself."""

import datetime as dt
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import time_machine
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization

from include.contracts import loader
from include.orchestration import dag as dags
from include.settings import REPOSITORY, settings
from tests.orchestration.conftest import BROKEN, CONTRACT, REFERENCE, pod_of, write, write_matched


def parsed(variables: Mapping[str, str], *options: str) -> subprocess.Popen[str]:
    """A fresh process that parses dags/datasets.py."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("COMMONS_", "AIRFLOW"))}
    command = [sys.executable, str(Path(__file__).with_name("parse.py")), *options]
    given = kept | {"AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "0", "AIRFLOW__CORE__UNIT_TEST_MODE": "True"}
    return subprocess.Popen(command, env=given | dict(variables), stdout=subprocess.PIPE, text=True)


def answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, _ = process.communicate(timeout=240)
    assert process.returncode == 0
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


def chain(dag: DAG) -> list[str]:
    tasks = list(dag.roots)
    assert len(tasks) == 1
    while tasks[-1].downstream_list:
        assert len(tasks[-1].downstream_list) == 1
        tasks.append(tasks[-1].downstream_list[0])
    return [task.task_id for task in tasks]


@pytest.mark.parametrize("name", loader.names(REPOSITORY / "include/datasets"))
def test_every_contract_has_the_same_tasks_and_those_that_match_two_more(name: str) -> None:
    dag = dags.dataset_dag(REPOSITORY / "include/datasets" / name)
    assert dag.dag_id == name
    contract = loader.load(REPOSITORY / "include/datasets" / name)
    between = [] if contract.match is None else ["match"] if contract.match.shards == 1 else ["compare", "match"]
    assert chain(dag) == ["sync", "extract", "validate", *between, "publish", "announce"]
    assert "contract-error" not in dag.tags
    assert (dag.catchup, dag.max_active_runs) == (False, 1)
    assert contract.title in str(dag.doc_md)
    assert contract.owner in str(dag.doc_md)
    assert ("| Names matched to | `lei_entities` |" in str(dag.doc_md)) == bool(contract.match)


def test_a_parse_is_the_same_in_fresh_processes_with_other_hash_seeds(tmp_path: Path) -> None:
    """Fault 31: DAG versions must not rise by themselves. Also: one of 500 contracts is broken, and only that one."""
    for number in range(499):
        more = 'schedule: "@daily"\n' if number % 2 else REFERENCE.replace("TO", "d001") if number % 3 else ""
        write(tmp_path, f"d{number:03d}", CONTRACT + more)
    write(tmp_path, "broken", BROKEN)
    common = {"COMMONS_DATASETS": str(tmp_path)}
    first, second, third = (parsed(common | {"PYTHONHASHSEED": seed}, "--texts") for seed in ("1", "22", "333"))
    found = answer(first)
    assert len(found["hashes"]) == 500
    assert found["hashes"] == answer(second)["hashes"] == answer(third)["hashes"]

    assert found["errors"] == {}
    assert found["heavy"] == []
    assert [name for name, tags in found["tags"].items() if "contract-error" in tags] == ["broken"]
    assert "titel" in found["texts"]["broken"]
    assert "titel" not in found["texts"]["d000"]

    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True).stdout.strip()
    for name, text in found["texts"].items():
        plain = json.loads(text)["dag"]
        for where in ("fileloc", "relative_fileloc", "_processor_dags_folder"):
            plain.pop(where, None)
        for told in (str(REPOSITORY), str(tmp_path), head, head[:8], str(dt.date.today())):
            assert told not in json.dumps(plain), name


def test_a_task_s_parse_builds_its_own_dag_only(tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        write(tmp_path, name)
    found = answer(parsed({"COMMONS_DATASETS": str(tmp_path), "_AIRFLOW_PARSING_CONTEXT_DAG_ID": "two"}))
    assert list(found["hashes"]) == ["two"]


def test_a_broken_contract_becomes_a_dag_that_says_what_is_wrong(room: Any) -> None:
    dag = dags.dataset_dag(room("harbours", BROKEN))
    assert dag.dag_id == "harbours"
    assert dag.tags == {"contract-error"}
    assert dag.schedule is None
    assert "unknown key 'titel'" in str(dag.doc_md)
    assert "did you mean 'title'" in str(dag.doc_md)
    (task,) = dag.tasks
    with pytest.raises(Exception, match="unknown key 'titel'"):
        task.python_callable()


def test_a_folder_with_an_impossible_name_is_told_too(room: Any) -> None:
    dag = dags.dataset_dag(room("Bad Name!"))
    assert dag.dag_id == "Bad_Name_"
    assert dag.tags == {"contract-error"}


def test_references_schedule_by_the_assets_of_what_is_referenced(room: Any) -> None:
    referenced = room("elf_codes")
    dag = dags.dataset_dag(room("referring", CONTRACT + REFERENCE.replace("TO", "elf_codes")))
    assert dag.schedule == [dags.dataset_asset("elf_codes")]
    announced = dags.dataset_dag(referenced).get_task("announce").outlets
    assert announced == dag.schedule
    assert announced[0].uri == "commons://dev/elf_codes"


def test_a_register_that_changes_starts_what_is_matched_by_it(tmp_path: Path) -> None:
    """Either does: of a register that changes each month, the list of legal forms may stay for years."""
    dag = DagSerialization.from_dict(DagSerialization.to_dict(dags.dataset_dag(write_matched(tmp_path))))
    assert dag.timetable.asset_condition.as_expression() == {
        "any": [
            {"asset": {"uri": f"commons://dev/{name}", "name": name, "group": "asset"}}
            for name in ("companies", "forms")
        ]
    }


def test_names_are_compared_in_as_many_pods_as_the_contract_says_and_matched_after_all(tmp_path: Path) -> None:
    for shards, verbs in ((1, ["match"]), (3, ["compare", "match"])):
        dag = dags.dataset_dag(write_matched(tmp_path / str(shards), shards))
        assert chain(dag) == ["sync", "extract", "validate", *verbs, "publish", "announce"]
        assert dag.get_task("match").trigger_rule == "all_success"
    compare = dag.get_task("compare")
    assert len(compare.expand_input.value["arguments"]) == 3
    assert compare.partial_kwargs["retries"] == 2
    assert compare.partial_kwargs["max_active_tis_per_dag"] == 3, "shards run beside each other, those of one run"


def test_a_mapped_task_is_the_same_at_each_parse(tmp_path: Path) -> None:
    """Fault 31: what a mapped task is made of is serialised whole, so nothing in it may be told by its address."""
    folder = write_matched(tmp_path)
    first, second = (json.dumps(DagSerialization.to_dict(dags.dataset_dag(folder)), sort_keys=True) for _ in "ab")
    assert first == second
    assert " object at 0x" not in first
    assert DagSerialization.from_dict(json.loads(first)).get_task("compare").is_mapped


def test_a_developer_has_dags_and_assets_of_their_own(monkeypatch: pytest.MonkeyPatch, room: Any) -> None:
    monkeypatch.setenv("COMMONS_DEVELOPER", "jane")
    settings.cache_clear()
    try:
        dag = dags.dataset_dag(room("harbours"))
        assert dag.dag_id == "jane-harbours"
        assert dag.get_task("announce").outlets[0].uri == "commons://dev-jane/harbours"
        assert pod_of(dag.get_task("extract"), bundle_instance=None)["metadata"]["name"].startswith("jane-harbours-")
    finally:
        settings.cache_clear()


def intervals(folder: Path, start: dt.datetime, days: int) -> list[tuple[dt.datetime, dt.datetime]]:
    dag = DagSerialization.from_dict(DagSerialization.to_dict(dags.dataset_dag(folder)))
    runs = dag.iter_dagrun_infos_between(start, start + dt.timedelta(days=days - 1))
    return [(run.data_interval.start, run.data_interval.end) for run in runs]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia"])
def test_a_backfill_of_400_days_has_400_utc_days_whatever_the_zone(
    room: Any, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    """Fault 30: clock changes of a machine's zone move no interval."""
    monkeypatch.setenv("TZ", zone)
    folder = room("daily", CONTRACT + 'schedule: "@daily"\n')
    start = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    found = intervals(folder, start, 400)
    assert len(found) == 400
    days = [start + dt.timedelta(days=n) for n in range(401)]
    assert found == list(itertools.pairwise(days))


def test_a_backfill_is_bounded_to_one_pod_of_a_verb() -> None:
    """Fault 30: Airflow's own limit for backfills is on runs, and its default is many."""
    dag = dags.dataset_dag(REPOSITORY / "include/datasets/elf_codes")
    assert {task.task_id: task.max_active_tis_per_dag for task in dag.tasks if task.task_id != "announce"} == {
        "sync": 1, "extract": 1, "validate": 1, "publish": 1,
    }  # fmt: skip


@pytest.mark.parametrize("clock", [dt.datetime(1999, 12, 31, tzinfo=dt.UTC), dt.datetime(2038, 1, 20, tzinfo=dt.UTC)])
def test_a_wrong_clock_of_a_node_changes_nothing_of_a_pod(
    room: Any, monkeypatch: pytest.MonkeyPatch, clock: dt.datetime
) -> None:
    """Fault 30."""
    monkeypatch.setenv("COMMONS_CODE", "c:t")
    settings.cache_clear()
    task = dags.dataset_dag(room("daily", CONTRACT + 'schedule: "@daily"\n')).get_task("extract")
    now = pod_of(task)
    with time_machine.travel(clock):
        assert pod_of(task) == now
    settings.cache_clear()


def test_airflow_looks_into_dags_only() -> None:
    from airflow.utils.file import list_py_file_paths

    found = {Path(path).relative_to(REPOSITORY).parts[0] for path in list_py_file_paths(REPOSITORY, safe_mode=True)}
    assert found == {"dags"}
