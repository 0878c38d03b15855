"""What a dataset promises: contracts, names, units and columns, light enough for DAG parsing."""
