"""Which function reads which kind of file."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ..contracts.model import Source
from .caps import Tally
from .columnar import read_parquet
from .delimited import read_csv
from .excel import read_excel
from .json_records import read_json, read_jsonl
from .sniff import Kind
from .sqlite import read_sqlite
from .xml_records import read_xml

Reader = Callable[[Path, str, Path, Source, Path, Tally], list[str]]
"""(file, its name in messages, frame to write, contract's source, work folder, counts) to the headings."""

READERS: Mapping[Kind, Reader] = {
    "csv": read_csv,
    "excel": read_excel,
    "json": read_json,
    "jsonl": read_jsonl,
    "xml": read_xml,
    "parquet": read_parquet,
    "sqlite": read_sqlite,
}
