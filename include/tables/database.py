"""DuckDB over Parquet files, for what must be seen over a whole table: it spills, and asks no network."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

_LEAST_MB = 128


def connect(scratch: Path, memory_mb: int) -> "duckdb.DuckDBPyConnection":
    """A DuckDB that keeps to `memory_mb` and spills into `scratch`; it neither installs nor loads anything."""
    import duckdb  # a tenth of a second, for who needs it

    return duckdb.connect(
        config={
            "memory_limit": f"{max(memory_mb, _LEAST_MB)}MB",
            "temp_directory": str(scratch),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "preserve_insertion_order": "true",
        }
    )


def literal(path: Path) -> str:
    """A path as DuckDB's patterns write it: [, * and ? stand for themselves."""
    return re.sub(r"[\[*?]", r"[\g<0>]", str(path))
