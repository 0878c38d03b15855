"""Whether every quote of a CSV file opens or closes a field, so that all parsers read it alike."""

import io
from pathlib import Path

import polars as pl
import pyarrow as pa

from .text import Part

_BLOCK = 16 << 20


def well_quoted(path: Path, start: int, end: int, delimiter: str, quote: str) -> bool:
    """False where a quote stands inside an unquoted field, text follows a closing one, or the last stays open.

    Quotes alternate between opening and closing (a doubled one closes and opens again), so looking at the
    neighbours of each is enough; blocks without a quote cost one search.
    """
    outer = pl.Series([ord(delimiter), 10, 13], dtype=pl.UInt8)
    before, opened = b"\n", False
    with io.BufferedReader(Part(path, start, end), _BLOCK) as file:
        block = file.read(_BLOCK)
        while block:
            following = file.read(_BLOCK)
            if quote.encode() in block:
                sound, opened = _block(before + block + (following[:1] or b"\n"), quote, outer, opened)
                if not sound:
                    return False
            before, block = block[-1:], following
    return not opened


def _block(data: bytes, quote: str, outer: pl.Series, opened: bool) -> tuple[bool, bool]:
    """`data` has one byte more on each side than the block that is judged."""
    array = pa.Array.from_buffers(pa.uint8(), len(data), [None, pa.py_buffer(data)])
    values = pl.Series(pl.from_arrow(array))
    at = (values.slice(1, len(data) - 2) == ord(quote)).arg_true() + 1
    closing = (pl.int_range(len(at), eager=True) + int(opened)) % 2 == 1
    outside = outer.append(pl.Series([ord(quote)], dtype=pl.UInt8)) if len(outer) == 3 else outer
    neighbour = values.gather(pl.select(pl.when(closing).then(at + 1).otherwise(at - 1)).to_series())
    return bool(neighbour.is_in(outside.implode()).all()), opened ^ bool(len(at) % 2)
