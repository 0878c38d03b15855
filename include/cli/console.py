"""How commands print. What is piped is read by programs or kept, so it is not cut to the width of a screen."""

import json
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

out = Console() if sys.stdout.isatty() else Console(width=200)
err = Console(stderr=True)
ENDLESS = Console(width=10_000)
"""What measures how wide a table wants to be."""
_SHORT = 16
"""Characters of a cell that need no second line; a time has as many."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Name = Annotated[str, typer.Argument(help="A dataset: a folder of include/datasets.")]


def plain(text: str) -> str:
    """`text` as rich prints it: brackets are no markup."""
    return text.replace("[", r"\[")


def show(rows: list[dict[str, Any]], as_json: bool, otherwise: str, spared: Sequence[str] = ()) -> None:
    """Prints `rows` as a table or as JSON; the sentence `otherwise` where there are none.

    No word is cut: on a narrow screen the table goes without its columns `spared`, one after the other, and says so;
    what is piped has them all.
    """
    if as_json:
        return print_json(rows)
    if not rows:
        return out.print(otherwise)
    table, left_out = _fitting(rows, spared if out.is_terminal else ())
    out.print(table)
    return out.print(left_out, style="dim") if left_out else None


def _fitting(rows: list[dict[str, Any]], spared: Sequence[str]) -> tuple[Table, str]:
    """The table without as many of its columns `spared` as the screen asks for, and a sentence that names those."""
    for number in range(len(spared) + 1):
        gone = spared[:number]
        table = _table([{key: value for key, value in row.items() if key not in gone} for row in rows])
        if Measurement.get(ENDLESS, ENDLESS.options, table).minimum <= out.width:
            break
    return table, f"For want of room without {', '.join(gone)}; --json has all." if gone else ""


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None)
    lines = [[f"{v:,}" if isinstance(v, int) else str(v or "-") for v in row.values()] for row in rows]
    for key, cells in zip(rows[0], zip(*lines, strict=True), strict=True):
        width = max(map(cell_len, cells))
        whole = width <= _SHORT or not any(" " in cell for cell in cells)
        table.add_column(key.replace("_", " "), overflow="fold", no_wrap=whole, min_width=width if whole else None)
    for line in lines:
        table.add_row(*map(plain, line))
    return table


def print_json(value: Any) -> None:
    """Prints `value` for machines."""
    typer.echo(json.dumps(value, indent=1, ensure_ascii=False, default=str))
