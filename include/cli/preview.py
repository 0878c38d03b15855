"""The first rows of a table on a terminal."""

from collections.abc import Mapping, Sequence

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..contracts.columns import TableSchema
from ..tables.types import kind_of

_WIDEST, _GAP = 40, 2


def head(frame: pl.LazyFrame, rows: int = 10, schema: TableSchema | None = None, width: int | None = None) -> Table:
    """The first `rows` rows, types and units under the headings; as many columns as fit `width` characters.

    The caption names the columns that did not fit. `width` is that of this terminal by default.
    """
    units = {column.name: column.unit or "" for column in schema.columns} if schema else {}
    found = frame.head(rows).collect()
    columns = [_column(series, units) for series in found]
    shown = _fitting(columns, width or Console().width)
    table = Table(box=None, padding=(0, _GAP, 0, 0), caption=_caption(found.columns[shown:]), caption_justify="left")
    for (heading, *_), dtype in zip(columns[:shown], found.dtypes, strict=False):
        table.add_column(heading, justify="right" if dtype.is_numeric() else "left", no_wrap=True, max_width=_WIDEST)
    for cells in zip(*(cells for _, cells in columns[:shown]), strict=True):
        table.add_row(*cells)
    return table


def _column(series: pl.Series, units: Mapping[str, str]) -> tuple[Text, list[Text]]:
    kind = kind_of(series.dtype) or str(series.dtype)
    below = f"{kind}, {units[series.name]}" if units.get(series.name) else kind
    heading = Text.assemble(_printable(series.name), "\n", (below, "dim"))
    return heading, [Text("-", "dim") if value is None else Text(_printable(str(value))) for value in series]


def _printable(text: str) -> str:
    """`text` on one line and without what a terminal would obey."""
    safe = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[: 2 * _WIDEST])
    return safe if len(safe) <= _WIDEST else safe[: _WIDEST - 1] + "…"


def _fitting(columns: Sequence[tuple[Text, list[Text]]], width: int) -> int:
    """How many of the first columns fit; one at least."""
    for count, (heading, cells) in enumerate(columns):
        lines = [*heading.split("\n"), *cells]
        width -= max(line.cell_len for line in lines) + _GAP
        if width < -_GAP:
            return max(count, 1)
    return len(columns)


def _caption(hidden: Sequence[str]) -> str | None:
    if not hidden:
        return None
    few = ", ".join(_printable(name) for name in hidden[:8]) + (" …" if len(hidden) > 8 else "")
    return f"and {len(hidden)} more columns: {few}".replace("[", r"\[")
