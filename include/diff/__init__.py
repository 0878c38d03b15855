"""How two tables differ: what changed in the schema, in rows, in cells, in what columns hold."""
