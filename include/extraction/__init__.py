"""Bytes to tables, safely: pure functions from files to Parquet frames."""
