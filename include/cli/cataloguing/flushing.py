"""`commons catalogue flush` and `spool`: what waits for OpenMetadata, delivered and told."""

import datetime as dt
import os
import sys
from contextlib import redirect_stdout
from typing import Any

from ...adapters import spool
from ...adapters.store import Store, own_store
from ...contracts.words import counted
from ...errors import DataCommonsError, DataError, EnvironmentFault
from ...laptop.airflow import HOME
from ...settings import lineage
from .delivering import Delivery, Report

Told = dict[str, Any]


def flushed() -> tuple[Told, DataCommonsError | None]:
    """Delivers what waits; what became of it, and what is wrong: refused events, a server that is away.

    Raises EnvironmentFault where somebody else delivers, or the store is at fault.
    """
    from .syncing import connected, synced

    store, where = own_store(), lineage()
    if not where.openmetadata_api_endpoint:
        return _told(store, Report()) | {"configured": False}, None
    os.environ.setdefault(
        "AIRFLOW_HOME", str(HOME)
    )  # the client's runner reads Airflow's configuration, wherever it is
    with redirect_stdout(sys.stderr):  # Airflow says there what it says; ours is read by programs
        report = Delivery(store, connected, where.airflow_service_name, synced).run()
    told = _told(store, report)
    return told, _wrong(told)


def _told(store: Store, report: Report) -> Told:
    found = spool.lengths(store)
    oldest = min((length.oldest for length in found if length.oldest), default=None)
    waiting = {"waiting": sum(length.waiting for length in found), "oldest": oldest and f"{oldest:%Y-%m-%dT%H:%M:%SZ}"}
    return {"configured": True, **vars(report), **waiting}


def stated_flush(told: Told) -> str:
    """What became of the spool, in words."""
    if not told["configured"]:
        waits = f" {_waits(told)}." if told["waiting"] else ""
        return f"No OpenMetadata: AIRFLOW__LINEAGE__OPENMETADATA_API_ENDPOINT is not set.{waits}"
    lost = f" {counted(told['dropped'], 'event')} had been dropped for want of room." if told["dropped"] else ""
    return f"{counted(told['delivered'], 'event')} delivered.{lost}"


def _wrong(told: Told) -> DataCommonsError | None:
    apart = "It is set apart; `commons catalogue sync` tells of its dataset as it is now."
    refused = [f"OpenMetadata refuses {one}. {apart}" for one in told["refused"]]
    if told["away"] is None:
        return DataError(*refused) if refused else None
    return EnvironmentFault(
        *refused,
        f"{told['away']} {_waits(told)}; nothing is lost. Then run `commons catalogue flush`, or wait for the DAG "
        "`catalogue`.",
    )


def _waits(told: Told) -> str:
    since = f", the oldest since {told['oldest']}" if told["oldest"] else ""
    return f"{counted(told['waiting'], 'event')} {'waits' if told['waiting'] == 1 else 'wait'} in the spool{since}"


def lengths() -> list[Told]:
    """How much waits of each dataset, since when, and what was refused."""
    now = dt.datetime.now(dt.UTC)
    return [
        {
            "dataset": length.dataset,
            "waiting": length.waiting,
            "oldest": length.oldest and f"{length.oldest:%Y-%m-%dT%H:%M:%SZ}",
            "age_minutes": length.oldest and round((now - length.oldest).total_seconds() / 60),
            "refused": length.refused,
        }
        for length in spool.lengths(own_store())
    ]


def refusals() -> list[str]:
    """Path and reason of each refused event."""
    return [f"{path}: {told.get('reason', 'unknown')}" for path, told in spool.refusals(own_store())]
