"""How commands print. What is piped is read by programs or kept, so it is not cut to the width of a screen."""

import json
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

out = Console() if sys.stdout.isatty() else Console(width=200)
err = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Name = Annotated[str, typer.Argument(help="A dataset: a folder of include/datasets.")]


def plain(text: str) -> str:
    """`text` as rich prints it: brackets are no markup."""
    return text.replace("[", r"\[")


def show(rows: list[dict[str, Any]], as_json: bool, otherwise: str) -> None:
    """Prints `rows` as a table or as JSON; the sentence `otherwise` where there are none."""
    if as_json:
        return print_json(rows)
    if not rows:
        return out.print(otherwise)
    table = Table(*(key.replace("_", " ") for key in rows[0]), box=None)
    for row in rows:
        table.add_row(*(f"{v:,}" if isinstance(v, int) else plain(str(v or "-")) for v in row.values()))
    return out.print(table)


def print_json(value: Any) -> None:
    """Prints `value` for machines."""
    typer.echo(json.dumps(value, indent=1, ensure_ascii=False, default=str))
