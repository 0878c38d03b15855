"""The last task of a run: a new version becomes an Asset event, on the receipt's word, never on a pod's."""

import json
from typing import Any
from urllib.parse import quote

import fsspec
from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowException, AirflowSkipException

from ..settings import settings

FACTS = ("commit", "content", "md5", "source_version", "code", "environment")


def announce(dataset: str, run_id: str, asset: Asset, outlet_events: Any) -> dict[str, Any]:
    """What is known of the version that this run published; attached to the Asset event.

    Skips where nothing new was published. Raises AirflowException where publish left no receipt.
    """
    receipt = receipt_of(settings().store, dataset, run_id)
    if receipt["outcome"] != "done":
        raise AirflowSkipException(
            f"{dataset}: publish says {receipt['outcome']}: there is no new version to announce."
        )
    facts = {key: receipt["facts"][key] for key in FACTS if key in receipt["facts"]}
    told = {"dataset": dataset, "run": run_id, **receipt["counts"], **facts}
    outlet_events[asset].extra.update(told)
    return told


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
