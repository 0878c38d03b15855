"""Commands of an operator: Airflow on this machine, and the deployment."""

from typing import Annotated

import typer
from rich.table import Table

from ...errors import DataError
from ...settings import REPOSITORY
from ..console import Json, out, plain, print_json

app = typer.Typer()


@app.command()
def up(port: Annotated[int, typer.Option(help="Port of Airflow's pages.")] = 8080) -> None:
    """Start Airflow's pages, scheduler and the pod runner on loopback; print address and login."""
    from ..live import airflow

    laptop = airflow(port=port)
    if port and not laptop.address.endswith(f":{port}"):
        out.print(f"Port {port} is not the one: it was running before, or the port is taken.", highlight=False)
    out.print(f"Airflow: {laptop.address}  user {laptop.user}  password {laptop.password}", highlight=False)
    out.print("It answers this machine only. `commons down` stops it.")


@app.command()
def down() -> None:
    """Stop what `up` started."""
    from ... import laptop

    laptop.down()
    out.print("Airflow and the pod runner are stopped.")


@app.command()
def demo(datasets: Annotated[list[str] | None, typer.Argument(help="Which datasets.")] = None) -> None:
    """Real datasets from source to pinned version, through Airflow, in a clone of its own."""
    from ..showing import NAMES, show

    show(datasets or list(NAMES))


@app.command()
def doctor(
    network: Annotated[bool, typer.Option("--network", help="Also try the package registry.")] = False,
    as_json: Json = False,
) -> None:
    """Say what is missing on this machine and how to get it."""
    from ..doctor import examine

    findings = examine(network=network)
    if as_json:
        print_json([finding.__dict__ for finding in findings])
    else:
        table = Table("", "what", "found", "what to do", box=None)
        for finding in findings:
            mark = "[green]✓[/green]" if finding.ok else "[red]✗[/red]"
            table.add_row(mark, finding.what, plain(finding.found), "" if finding.ok else plain(finding.remedy))
        out.print(table)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(2)


@app.command()
def pushed() -> None:
    """Fail if data.dvc pins bytes that the shared remote lacks."""
    from ..listing import unpushed

    if lacking := unpushed():
        raise DataError(*lacking)
    out.print("Every pinned byte is on its remote.")


@app.command()
def sync() -> None:
    """Make everything derived agree with Git: what pods know of the last versions."""
    from ...adapters.store import own_store
    from ...tasks.sync import correct_heads

    wrong = correct_heads(own_store())
    out.print(f"corrected: {', '.join(wrong)}" if wrong else "Everything agrees with Git.", highlight=False)


@app.command("push-code")
def push_code() -> None:
    """Put this folder's code into the store, for pods: all files that Git does not ignore."""
    from ...adapters import code
    from ...adapters.store import own_store

    typer.echo(code.push(own_store().url, REPOSITORY))
