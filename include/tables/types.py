"""The types of schema.json (FORMAT.md), as Polars and Arrow know them."""

import re

import polars as pl
import pyarrow as pa

from ..errors import DataError

_POLARS: dict[str, pl.DataType] = {
    "boolean": pl.Boolean(),
    "int8": pl.Int8(),
    "int16": pl.Int16(),
    "int32": pl.Int32(),
    "int64": pl.Int64(),
    "uint8": pl.UInt8(),
    "uint16": pl.UInt16(),
    "uint32": pl.UInt32(),
    "uint64": pl.UInt64(),
    "float32": pl.Float32(),
    "float64": pl.Float64(),
    "string": pl.String(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us", "UTC"),
    "timestamp_naive": pl.Datetime("us"),
    "time": pl.Time(),
}
_ARROW: dict[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "int8": pa.int8(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "uint8": pa.uint8(),
    "uint16": pa.uint16(),
    "uint32": pa.uint32(),
    "uint64": pa.uint64(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "string": pa.large_string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
    "timestamp_naive": pa.timestamp("us"),
    "time": pa.time64("us"),
}
_DECIMAL = re.compile(r"decimal\((\d{1,2}),(\d{1,2})\)")


def polars_type(kind: str) -> pl.DataType:
    """The Polars type of a schema.json type such as `int32` or `decimal(10,2)`.

    Raises DataError for a type that the format does not know.
    """
    if decimal := _DECIMAL.fullmatch(kind):
        return pl.Decimal(int(decimal[1]), int(decimal[2]))
    if kind not in _POLARS:
        raise DataError(f"schema.json: unknown type {kind!r}, expected one of {', '.join(_POLARS)}, decimal(P,S).")
    return _POLARS[kind]


def arrow_type(kind: str) -> pa.DataType:
    """The Arrow type that a column of this schema.json type has in Parquet. Raises DataError as `polars_type`."""
    if decimal := _DECIMAL.fullmatch(kind):
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
    polars_type(kind)
    return _ARROW[kind]


def kind_of(dtype: pl.DataType) -> str | None:
    """The schema.json type that stores a Polars type; None where the format has none."""
    if isinstance(dtype, pl.Decimal):
        return f"decimal({dtype.precision or 38},{dtype.scale})"
    return next((kind for kind, known in _POLARS.items() if known == dtype), None)
