"""The content hash once more, slowly, in plain Python, from FORMAT.md's words alone."""

import datetime as dt
import hashlib
import json
import math
import struct
from decimal import Context, Decimal
from typing import Any

EPOCH = dt.date(1970, 1, 1)
INTEGERS = {f"{sign}int{bits}": bits // 8 for bits in (8, 16, 32, 64) for sign in ("", "u")}


def column_hash(kind: str, values: list[Any]) -> str:
    """SHA-256 over the SHA-256s of the column's blocks."""
    blocks = [values[i : i + 65_536] for i in range(0, len(values), 65_536)]
    return hashlib.sha256(b"".join(hashlib.sha256(block_bytes(kind, b)).digest() for b in blocks)).hexdigest()


def block_bytes(kind: str, values: list[Any]) -> bytes:
    """Number of rows, validity bitmap, values."""
    bitmap = bytearray((len(values) + 7) // 8)
    for i, value in enumerate(values):
        if value is not None:
            bitmap[i // 8] |= 1 << (i % 8)
    return struct.pack("<Q", len(values)) + bytes(bitmap) + value_bytes(kind, values)


def value_bytes(kind: str, values: list[Any]) -> bytes:
    """The values, absent ones as zero."""
    if kind == "string":
        texts = [("" if v is None else v).encode() for v in values]
        return b"".join(struct.pack("<Q", len(t)) for t in texts) + b"".join(texts)
    return b"".join(one(kind, v) for v in values)


def one(kind: str, value: Any) -> bytes:
    """One fixed-width value."""
    if kind == "boolean":
        return b"\x01" if value else b"\x00"
    if kind in INTEGERS:
        return int(value or 0).to_bytes(INTEGERS[kind], "little", signed=kind.startswith("i"))
    if kind in ("float32", "float64"):
        code, nan = (
            ("<f", bytes.fromhex("0000c07f")) if kind == "float32" else ("<d", bytes.fromhex("000000000000f87f"))
        )
        if value is not None and math.isnan(value):
            return nan
        return struct.pack(code, value or 0.0)
    if kind.startswith("decimal"):
        scale = int(kind.rstrip(")").partition(",")[2])
        return int((value or Decimal(0)).scaleb(scale, Context(prec=40))).to_bytes(16, "little", signed=True)
    if kind == "date":
        return struct.pack("<i", (value - EPOCH).days if value else 0)
    if kind == "time":
        return struct.pack("<q", microseconds(dt.datetime.combine(EPOCH, value)) if value else 0)
    return struct.pack("<q", microseconds(value.replace(tzinfo=None)) if value else 0)


def microseconds(moment: dt.datetime) -> int:
    """Microseconds since 1970."""
    return (moment - dt.datetime(1970, 1, 1)) // dt.timedelta(microseconds=1)


def version_hash(
    schema: dict[str, Any],
    table: dict[str, list[Any]],
    quarantine: dict[str, list[Any]],
    matches: dict[str, tuple[str, list[Any]]] | None = None,
) -> str:
    """The content hash of a whole version; `schema` is schema.json, `quarantine` has reasons joined already.

    `matches`: type and values by column; None where there is no such file.
    """
    columns = [
        {k: c[k] for k in ("name", "id", "type", "nullable", "unit", "sensitivity")}
        | {"hash": column_hash(c["type"], table[c["name"]])}
        for c in schema["columns"]
    ]
    kept = len(next(iter(quarantine.values()), []))
    hashes = [
        {"name": name, "hash": column_hash("int64" if name == "record" else "string", values)}
        for name, values in quarantine.items()
    ]
    document = {
        "format": 1,
        "key": schema["key"],
        "rows": len(next(iter(table.values()))),
        "columns": columns,
        "quarantine": {"rows": kept, "columns": hashes if kept else []},
    }
    if matches is not None:
        linked = [{"name": name, "hash": column_hash(*column)} for name, column in matches.items()]
        rows = len(next(iter(matches.values()))[1])
        document = document | {"matches": {"rows": rows, "columns": linked}}
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
