"""The last task of a run: a new version becomes an Asset event, on the receipt's word, never on a pod's."""

import json
from typing import Any

import fsspec
from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowException, AirflowRuntimeError, AirflowSkipException

from ..contracts import layout
from .space import store

IDENTITY = ("commit", "content")


def announce(dataset: str, run_id: str, asset: Asset, outlet_events: Any, inlet_events: Any) -> dict[str, Any]:
    """What is known of the version that this run published; attached to the Asset event.

    Skips where nothing new was published, or the latest event already told of it (a cleared run finds its own commit).
    Raises AirflowException where publish left no receipt.
    """
    *earlier, receipt = receipts(store(), dataset, run_id)
    if receipt["outcome"] != "done":
        raise AirflowSkipException(f"{dataset}: publish says {receipt['outcome']}: no new version to announce.")
    told = {"dataset": dataset, "run": run_id, **receipt["counts"], **_facts(receipt)}
    if any(_same(_facts(other), told) for other in earlier) and _same(_latest(asset, inlet_events), told):
        raise AirflowSkipException(f"{dataset}: this version was announced before its run was cleared.")
    outlet_events[asset].extra.update(told)
    return told


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(one.get(key) == other.get(key) for key in IDENTITY)


def _latest(asset: Asset, inlet_events: Any) -> dict[str, Any]:
    """What the asset's latest event told; nothing where Airflow can't say, since twice is better than never.

    It can't while a run that the event started is queued (Airflow 3.3.2 wants that run's start), so ask seldom.
    """
    try:
        return next((dict(event.extra or {}) for event in inlet_events[asset].ascending(False).limit(1)), {})
    except AirflowRuntimeError:
        return {}


def _facts(receipt: dict[str, Any]) -> dict[str, Any]:
    """Which version it is: its commit, its two hashes, what it was made from."""
    facts, entry = receipt["facts"], receipt["facts"].get("entry") or {}
    meta = entry.get("meta") or {}
    known = {"commit": facts.get("commit"), "md5": entry.get("md5")}
    known |= {key: meta.get(key) for key in ("content", "source_version", "code", "environment")}
    return {key: value for key, value in known.items() if value}


def receipts(address: str, dataset: str, run_id: str) -> list[dict[str, Any]]:
    """Publish's receipts of a run by attempt, in one attempt as they were finished; the last one counts."""
    folder = f"{address}/{layout.run_folder(dataset, run_id, 'publish')}"
    files, root = fsspec.core.url_to_fs(folder)
    found: list[tuple[str, dict[str, Any]]] = [
        (path.split("/")[-2], json.loads(files.cat_file(path))) for path in files.glob(f"{root}/*/receipt*.json")
    ]
    if not found:
        raise AirflowException(
            f"{dataset}: publish is green, but it left no receipt in {folder}. Nothing was announced; the last good "
            "version stays. Clear the task publish; if that repeats, look at its log in the store."
        )
    ordered = sorted(found, key=lambda one: (one[0], str(one[1]["facts"].get("finished", ""))))
    return [receipt for _, receipt in ordered]
