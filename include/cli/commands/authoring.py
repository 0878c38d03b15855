"""Commands of a DAG author: draft, check, try, run."""

from pathlib import Path
from typing import Annotated

import typer

from ...settings import settings
from ..console import Json, Name, out, plain, print_json

app = typer.Typer()


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Its name: snake case.")],
    source: Annotated[str, typer.Option("--from", help="A file, or an https, file: or pkg:pypi address.")],
    header: Annotated[str, typer.Option(help="Rows of the header, from 1: 3, or 2,3 for two of them.")] = "",
    sheet: Annotated[str | None, typer.Option(help="Excel: the sheet.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Draft anew over what is there.")] = False,
) -> None:
    """Draft contract.yaml and schema.py by looking at the data."""
    from ..draft import draft

    folder = Path(settings().datasets) / name
    try:
        rows = tuple(int(row) for row in header.split(",")) if header else None
    except ValueError as error:
        told = f"{header!r}: expected row numbers such as 3 or 2,3."
        raise typer.BadParameter(told, param_hint="--header") from error
    for path in draft(name, source, folder, header=rows, sheet=sheet, replace=force):
        out.print(f"wrote {path}", highlight=False, soft_wrap=True)
    out.print(f"Read both: a draft guesses. Then: commons check {name}", highlight=False)


@app.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(help="All by default.")] = None, as_json: Json = False
) -> None:
    """Say all that is wrong with contracts and schemas: seconds, no network, no Airflow."""
    from ...contracts.foreign import printable
    from ..checking import lost_entities, problems_of, unfinished

    found = problems_of(names or [])
    if as_json:
        print_json(found)
    for name, problems in found.items():
        if not as_json:
            out.print(f"{'[red]✗[/red]' if problems else '[green]✓[/green]'} {name}", highlight=False)
            for problem in problems:
                out.print(f"  {plain(problem)}", highlight=False, soft_wrap=True)
            for hint in unfinished(Path(settings().datasets) / name):
                out.print(f"  [yellow]unfinished[/yellow]: {plain(hint)}", highlight=False, soft_wrap=True)
            for hint in lost_entities(name):
                out.print(
                    f"  [yellow]look at it[/yellow]: {plain(printable(hint, 600))}", highlight=False, soft_wrap=True
                )
    if any(found.values()):
        raise typer.Exit(1)


@app.command("try")
def try_(name: Name) -> None:
    """Extract and validate, publish nothing, show the report."""
    from .. import running

    running.attempt(name)


@app.command()
def run(
    names: Annotated[list[str], typer.Argument(help="Datasets: folders of include/datasets.")],
    airflow: Annotated[bool, typer.Option("--airflow", help="Their DAGs, through Airflow and the pod runner.")] = False,
) -> None:
    """Make a version: all verbs, as local processes. Changes data.dvc and leaves the commit to you."""
    from .. import running

    if airflow:
        return running.run_airflow(names)
    return running.run_local(names)
