"""The last task of a run: a new version becomes an Asset event, on the receipt's word, never on a pod's."""

import json
from typing import Any
from urllib.parse import quote

import fsspec
from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowException, AirflowSkipException

from ..settings import settings

IDENTITY = ("commit", "content")


def announce(dataset: str, run_id: str, asset: Asset, outlet_events: Any, inlet_events: Any) -> dict[str, Any]:
    """What is known of the version that this run published; attached to the Asset event.

    Skips where nothing new was published, or the latest event already told of it (a cleared run finds its own commit).
    Raises AirflowException where publish left no receipt.
    """
    receipt = receipt_of(settings().store, dataset, run_id)
    if receipt["outcome"] != "done":
        raise AirflowSkipException(f"{dataset}: publish says {receipt['outcome']}: no new version to announce.")
    told = {"dataset": dataset, "run": run_id, **receipt["counts"], **_facts(receipt)}
    for event in inlet_events[asset].ascending(False).limit(1):
        if all(event.extra.get(key) == told.get(key) for key in IDENTITY):
            raise AirflowSkipException(f"{dataset}: this version was announced at {event.timestamp}.")
    outlet_events[asset].extra.update(told)
    return told


def _facts(receipt: dict[str, Any]) -> dict[str, Any]:
    """Which version it is: its commit, its two hashes, what it was made from."""
    facts, entry = receipt["facts"], receipt["facts"].get("entry") or {}
    meta = entry.get("meta") or {}
    known = {"commit": facts.get("commit"), "md5": entry.get("md5")}
    known |= {key: meta.get(key) for key in ("content", "source_version", "code", "environment")}
    return {key: value for key, value in known.items() if value}


def receipt_of(store: str, dataset: str, run_id: str) -> dict[str, Any]:
    """Publish's receipt of its highest attempt; of several, the one that was finished last."""
    folder = f"{store.rstrip('/')}/runs/{dataset}/{quote(run_id, safe='._-')}/publish"
    files, root = fsspec.core.url_to_fs(folder)
    paths = sorted(path for path in files.glob(f"{root}/*/receipt*.json"))
    if not paths:
        raise AirflowException(
            f"{dataset}: publish is green, but it left no receipt in {folder}. Nothing was announced; the last good "
            "version stays. Clear the task publish; if that repeats, look at its log in the store."
        )
    top = max(path.split("/")[-2] for path in paths)
    receipts: list[dict[str, Any]] = [json.loads(files.cat_file(p)) for p in paths if p.split("/")[-2] == top]
    return max(receipts, key=lambda receipt: str(receipt["facts"].get("finished", "")))
