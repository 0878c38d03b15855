"""Commands of an operator for the catalogue: what others read of us."""

from pathlib import Path
from typing import Annotated

import typer

from ...errors import ContractError, DataError
from ..console import Json, Name, err, out, plain, print_json, show

app = typer.Typer(no_args_is_help=True)
Names = Annotated[list[str] | None, typer.Argument(help="Datasets; all by default.")]


@app.callback()
def catalogue() -> None:
    """What others read of us: OpenMetadata kept in agreement with Git, and each record in open standards."""


@app.command()
def export(
    to: Annotated[Path, typer.Argument(help="A folder.")],
    names: Annotated[list[str] | None, typer.Argument(help="Datasets; all by default.")] = None,
    as_json: Json = False,
) -> None:
    """Write the record of each dataset as ODCS, DCAT-AP and OpenLineage files, and one catalogue of them."""
    from ..cataloguing.exporting import exported, stated

    written, problems = exported(to, names or [])
    show(written if as_json else [stated(one) for one in written], as_json, "No dataset yet: `commons new` drafts one.")
    for one in written:
        if one["lacking"]:
            said = f"{one['dataset']}: its columns and rules are not told. {one['lacking']}"
            err.print(plain(said), highlight=False, soft_wrap=True)
    if problems:
        raise ContractError(*problems)


@app.command()
def sync(
    names: Names = None,
    many: Annotated[bool, typer.Option("--many", help="Go on though over a tenth of the tables would go.")] = False,
    as_json: Json = False,
) -> None:
    """Make OpenMetadata agree with Git; what people wrote there stays, and is told."""
    from ..cataloguing import syncing

    report, datasets = syncing.sync(names or [], many)
    if as_json:
        print_json(vars(report))
    else:
        for line in syncing.stated(report, datasets):
            out.print(plain(line), highlight=False, soft_wrap=True)
    if report.problems:
        raise DataError(*report.problems)


@app.command()
def diff(names: Names = None, as_json: Json = False) -> None:
    """What OpenMetadata has against what Git says. Exit code 0 the same, 1 differs, 2 an error."""
    from ..cataloguing.syncing import different

    found = different(names or [])
    show(found, as_json, "OpenMetadata agrees with Git.", spared=("openmetadata", "git"))
    if found:
        raise typer.Exit(1)


@app.command("open")
def open_(name: Name) -> None:
    """Open a dataset's page in OpenMetadata, and print its address."""
    from ..cataloguing.syncing import page

    typer.echo(address := page(name))
    if out.is_terminal:
        typer.launch(address)


@app.command()
def flush(as_json: Json = False) -> None:
    """Tell OpenMetadata what waits in the spool: how tasks ended, which datasets have new versions."""
    from ..cataloguing.flushing import flushed, stated_flush

    told, wrong = flushed()
    if as_json:
        print_json(told)
    else:
        out.print(plain(stated_flush(told)), highlight=False, soft_wrap=True)
    if wrong:
        raise wrong


@app.command()
def spool(as_json: Json = False) -> None:
    """How many events wait for OpenMetadata by dataset, since when, and what it refused."""
    from ..cataloguing.flushing import lengths, refusals

    show(lengths(), as_json, "Nothing waits.")
    for refused in () if as_json else refusals():
        err.print(plain(refused), highlight=False, soft_wrap=True)
