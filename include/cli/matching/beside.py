"""What lies beside a result of `commons match`: its doubtful names with their candidates, and what people decided."""

import os
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

COMMAND, JUDGED = b"commons", b"judgements"


def judgements(result: Path) -> Path:
    """The file of judgements about the names in `result`."""
    return result.with_name(f"{result.stem}.judgements.csv")


def review(result: Path) -> Path:
    """The doubtful names of `result`, as the review.parquet of a version."""
    return result.with_name(f"{result.stem}.review.parquet")


def write(doubtful: pl.DataFrame, file: Path, command: str, judged: Path | None) -> None:
    """Keeps the doubtful names in `file`, with the command that matches again and where else judgements are."""
    told = {COMMAND: command.encode()} | ({JUDGED: bytes(judged.absolute())} if judged else {})
    pq.write_table(doubtful.to_arrow().replace_schema_metadata(told), file)


def command(file: Path) -> str:
    """The command that made `file`; empty where it doesn't say."""
    return (pq.read_schema(file).metadata or {}).get(COMMAND, b"").decode()


def judged(file: Path) -> Path | None:
    """Where judgements about the names in `file` are, if not beside it."""
    place = (pq.read_schema(file).metadata or {}).get(JUDGED)
    return Path(os.fsdecode(place)) if place else None
