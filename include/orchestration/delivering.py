"""The DAG that tells OpenMetadata what waits for it in the spool, in a process that may take its time."""

import json
import logging
import os
import subprocess
import sys
from typing import Any

from airflow.configuration import conf
from airflow.sdk import DAG, CronDataIntervalTimetable, task
from airflow.sdk.exceptions import AirflowFailException

from ..contracts.layout import CATALOGUE
from ..settings import REPOSITORY, settings
from .space import space

log = logging.getLogger(__name__)

SCHEDULE = "*/5 * * * *"
KEYS = (
    "airflow_service_name", "openmetadata_api_endpoint", "jwt_token", "verify_ssl", "timeout", "retry", "retry_wait",
    "retry_codes",
)  # fmt: skip
"""Of `[lineage]`: those that OpenMetadata's lineage backend read from Airflow 2."""
TEXT = """\
# Catalogue

How tasks ended, and which datasets have new versions, waits in the spool of the store. `deliver` tells OpenMetadata of
it, each dataset's events in order, and makes its entries agree with Git. It does what `commons catalogue flush` does.

While OpenMetadata is away the task fails and its log says why, how much waits and since when; data are published all
the same, and nothing is lost: the next run goes on. What OpenMetadata refuses for good is set apart in
`spool-refused/`, with the reason; the task names it.

It runs every five minutes where others depend on it and `[lineage]` names an OpenMetadata; else when somebody
triggers it.
"""


def catalogue_dag() -> DAG:
    """Every five minutes where there is an OpenMetadata that others look at; else only when somebody triggers it."""
    often = CronDataIntervalTimetable(SCHEDULE, timezone="UTC")
    by_hand = settings().environment == "dev" or not _setting("openmetadata_api_endpoint")
    with DAG(
        dag_id=space().dag_id(CATALOGUE),
        description="OpenMetadata is told how tasks ended and which versions are new",
        doc_md=TEXT,
        schedule=None if by_hand else often,
        catchup=False,
        max_active_runs=1,
        tags=["upkeep"],
    ) as dag:

        @task(task_id="deliver", retries=0, multiple_outputs=False)
        def deliver() -> dict[str, Any]:
            return _deliver()

        deliver()
    return dag


def _setting(key: str) -> str:
    return str(conf.get("lineage", key, fallback="") or "")


def _deliver() -> dict[str, Any]:
    """What the delivery says of itself, which Airflow shows as the task's result.

    Raises AirflowFailException with its words where something was refused, or waits.
    """
    command = [sys.executable, "-m", "include.cli", "catalogue", "flush", "--json"]
    given = {f"AIRFLOW__LINEAGE__{key.upper()}": value for key in KEYS if (value := _setting(key))}
    done = subprocess.run(
        command, cwd=REPOSITORY, env=os.environ | given, capture_output=True, text=True, check=False
    )  # fmt: skip
    for line in done.stderr.splitlines():
        log.info("%s", line)
    log.info("%s", done.stdout)
    if done.returncode:
        raise AirflowFailException(done.stderr.strip().rpartition("\n")[2] or f"exit {done.returncode}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told
