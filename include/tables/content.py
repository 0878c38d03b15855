"""The content hash of a version (FORMAT.md, "Two hashes"): equal for equal typed values, whoever wrote the file."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from ..contracts.columns import TableSchema
from ..errors import DataError
from .ahead import ahead
from .types import polars_type

BLOCK = 65_536
_OLDEST = pl.CompatLevel.oldest()


def content_hash(folder: Path, schema: TableSchema) -> str:
    """The content hash of the version in `folder` (table/, quarantine.parquet), as 64 hexadecimal digits.

    Reads a block of rows at a time; rows count in the order of the files and within them.
    Raises DataError where the folder has no table, or its columns are not those of `schema`.
    """
    parts = sorted((folder / "table").rglob("*.parquet"), key=lambda part: part.as_posix().encode())
    if not parts:
        raise DataError(f"{folder}/table: no Parquet file, expected at least part-00000.parquet. Validate writes it.")
    rows, hashes = table_hash(parts, {c.name: polars_type(c.type) for c in schema.columns})
    quarantined, quarantine = _quarantine_hash(folder / "quarantine.parquet")
    columns = [
        {k: getattr(c, k) for k in ("name", "id", "type", "nullable", "unit", "sensitivity")} | {"hash": hashes[c.name]}
        for c in schema.columns
    ]
    return hashlib.sha256(
        canonical_json(
            {
                "format": 1,
                "key": list(schema.key),
                "rows": rows,
                "columns": columns,
                "quarantine": {"rows": quarantined, "columns": quarantine},
            }
        )
    ).hexdigest()


def canonical_json(value: Any) -> bytes:
    """RFC 8785 for what the format needs: objects, lists, strings, integers, booleans and null; ASCII keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def table_hash(files: Iterable[Path], columns: dict[str, pl.DataType]) -> tuple[int, dict[str, str]]:
    """Number of rows in the Parquet `files` and the hash of each of their columns, cast to its type."""
    hashes = {name: hashlib.sha256() for name in columns}
    rows = 0
    with ThreadPoolExecutor(2) as pool:
        for block in ahead(_blocks(chain.from_iterable(_batches(file, columns) for file in files))):
            rows += block.height
            for name, digest in zip(columns, pool.map(_block_digest, block.get_columns()), strict=True):
                hashes[name].update(digest)
    return rows, {name: digest.hexdigest() for name, digest in hashes.items()}


def _quarantine_hash(file: Path) -> tuple[int, list[dict[str, str]]]:
    if not file.exists():
        return 0, []
    names = pq.read_schema(file).names
    rows, hashes = table_hash([file], {n: pl.Int64() if n == "record" else pl.String() for n in names})
    return rows, [{"name": name, "hash": digest} for name, digest in hashes.items()] if rows else []


def _batches(file: Path, columns: dict[str, pl.DataType]) -> Iterator[pl.DataFrame]:
    """The rows of a Parquet file, some at a time, with their types made those of the format."""
    with pq.ParquetFile(file) as parquet:
        if (found := parquet.schema_arrow.names) != list(columns):
            raise DataError(f"{file}: columns {found}, expected {list(columns)} as schema.json says. Validate again.")
        for batch in parquet.iter_batches(BLOCK):
            frame = pl.DataFrame(pl.from_arrow(batch))
            yield frame.select(_typed(frame.schema[name], name, dtype) for name, dtype in columns.items())


def _typed(found: pl.DataType, name: str, dtype: pl.DataType) -> pl.Expr:
    """A list of strings, such as quarantine reasons, counts as its items joined by newline."""
    joined = pl.col(name).list.join("\n") if isinstance(found, pl.List) else pl.col(name)
    return joined.cast(dtype)


def _blocks(frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same rows in frames of exactly BLOCK rows, the last one shorter."""
    rest: pl.DataFrame | None = None
    for frame in frames:
        rest = frame if rest is None or not rest.height else rest.vstack(frame)
        while rest.height >= BLOCK:
            yield rest.head(BLOCK)
            rest = rest.slice(BLOCK)
    if rest is not None and rest.height:
        yield rest


def _block_digest(column: pl.Series) -> bytes:
    column = column.rechunk()
    digest = hashlib.sha256(len(column).to_bytes(8, "little"))
    digest.update(_validity(column))
    for piece in _text(column) if column.dtype == pl.String else _fixed(column):
        digest.update(piece)
    return digest.digest()


def _validity(column: pl.Series) -> bytes:
    """One bit a row, least significant first, 1 where a value is present; the last byte is padded with 0."""
    count = len(column)
    if not column.null_count():
        return ((1 << count) - 1).to_bytes((count + 7) // 8, "little")
    present = column.is_not_null().to_arrow(compat_level=_OLDEST)
    bits = int.from_bytes(_buffer(present, 1), "little") >> present.offset
    return (bits & ((1 << count) - 1)).to_bytes((count + 7) // 8, "little")


def _text(column: pl.Series) -> list[bytes | memoryview]:
    filled = column.fill_null("")
    values = filled.to_arrow(compat_level=_OLDEST)
    offsets = _buffer(values, 1).cast("q")
    start, end = offsets[values.offset], offsets[values.offset + len(values)]
    return [*_fixed(filled.str.len_bytes().cast(pl.UInt64)), _buffer(values, 2)[start:end]]


def _fixed(column: pl.Series) -> list[bytes | memoryview]:
    if column.dtype == pl.Boolean:
        column = column.cast(pl.UInt8)
    elif column.dtype == pl.Time:
        column = column.cast(pl.Int64) // 1000  # Polars counts nanoseconds, the format microseconds
    elif column.dtype.is_temporal():
        column = column.to_physical()
    elif column.dtype.is_float():
        column = _canonical(column)
    values = column.fill_null(0).rechunk().to_arrow(compat_level=_OLDEST)
    width = values.type.bit_width // 8
    return [_buffer(values, 1)[values.offset * width : (values.offset + len(values)) * width]]


def _canonical(column: pl.Series) -> pl.Series:
    """-0.0 becomes 0.0 and every NaN the same one. (Polars skips the addition of 0.0, so that would not do.)"""
    zero, nan = pl.lit(0.0, column.dtype), pl.lit(float("nan"), column.dtype)
    return pl.select(pl.when(column == 0).then(zero).when(column.is_nan()).then(nan).otherwise(column)).to_series()


def _buffer(values: "pa.Array[Any]", which: int) -> memoryview:
    buffer = values.buffers()[which]
    return memoryview(b"" if buffer is None else buffer)
