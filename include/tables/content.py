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
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..contracts.columns import TableSchema
from ..errors import DataError
from .ahead import ahead
from .types import polars_type

BLOCK = 65_536
_OLDEST = pl.CompatLevel.oldest()


def content_hash(folder: Path, schema: TableSchema) -> str:
    """The content hash of the version in `folder` (table/, quarantine.parquet, matches.parquet), 64 hexadecimal digits.

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
    document = {
        "format": 1,
        "key": list(schema.key),
        "rows": rows,
        "columns": columns,
        "quarantine": {"rows": quarantined, "columns": quarantine},
    }
    return hashlib.sha256(canonical_json(document | _matches_hash(folder / "matches.parquet"))).hexdigest()


def canonical_json(value: Any) -> bytes:
    """RFC 8785 for what the format needs: objects, lists, strings, integers, booleans and null; ASCII keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def table_hash(files: Iterable[Path], columns: dict[str, pl.DataType]) -> tuple[int, dict[str, str]]:
    """Number of rows in the Parquet `files` and the hash of each of their columns, cast to its type."""
    hashes = {name: hashlib.sha256() for name in columns}
    rows = 0
    with ThreadPoolExecutor(2) as pool:
        for block in ahead(_blocks(chain.from_iterable(_batches(file, list(columns)) for file in files))):
            rows += block.num_rows
            for name, digest in zip(columns, pool.map(_block_digest, block.columns, columns.values()), strict=True):
                hashes[name].update(digest)
    return rows, {name: digest.hexdigest() for name, digest in hashes.items()}


def _quarantine_hash(file: Path) -> tuple[int, list[dict[str, str]]]:
    if not file.exists():
        return 0, []
    names = pq.read_schema(file).names
    rows, hashes = table_hash([file], {n: pl.Int64() if n == "record" else pl.String() for n in names})
    return rows, [{"name": name, "hash": digest} for name, digest in hashes.items()] if rows else []


def _matches_hash(file: Path) -> dict[str, Any]:
    """What the links of names count for; nothing where there are none, so that older hashes stay."""
    if not file.exists():
        return {}
    rows, hashes = table_hash([file], dict(pl.read_parquet_schema(file)))
    return {"matches": {"rows": rows, "columns": [{"name": name, "hash": hash} for name, hash in hashes.items()]}}


def _batches(file: Path, names: list[str]) -> Iterator[pa.Table]:
    """The rows of a Parquet file, some at a time."""
    with pq.ParquetFile(file) as parquet:
        if (found := parquet.schema_arrow.names) != names:
            raise DataError(f"{file}: columns {found}, expected {names} as schema.json says. Validate again.")
        for batch in parquet.iter_batches(BLOCK):
            yield pa.Table.from_batches([batch])


def _blocks(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in tables of exactly BLOCK rows, the last one shorter."""
    rest: pa.Table | None = None
    for table in tables:
        rest = pa.concat_tables([rest, table]) if rest is not None and rest.num_rows else table
        while rest.num_rows >= BLOCK:
            yield rest.slice(0, BLOCK)
            rest = rest.slice(BLOCK)
    if rest is not None and rest.num_rows:
        yield rest


def _block_digest(values: "pa.ChunkedArray[Any]", dtype: pl.DataType) -> bytes:
    column = values.combine_chunks()
    digest = hashlib.sha256(len(column).to_bytes(8, "little"))
    digest.update(_validity(column))
    as_it_is = dtype == pl.String and pa.types.is_large_string(column.type)
    for piece in _text(column) if as_it_is else _values(column, dtype):
        digest.update(piece)
    return digest.digest()


def _validity(column: "pa.Array[Any]") -> bytes:
    """One bit a row, least significant first, 1 where a value is present; the last byte is padded with 0."""
    count = len(column)
    if not column.null_count:
        return ((1 << count) - 1).to_bytes((count + 7) // 8, "little")
    present = column.is_valid()
    bits = int.from_bytes(_buffer(present, 1), "little") >> present.offset
    return (bits & ((1 << count) - 1)).to_bytes((count + 7) // 8, "little")


def _values(column: "pa.Array[Any]", dtype: pl.DataType) -> list[memoryview]:
    """The values as `dtype`; a list of strings, such as quarantine reasons, counts as its items joined by newline."""
    found = pl.Series(pl.from_arrow(column))
    typed = (found.list.join("\n") if found.dtype == pl.List else found).cast(dtype)
    if dtype == pl.String:
        return _text(typed.rechunk().to_arrow(compat_level=_OLDEST))
    return [_fixed(_physical(typed).fill_null(0).rechunk().to_arrow(compat_level=_OLDEST))]


def _text(column: "pa.Array[Any]") -> list[memoryview]:
    filled: Any = column.fill_null("")
    offsets = _buffer(filled, 1).cast("q")
    start, end = offsets[filled.offset], offsets[filled.offset + len(filled)]
    return [_fixed(pc.binary_length(filled)), _buffer(filled, 2)[start:end]]


def _fixed(column: "pa.Array[Any]") -> memoryview:
    width = column.type.bit_width // 8
    return _buffer(column, 1)[column.offset * width : (column.offset + len(column)) * width]


def _physical(column: pl.Series) -> pl.Series:
    """The numbers that stand for values in the format."""
    if column.dtype == pl.Boolean:
        return column.cast(pl.UInt8)
    if column.dtype == pl.Time:
        return column.cast(pl.Int64) // 1000  # Polars counts nanoseconds, the format microseconds
    if column.dtype.is_temporal():
        return column.to_physical()
    return _canonical(column) if column.dtype.is_float() else column


def _canonical(column: pl.Series) -> pl.Series:
    """-0.0 becomes 0.0 and every NaN the same one. (Polars skips the addition of 0.0, so that would not do.)"""
    zero, nan = pl.lit(0.0, column.dtype), pl.lit(float("nan"), column.dtype)
    return pl.select(pl.when(column == 0).then(zero).when(column.is_nan()).then(nan).otherwise(column)).to_series()


def _buffer(values: "pa.Array[Any]", which: int) -> memoryview:
    buffer = values.buffers()[which]
    return memoryview(b"" if buffer is None else buffer)
