"""The catalogue as a folder of pages: one a dataset, searchable, and read without a server."""
