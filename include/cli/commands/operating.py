"""Commands of an operator: Airflow on this machine, and the deployment."""

from typing import Annotated

import typer
from rich.table import Table

from ...errors import DataError
from ...settings import REPOSITORY
from ..console import Json, Name, err, out, plain, print_json

app = typer.Typer()
Names = Annotated[list[str] | None, typer.Argument(help="Datasets; all by default.")]
At = Annotated[str | None, typer.Option(help="A commit, tag, branch or date; the working tree by default.")]
Every = Annotated[bool, typer.Option("--all", help="Every version that was ever announced.")]


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


@app.command("verify")
def verify_(
    names: Names = None,
    at: At = None,
    every: Every = False,
    sample: Annotated[str, typer.Option(help="How much to read, another part each day.", metavar="N%")] = "100%",
    repair: Annotated[bool, typer.Option("--repair", help="Restore from wherever a good copy is.")] = False,
    as_json: Json = False,
) -> None:
    """Read every byte that is pinned: is it there, is it whole, does what is derived from Git agree?"""
    from ...tasks.verify import summary
    from .. import verification

    share = verification.share_of(sample)
    report = verification.verified(names or [], at, every, share, repair)
    verification.show_report(report, summary(report, share), as_json)
    raise typer.Exit(report.exit_code)


@app.command()
def gc(
    apply: Annotated[bool, typer.Option("--apply", help="Do it; without, only say what would be done.")] = False,
    lost: Annotated[bool, typer.Option("--lost", help="Go on though listings of versions are nowhere.")] = False,
    as_json: Json = False,
) -> None:
    """Set aside what no ref pins, delete what lay aside for seven days, and bring back what is pinned again."""
    from .. import garbage

    items, done, waiting = garbage.collected(apply, lost)
    garbage.show_items(items, done, apply, as_json)
    for name in waiting:
        said = f"{name} was withdrawn here only: its bytes stay until that is merged and pushed."
        err.print(said, highlight=False, soft_wrap=True)
    if not done:
        raise typer.Exit(2)


@app.command()
def withdraw(
    name: Name,
    at: Annotated[str, typer.Option(help="A commit, tag, branch or date that pins the version.")],
    reason: Annotated[str, typer.Option("--reason", "--why", help="For all readers, for ever: name no person in it.")],
    by: Annotated[str | None, typer.Option(help="Who decided it; you, as Git knows you, by default.")] = None,
) -> None:
    """Take a version back: a tombstone stays, its bytes go after seven days."""
    from .. import withdrawing

    withdrawing.withdraw(name, at, reason, by)


@app.command()
def push(
    to: Annotated[str, typer.Option(help="A remote of .dvc/config, or an address: /folder, s3://bucket/folder.")],
    names: Names = None,
    at: At = None,
    every: Every = False,
    as_json: Json = False,
) -> None:
    """Copy versions to a second remote, and verify them there; run it again to go on, or to verify again."""
    from rich.filesize import decimal

    from ...contracts.words import counted
    from .. import copies, verification

    report = copies.pushed(verification.chosen(names or [], at, every), to)
    there = f"{counted(report.objects, 'object')}, {decimal(report.bytes)}"
    said = f"{counted(report.versions, 'version')} whole at {to}: {there}."
    lost = f"{counted(len(report.problems), 'problem')}; what was copied stays. Mend them, then run it again."
    verification.show_report(report, lost if report.problems else said, as_json)
    raise typer.Exit(report.exit_code)


@app.command("push-code")
def push_code() -> None:
    """Put this folder's code into the store, for pods: all files that Git does not ignore."""
    from ...adapters import code
    from ...adapters.store import own_store

    typer.echo(code.push(own_store().url, REPOSITORY))
