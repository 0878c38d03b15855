"""`commons lineage`: where a dataset or a column comes from, what is made of it, and who is hit by a change."""
