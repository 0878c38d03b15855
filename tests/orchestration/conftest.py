"""A room of generated datasets, and what a worker gives to templates."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

CONTRACT = """\
title: Dataset {number}
description: Rows of the test.
owner: owner@example.org
licence: CC0-1.0
source:
  url: https://example.org/{number}.csv
key: [id]
access: public
"""
SCHEMA = '''\
"""A row a thing."""
import pandera.polars as pa


class Schema(pa.DataFrameModel):
    id: str = pa.Field(description="The thing")
'''
REFERENCE = "expect:\n  references:\n    - {columns: [id], dataset: TO, to: [id]}\n"
REGISTER = "register: {id: id, name: id, country: id, legal_forms: FORMS}\n"
MATCH = "match: {register: REGISTER, entity: id, shards: SHARDS}\n"
BROKEN = CONTRACT.replace("title:", "titel:")


def write(room: Path, name: str, contract: str = CONTRACT) -> Path:
    """A dataset's folder in `room`."""
    folder = room / name
    folder.mkdir(parents=True)
    (folder / "contract.yaml").write_text(contract.replace("{number}", name))
    (folder / "schema.py").write_text(SCHEMA)
    return folder


@pytest.fixture
def room(tmp_path: Path) -> Callable[..., Path]:
    """Writes datasets: room(name, contract text)."""
    return lambda name, contract=CONTRACT: write(tmp_path / "datasets", name, contract)


def write_matched(room: Path, shards: int = 3) -> Path:
    """The folder of `owners`, whose names are matched against `companies`, by the legal forms of `forms`."""
    write(room, "forms")
    write(room, "companies", CONTRACT + REGISTER.replace("FORMS", "forms"))
    return write(room, "owners", CONTRACT + MATCH.replace("REGISTER", "companies").replace("SHARDS", str(shards)))


def context(task: Any, run_id: str = "scheduled__2026-01-01T00:00:00+00:00", **changes: Any) -> dict[str, Any]:
    """What templates of `task` see in a worker."""
    day = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    run = SimpleNamespace(data_interval_start=day, data_interval_end=day + dt.timedelta(days=1), run_after=day)
    ti = SimpleNamespace(
        dag_id=task.dag_id, task_id=task.task_id, run_id=run_id, try_number=1, max_tries=task.retries, task=task,
        map_index=-1, bundle_instance=None,
    )  # fmt: skip
    params = changes.pop("params", task.dag.params.dump())
    vars(ti).update(changes)
    return {"ti": ti, "task": task, "run_id": run_id, "dag_run": run, "dag": task.dag, "params": params}


def pod_of(task: Any, **changes: Any) -> dict[str, Any]:
    """The pod that a rendered task asks the cluster for, as the API gets it; of a mapped one, that of `map_index`."""
    from kubernetes.client import ApiClient

    if task.is_mapped:
        arguments = task.expand_input.value["arguments"][changes.setdefault("map_index", 0)]
        task = task.unmap({"arguments": arguments})
    given = context(task, **changes)
    rendered = task.prepare_for_execution()
    rendered.render_template_fields(given)
    rendered.name = rendered._set_name(rendered.name)
    pod = rendered.build_pod_request_obj(given, dry_run=True)
    manifest: dict[str, Any] = ApiClient().sanitize_for_serialization(pod)
    return manifest
