"""CSV in any dialect: at full speed where every parser reads it alike, record by record where it needs care."""

import io
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc

from ..contracts.model import Source
from ..tables.ahead import ahead
from .caps import Tally
from .dialect import dialect_of
from .quotes import well_quoted
from .records import Body, Table, body_of, layout, records
from .sink import ROW_GROUP, frame_writer, numbers, schema_of, write_rows
from .text import Part, as_utf8, check_utf8, footer_start, lines_of

_SAMPLE_LINES = 400
_SAMPLE_CHARS = 1 << 16
_BLOCK = 2 << 20
"""Bytes that Arrow parses at once; larger ones fall out of the processor's cache."""


def read_csv(path: Path, place: str, out: Path, source: Source, work: Path, tally: Tally) -> list[str]:
    """Writes the records of a CSV file to `out` as text; returns the headings.

    A line that is wholly empty is no record. Raises SourceError for what cannot be read at all.
    """
    text, start = as_utf8(path, place, source.encoding, work, tally)
    try:
        table = _table(text, start, place, source, tally)
        body = body_of(table, source, tally.caps.columns)
        if not _fast(table, body, out, source, tally):
            write_rows(out, place, body.headings, records(table, body), source.missing, tally)
    except UnicodeDecodeError:
        check_utf8(text, start, place, source.encoding)
        raise
    return body.headings


def _table(path: Path, start: int, place: str, source: Source, tally: Tally) -> Table:
    end = footer_start(path, start, source.footer)
    above, _ = layout(source)
    with lines_of(path, start, end) as stream:
        limited = iter(lambda: stream.readline(_SAMPLE_CHARS), "")
        sample = list(islice(limited, above, above + _SAMPLE_LINES))
    return Table(path, start, end, place, dialect_of(sample, source), tally.caps.cell, tally.caps.record)


def _fast(table: Table, body: Body, out: Path, source: Source, tally: Tally) -> bool:
    """Reads with Arrow's parser; False, with nothing counted, where the file needs the careful way.

    Arrow and Python's csv agree on every byte of a file whose quotes are sound (tests hold them to it). Arrow
    refuses what else could go wrong: records of another width, bytes that are not UTF-8, values over the limit.
    """
    delimiter, quote = table.dialect.delimiter, table.dialect.quote
    if body.offset >= table.end or not (delimiter + quote).isascii():
        return False
    if quote and not well_quoted(table.path, body.offset, table.end, delimiter, quote):
        return False
    before = tally.records
    try:
        _copy(table, body, out, source.missing, tally)
    except pa.ArrowInvalid as error:
        tally.records = before
        if "UTF8" in str(error):
            check_utf8(table.path, table.start, table.place, source.encoding)
        return False
    return True


def _copy(table: Table, body: Body, out: Path, missing: tuple[str, ...], tally: Tally) -> None:
    schema = schema_of(body.headings)
    with io.BufferedReader(Part(table.path, body.offset, table.end)) as file:
        reader = pc.open_csv(file, *_options(table, body.headings, missing))
        with frame_writer(out, schema) as writer:
            for batch in ahead(reader):
                first = tally.records + 1
                tally.count(table.place, batch.num_rows)
                columns = [numbers(first, batch.num_rows), *batch.columns]
                writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema), ROW_GROUP)


def _options(
    table: Table, headings: list[str], missing: tuple[str, ...]
) -> tuple[pc.ReadOptions, pc.ParseOptions, pc.ConvertOptions]:
    quote = table.dialect.quote
    return (
        # A value longer than a block is refused, one of up to two blocks may pass.
        pc.ReadOptions(block_size=min(_BLOCK, max(table.longest // 2, 1)), column_names=headings),
        pc.ParseOptions(delimiter=table.dialect.delimiter, quote_char=quote or False, newlines_in_values=bool(quote)),
        pc.ConvertOptions(
            column_types=dict.fromkeys(headings, pa.string()),
            strings_can_be_null=bool(missing),
            quoted_strings_can_be_null=True,
            null_values=list(missing),
        ),
    )
