# ruff: noqa: S608 -- names are quoted, paths are literals
"""How many different values the columns of a table have: counted in small tables, estimated in large ones."""

from collections.abc import Collection
from pathlib import Path

import polars as pl

from ..tables.database import connect, literal
from .sides import Table

EXACT_ROWS = 250_000


def distinct(
    found: Table, names: Collection[str], rows: int, scratch: Path, memory_mb: int
) -> tuple[dict[str, int], bool]:
    """Different values by column, missing ones apart; whether they are estimates (HyperLogLog, a few percent off)."""
    if not names or not rows:
        return dict.fromkeys(names, 0), False
    if rows <= EXACT_ROWS:
        counts = found.scan().select(pl.col(name).drop_nulls().n_unique() for name in names)
        return counts.collect(engine="streaming").row(0, named=True), False
    return _estimated(found, names, scratch, memory_mb), True


def _estimated(found: Table, names: Collection[str], scratch: Path, memory_mb: int) -> dict[str, int]:
    quoted = (found.names[name].replace('"', '""') for name in names)
    counts = ", ".join(f'approx_count_distinct("{name}")' for name in quoted)
    files = ", ".join("'" + literal(file).replace("'", "''") + "'" for file in found.files)
    with connect(scratch, memory_mb) as db:
        row = db.sql(f"SELECT {counts} FROM read_parquet([{files}], hive_partitioning = false)").to_arrow_table()
    return dict(zip(names, pl.DataFrame(pl.from_arrow(row)).row(0), strict=True))
