"""The DAG that looks after all versions: heads agree with Git, and every byte is read within a week."""

from airflow.sdk import DAG, CronDataIntervalTimetable, Param, chain

from ..contracts.layout import VERIFICATION
from ..settings import settings
from . import macros
from .pod import pod_task
from .space import space

SAMPLE = 15
"""Percent of the bytes that are read each day: another part each time, all of them within seven days."""
TEXT = """\
# Verification

`sync` makes what is derived from Git agree with it. `verify` looks for every file of every version that was announced,
and reads a part of them, another part each day. What is missing or damaged fails the task; its log names file, dataset
and versions, and what to do: `commons verify --all --repair` restores it from wherever a good copy is.

It also deletes the branches of proposals that nobody merged in 30 days.

Trigger it with `sample: 100` to read everything now.
"""


def verification_dag() -> DAG:
    """Daily where others depend on it; in a development environment only when somebody triggers it."""
    daily = CronDataIntervalTimetable("@daily", timezone="UTC")
    with DAG(
        dag_id=space().dag_id(VERIFICATION),
        description="Every byte of every version is there and whole",
        doc_md=TEXT,
        schedule=None if settings().environment == "dev" else daily,
        catchup=False,
        max_active_runs=1,
        tags=["upkeep"],
        params={"sample": Param(SAMPLE, type="number", exclusiveMinimum=0, maximum=100, description="Percent read.")},
        user_defined_macros={"commons": macros},
    ) as dag:
        sync = pod_task(VERIFICATION, "sync", "small")
        chain(sync, pod_task(VERIFICATION, "verify", "medium", "--sample", "{{ params.sample }}"))
    return dag
