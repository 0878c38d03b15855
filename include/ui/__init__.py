"""Pages that Airflow's UI links to: a run's report and its pods' logs, read from the store."""
