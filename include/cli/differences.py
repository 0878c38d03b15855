"""A difference on a terminal: what must not be overlooked first and in colour, then its tables."""

from collections.abc import Collection, Iterator
from typing import Literal

from rich.console import Group, RenderableType
from rich.measure import Measurement
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from ..contracts.foreign import MISSING, printable
from ..diff.charts import sparklines
from ..diff.model import DatasetDiff, Diff
from ..diff.sections import Cell, Section, Shape, sections
from ..diff.sentences import Text as Words
from ..diff.sentences import Value, alarms, headline, notes, tallies
from .console import ENDLESS

_ROWS = 30
_INDENT = 2
_SPARED = ("mean", "greatest", "least", "distinct", "shape")
_LOUD = "bold red"


def drawn(diff: Diff, width: int) -> Iterator[RenderableType]:
    """What to print of a difference, `width` characters wide. Values are shown as they are: mask them first."""
    yield Text.assemble((printable(diff.before), "bold"), " → ", (printable(diff.after), "bold"))
    if len(diff.datasets) > 1:
        yield _overview(diff)
    for one in diff.datasets:
        yield from _dataset(one, width)
    if not diff.datasets:
        yield Text("No dataset differs.")
    if diff.same:
        yield Text(f"{diff.same:,} {'dataset is' if diff.same == 1 else 'datasets are'} the same.", "dim")


def _overview(diff: Diff) -> Table:
    table = Table("dataset", "", box=None, padding=(0, 2, 0, 0))
    for heading in ("rows before", "after", "added", "removed", "changed", "moved"):
        table.add_column(heading, justify="right")
    for one in diff.datasets:
        rows = [f"{side.rows:,}" if side else "" for side in (one.before, one.after)]
        counts = [f"{n:,}" for n in tallies(one.table).values()] if one.table else []
        table.add_row(Text(one.dataset), Text(one.status, _LOUD if alarms(one) else ""), *rows, *counts)
    return table


def _dataset(one: DatasetDiff, width: int) -> Iterator[RenderableType]:
    yield Text()
    yield Rule(Text(f"{printable(one.dataset)}: {one.status}", "bold"), align="left", style="dim")
    for text in alarms(one):
        yield Text.assemble(("! ", _LOUD), _words(text, _LOUD))
    yield Text(headline(one))
    for text in notes(one):
        yield Text.assemble(("· ", "dim"), _words(text))
    for part in sections(one):
        yield Text(f"\n{part.title}", _LOUD if part.loud else "bold")
        yield _table(part, width)


def _table(part: Section, width: int) -> RenderableType:
    """The section's table; where `width` characters are too few, without what can be spared."""
    hidden: set[str] = set()
    for name in ("", *_SPARED):
        hidden.add(name)
        table = _drawn(part, hidden - {""})
        if Measurement.get(ENDLESS, ENDLESS.options, table).maximum + _INDENT <= width:
            break
    rest = len(part.rows) - _ROWS
    below = " ".join(text for text in (f"{rest:,} more lines." if rest > 0 else "", part.after) if text)
    return Padding(Group(table, *([Text(below, "dim")] if below else [])), (0, 0, 0, _INDENT), expand=False)


def _drawn(part: Section, hidden: Collection[str]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    shown = [at for at, heading in enumerate(part.headings) if heading not in hidden]
    for at in shown:
        justify: Literal["left", "right"] = "right" if at in part.numbers else "left"
        table.add_column(part.headings[at], justify=justify, overflow="fold", no_wrap=at in {0, *part.numbers})
    for row in part.rows[:_ROWS]:
        table.add_row(*(_cell(row[at]) for at in shown))
    return table


def _cell(cell: Cell) -> Text:
    if isinstance(cell, Shape):
        return Text(" → ".join(sparklines(cell)))
    return _words(cell)


def _words(text: Words, style: str = "") -> Text:
    found = Text(style=style)
    for part in text:
        if not isinstance(part, Value):
            found.append(printable(part, 600))
        elif part.text:
            found.append(printable(part.text), style or "cyan")
        else:
            found.append(MISSING if part.text is None else "empty", "dim italic")
    return found
