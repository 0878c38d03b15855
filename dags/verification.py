"""One DAG for all datasets: what was published is there and whole, or its task says what is not."""

from airflow.sdk import DAG

from include.orchestration.upkeep import verification_dag

verification: DAG = verification_dag()
