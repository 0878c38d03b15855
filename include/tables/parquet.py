"""The one Parquet writer: the same rows and schema give the same bytes, on any machine and any number of threads."""

from collections.abc import Iterable
from pathlib import Path

import polars as pl
import pyarrow as pa

from ..contracts.columns import TableSchema
from ..errors import DataError
from .types import arrow_type, polars_type

ROW_GROUP = 131_072
PART_ROWS = 32 * ROW_GROUP
PART_BYTES = 500_000_000
ZSTD_LEVEL = 3


def sink(
    frame: pl.LazyFrame, schema: TableSchema, folder: Path, *, part_rows: int = PART_ROWS, part_bytes: int = PART_BYTES
) -> list[Path]:
    """Write `frame`, whose rows are already in order, as `folder/part-00000.parquet` and so on; returns the parts.

    Columns are written in the schema's order with their types, field ids and nullability. A part holds `part_rows`
    rows; where that exceeds `part_bytes`, all parts are written again with half as many. Streams: memory does not
    grow with the table. An empty frame gives one part without rows.
    Raises DataError where the folder holds parts already, polars.exceptions.PolarsError where a column is absent,
    can't be cast, or holds a null that the schema rules out.
    """
    if any(folder.glob("*.parquet")):
        raise DataError(
            f"{folder}: holds Parquet files already; a version's table is written once. Use a fresh folder."
        )
    typed = frame.select(pl.col(c.name).cast(polars_type(c.type)) for c in schema.columns)
    parts = _write(typed, arrow_schema(schema), folder, part_rows)
    while part_rows > ROW_GROUP and max(part.stat().st_size for part in parts) > part_bytes:
        part_rows = max(part_rows // 2 // ROW_GROUP, 1) * ROW_GROUP
        parts = _rewrite(parts, arrow_schema(schema), folder, part_rows)
    return parts


def write(frame: pl.DataFrame, file: Path, schema: pa.Schema | None = None) -> None:
    """Write one small table, such as the quarantined rows, as `file` with the same fixed layout."""
    file.parent.mkdir(parents=True, exist_ok=True)
    _sink(frame.lazy(), file, schema)


def scan(paths: Iterable[Path] | Path) -> pl.LazyFrame:
    """The rows of one file, of some, or of a folder of parts, in order."""
    files = sorted(paths.rglob("*.parquet")) if isinstance(paths, Path) and paths.is_dir() else paths
    return pl.scan_parquet(files if isinstance(files, Path) else list(files), hive_partitioning=False, glob=False)


def arrow_schema(schema: TableSchema) -> pa.Schema:
    """The Arrow schema of a table's Parquet files, with `PARQUET:field_id` on every column."""
    return pa.schema(
        pa.field(c.name, arrow_type(c.type), nullable=c.nullable, metadata={"PARQUET:field_id": str(c.id)})
        for c in schema.columns
    )


def _write(frame: pl.LazyFrame, schema: pa.Schema, folder: Path, rows: int) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    target = pl.PartitionBy(
        folder,
        file_path_provider=lambda part: f"part-{part.index_in_partition:05d}.parquet",
        max_rows_per_file=rows,
        approximate_bytes_per_file=None,
    )
    _sink(frame, target, schema)
    parts = sorted(folder.glob("part-*.parquet"))
    if not parts:  # Polars writes no file for no rows
        parts = [folder / "part-00000.parquet"]
        _sink(pl.DataFrame(schema=frame.collect_schema()).lazy(), parts[0], schema)
    return parts


def _sink(frame: pl.LazyFrame, target: Path | pl.PartitionBy, schema: pa.Schema | None) -> None:
    frame.sink_parquet(
        target,
        compression="zstd",
        compression_level=ZSTD_LEVEL,
        statistics=True,
        row_group_size=ROW_GROUP,
        maintain_order=True,
        arrow_schema=schema,
    )


def _rewrite(parts: list[Path], schema: pa.Schema, folder: Path, rows: int) -> list[Path]:
    old = [part.rename(part.with_suffix(".large")) for part in parts]
    new = _write(pl.scan_parquet(old, glob=False), schema, folder, rows)
    for part in old:
        part.unlink()
    return new
