"""Contract to DAG, verb to pod: the only code in include/ that imports Airflow."""
