"""One DAG for all datasets: OpenMetadata is told of their runs and new versions."""

from airflow.sdk import DAG

from include.orchestration.delivering import catalogue_dag

catalogue: DAG = catalogue_dag()
