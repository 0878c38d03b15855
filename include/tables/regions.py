"""Which bytes and rows of a Parquet file hold some columns of the row groups that can meet a condition."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.fs
import pyarrow.parquet as pq

FORMAT = ds.ParquetFileFormat()
LOCAL = pyarrow.fs.LocalFileSystem()
_TRAILER = 8  # four bytes that say how long the footer is, and the mark "PAR1"


@dataclass(frozen=True)
class Region:
    """What is to be read of a file: row groups, the runs of rows in them, and the bytes that hold their values."""

    groups: tuple[int, ...]
    rows: tuple[range, ...]
    bytes: tuple[range, ...]
    height: int
    """Rows of the whole file."""


def footer(file: Path) -> range:
    """Which bytes of the file are its footer, as its last eight bytes say."""
    size = file.stat().st_size
    with file.open("rb") as opened:
        opened.seek(max(size - _TRAILER, 0))
        length = int.from_bytes(opened.read(4), "little")
    return range(max(size - _TRAILER - length, 0), size)


def region(
    file: Path, columns: Iterable[str], condition: pc.Expression | None, schema: pa.Schema, first: int | None = None
) -> Region:
    """What holds `columns` in the row groups that may meet `condition` (all where None); reads the footer alone.

    With `first`, so many rows from the start at most.
    """
    fragment: Any = FORMAT.make_fragment(str(file), filesystem=LOCAL)
    metadata: pq.FileMetaData = fragment.metadata
    kept = fragment if condition is None else fragment.subset(filter=condition, schema=schema)
    ends = list(accumulate(metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)))
    rows = {group: range(ends[group - 1] if group else 0, ends[group]) for group in (g.id for g in kept.row_groups)}
    if first is not None:
        rows = {group: range(at.start, min(at.stop, first)) for group, at in rows.items() if at.start < first}
    places = tuple(_places(metadata, columns, rows))
    return Region(tuple(rows), tuple(_joined(rows.values())), places, metadata.num_rows)


def _joined(spans: Iterable[range]) -> list[range]:
    """The same rows with adjacent spans made one."""
    joined: list[range] = []
    for span in spans:
        if joined and joined[-1].stop == span.start:
            joined[-1] = range(joined[-1].start, span.stop)
        else:
            joined.append(span)
    return joined


def _places(metadata: pq.FileMetaData, columns: Iterable[str], groups: Iterable[int]) -> Iterator[range]:
    """The bytes of the column chunks; whatever lies between the last of the file and its footer is read as well."""
    numbers = {metadata.schema.column(number).path: number for number in range(metadata.num_columns)}
    wanted = [numbers[name] for name in columns]
    yield from (_chunk(metadata, group, number) for group in groups for number in wanted)
    all_groups, all_columns = range(metadata.num_row_groups), range(metadata.num_columns)
    last = max((_chunk(metadata, group, number).stop for group in all_groups for number in all_columns), default=0)
    yield range(last, 2**63)


def _chunk(metadata: pq.FileMetaData, group: int, number: int) -> range:
    chunk = metadata.row_group(group).column(number)
    start = chunk.data_page_offset
    if chunk.has_dictionary_page and chunk.dictionary_page_offset:
        start = min(start, chunk.dictionary_page_offset)
    return range(start, start + chunk.total_compressed_size)
