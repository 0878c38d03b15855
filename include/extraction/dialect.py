"""How a CSV file is written: delimiter and quote, from the contract or from a sample."""

import csv
from dataclasses import dataclass
from itertools import islice

from ..contracts.model import Source

DELIMITERS = (",", ";", "\t", "|")
_RECORDS = 200


@dataclass(frozen=True)
class Dialect:
    """The delimiter, and the quote character, empty for none."""

    delimiter: str
    quote: str


def dialect_of(sample: list[str], source: Source) -> Dialect:
    """The dialect of a table that begins with the lines `sample`, its header first; the contract goes before looks."""
    quote = _quote(sample) if source.quote is None else source.quote
    return Dialect(source.delimiter or _delimiter(sample, quote), quote)


def reader_options(dialect: Dialect) -> dict[str, object]:
    """What csv.reader and csv.writer need to know."""
    options: dict[str, object] = {"delimiter": dialect.delimiter, "strict": True}
    quoted: dict[str, object] = {"quotechar": dialect.quote} if dialect.quote else {"quoting": csv.QUOTE_NONE}
    return options | quoted


def _quote(sample: list[str]) -> str:
    """Double quotes, unless the header is written in single ones throughout."""
    header = (sample or [""])[0].strip()
    single = len(header) > 1 and header[0] == header[-1] == "'" and '"' not in header
    return "'" if single else '"'


def _delimiter(sample: list[str], quote: str) -> str:
    """The one that splits most records of the sample into as many fields as the header, then into most fields."""
    scores = [(*_score(sample, Dialect(each, quote)), -at) for at, each in enumerate(DELIMITERS)]
    return DELIMITERS[-max(scores)[2]]


def _score(sample: list[str], dialect: Dialect) -> tuple[float, int]:
    reader = csv.reader(sample, **{**reader_options(dialect), "strict": False})  # type: ignore[arg-type]
    try:
        widths = [len(record) for record in islice(reader, _RECORDS) if record]
    except csv.Error:
        return 0.0, 0
    if not widths or widths[0] < 2:
        return 0.0, 0
    return round(widths.count(widths[0]) / len(widths), 1), widths[0]
