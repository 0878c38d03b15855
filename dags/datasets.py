"""One DAG per dataset contract; a task's own parse builds its DAG only."""

from pathlib import Path

from airflow.sdk import get_parsing_context

from include.contracts import loader
from include.orchestration.dag import dag_id, dataset_dag
from include.settings import settings

ROOM = Path(settings().datasets)
WANTED = get_parsing_context().dag_id

for name in loader.names(ROOM):
    if WANTED in (None, dag_id(name)):
        globals()[name] = dataset_dag(ROOM / name)
