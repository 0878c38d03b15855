"""Hangs the pages of include/ui into Airflow: links on pod tasks, and their app behind Airflow's login."""

from typing import Any, ClassVar
from urllib.parse import urlparse

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag
from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import BaseOperator, BaseOperatorLink
from airflow.sdk.types import TaskInstanceKey

from include.adapters.store import own_store
from include.contracts import layout
from include.ui import pages


def _below_airflow(path: str) -> str:
    """The path as a browser asks for it, where Airflow itself lies below a path."""
    return urlparse(conf.get("api", "base_url", fallback="")).path.rstrip("/") + path


class ReportLink(BaseOperatorLink):
    """From any pod task of a run to the owner's report of its validation; from match to that of its links."""

    name = "Report"
    operators: ClassVar = [KubernetesPodOperator]

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002
        verb = "match" if ti_key.task_id == "match" else "validate"
        return _below_airflow(pages.link(ti_key.dag_id, ti_key.run_id, verb, "report"))


class LogLink(BaseOperatorLink):
    """To the log that the pod kept in the store, which outlives the pod."""

    name = "Pod's own log"
    operators: ClassVar = [KubernetesPodOperator]

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002
        step = layout.step(ti_key.task_id, ti_key.map_index if ti_key.map_index >= 0 else None)
        return _below_airflow(pages.link(ti_key.dag_id, ti_key.run_id, step, "log"))


class DataCommonsPlugin(AirflowPlugin):
    """What Airflow loads."""

    name = "data_commons"
    operator_extra_links: ClassVar[list[Any]] = [ReportLink(), LogLink()]
    fastapi_apps: ClassVar[list[Any]] = [
        {
            "name": "data_commons",
            "url_prefix": pages.PREFIX,
            "app": pages.application(own_store, requires_access_dag("GET", DagAccessEntity.TASK_LOGS)),
        }
    ]
