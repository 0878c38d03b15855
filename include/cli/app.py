"""The `commons` command. Exit codes: 0 fine, 1 the data or the contract is at fault, 2 wrong use or environment."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from ..errors import DataCommonsError, DataError
from ..settings import REPOSITORY, settings
from .console import err, out

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, help=__doc__)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Name = Annotated[str, typer.Argument(help="A dataset: a folder of include/datasets.")]


def main() -> None:
    """Runs the command line; a known problem is printed as such, never as a traceback."""
    try:
        app(prog_name="commons")
    except DataCommonsError as error:
        for problem in error.problems:
            err.print(f"[red]✗[/red] {_plain(problem)}", highlight=False, soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        err.print("Stopped. Nothing was published.")
        sys.exit(2)


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


def _show(rows: list[dict[str, Any]], as_json: bool, otherwise: str) -> None:
    if as_json:
        return _print_json(rows)
    if not rows:
        return out.print(otherwise)
    table = Table(*(key.replace("_", " ") for key in rows[0]), box=None)
    for row in rows:
        table.add_row(*(f"{v:,}" if isinstance(v, int) else _plain(str(v or "-")) for v in row.values()))
    return out.print(table)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=1, ensure_ascii=False, default=str))


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Its name: snake case.")],
    source: Annotated[str, typer.Option("--from", help="A file, or an https, file: or pkg:pypi address.")],
    header: Annotated[str, typer.Option(help="Rows of the header, from 1: 3, or 2,3 for two of them.")] = "",
    sheet: Annotated[str | None, typer.Option(help="Excel: the sheet.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Draft anew over what is there.")] = False,
) -> None:
    """Draft contract.yaml and schema.py by looking at the data."""
    from .draft import draft

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
    from .checking import problems_of, unfinished

    found = problems_of(names or [])
    if as_json:
        _print_json(found)
    for name, problems in found.items():
        if not as_json:
            out.print(f"{'[red]✗[/red]' if problems else '[green]✓[/green]'} {name}", highlight=False)
            for problem in problems:
                out.print(f"  {_plain(problem)}", highlight=False, soft_wrap=True)
            for hint in unfinished(Path(settings().datasets) / name):
                out.print(f"  [yellow]unfinished[/yellow]: {_plain(hint)}", highlight=False, soft_wrap=True)
    if any(found.values()):
        raise typer.Exit(1)


@app.command("try")
def try_(name: Name) -> None:
    """Extract and validate, publish nothing, show the report."""
    from . import running

    running.attempt(name)


@app.command()
def run(
    names: Annotated[list[str], typer.Argument(help="Datasets: folders of include/datasets.")],
    airflow: Annotated[bool, typer.Option("--airflow", help="Their DAGs, through Airflow and the pod runner.")] = False,
) -> None:
    """Make a version: all verbs, as local processes. Changes data.dvc and leaves the commit to you."""
    from . import running

    if airflow:
        return running.run_airflow(names)
    return running.run_local(names)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """All datasets, with the version that data.dvc pins."""
    from .listing import datasets

    _show(datasets(), as_json, "No dataset yet: `commons new` drafts one.")


@app.command()
def history(name: Name, as_json: Json = False) -> None:
    """Versions of a dataset, newest first."""
    from .listing import versions

    _show(versions(name), as_json, f"{name} has no version on this branch: `commons run {name}` makes one.")


@app.command()
def names(as_json: Json = False) -> None:
    """What the datasets are called in this environment: tables, paths, topics."""
    from .listing import names as resolved

    _show(resolved(), as_json, "No dataset yet: `commons new` drafts one.")


@app.command("open")
def open_(
    name: Name,
    at: Annotated[str | None, typer.Option(help="A commit, tag or branch; the working tree by default.")] = None,
    to: Annotated[Path | None, typer.Option(help="Write a .parquet, .csv or .xlsx file.")] = None,
    rows: Annotated[int, typer.Option(min=1, help="How many rows to show.")] = 10,
    as_json: Json = False,
) -> None:
    """Show a version's first rows, or write it to a file."""
    from .export import export
    from .listing import opened
    from .preview import head

    frame, schema = opened(name, at)
    if to is not None:
        out.print(f"wrote {export(frame, to):,} rows to {to}", highlight=False, soft_wrap=True)
    elif as_json:
        _print_json(frame.head(rows).collect().to_dicts())
    else:
        out.print(head(frame, rows, schema))


@app.command()
def up(port: Annotated[int, typer.Option(help="Port of Airflow's pages.")] = 8080) -> None:
    """Start Airflow's pages, scheduler and the pod runner on loopback; print address and login."""
    from .live import airflow

    laptop = airflow(port=port)
    if port and not laptop.address.endswith(f":{port}"):
        out.print(f"Port {port} is not the one: it was running before, or the port is taken.", highlight=False)
    out.print(f"Airflow: {laptop.address}  user {laptop.user}  password {laptop.password}", highlight=False)
    out.print("It answers this machine only. `commons down` stops it.")


@app.command()
def down() -> None:
    """Stop what `up` started."""
    from .. import laptop

    laptop.down()
    out.print("Airflow and the pod runner are stopped.")


@app.command()
def demo(datasets: Annotated[list[str] | None, typer.Argument(help="Which datasets.")] = None) -> None:
    """Real datasets from source to pinned version, through Airflow, in a clone of its own."""
    from .showing import NAMES, show

    show(datasets or list(NAMES))


@app.command()
def doctor(
    network: Annotated[bool, typer.Option("--network", help="Also try the package registry.")] = False,
    as_json: Json = False,
) -> None:
    """Say what is missing on this machine and how to get it."""
    from .doctor import examine

    findings = examine(network=network)
    if as_json:
        _print_json([finding.__dict__ for finding in findings])
    else:
        table = Table("", "what", "found", "what to do", box=None)
        for finding in findings:
            mark = "[green]✓[/green]" if finding.ok else "[red]✗[/red]"
            table.add_row(mark, finding.what, _plain(finding.found), "" if finding.ok else _plain(finding.remedy))
        out.print(table)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(2)


@app.command()
def pushed() -> None:
    """Fail if data.dvc pins bytes that the shared remote lacks."""
    from .listing import unpushed

    if lacking := unpushed():
        raise DataError(*lacking)
    out.print("Every pinned byte is on its remote.")


@app.command()
def sync() -> None:
    """Make everything derived agree with Git: what pods know of the last versions."""
    from ..adapters.store import Store
    from ..tasks import publish

    wrong = publish.sync(Store(settings().store))
    out.print(f"corrected: {', '.join(wrong)}" if wrong else "Everything agrees with Git.", highlight=False)


@app.command("push-code")
def push_code() -> None:
    """Put this folder's code into the store, for pods: all files that Git does not ignore."""
    from ..adapters import code

    typer.echo(code.push(settings().store, REPOSITORY))
