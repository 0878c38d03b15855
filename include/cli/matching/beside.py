"""What lies beside a result of `commons match`: its doubtful names with their candidates, and what people decided."""

from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

COMMAND = b"commons"


def judgements(result: Path) -> Path:
    """The file of judgements about the names in `result`."""
    return result.with_name(f"{result.stem}.judgements.csv")


def review(result: Path) -> Path:
    """The doubtful names of `result`, as the review.parquet of a version."""
    return result.with_name(f"{result.stem}.review.parquet")


def write(doubtful: pl.DataFrame, file: Path, command: str) -> None:
    """Keeps the doubtful names, none or many, in `file`, with the command that matches again."""
    held = doubtful.to_arrow()
    pq.write_table(held.replace_schema_metadata({COMMAND: command.encode()}), file)


def command(file: Path) -> str:
    """The command that made `file`; empty where it doesn't say."""
    return (pq.read_schema(file).metadata or {}).get(COMMAND, b"").decode()
