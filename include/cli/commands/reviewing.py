"""Commands of a reviewer: what changed, and what to do about it."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from ..console import Json, Name, print_json

app = typer.Typer()
Audience = Literal["public", "internal", "restricted"]


@app.command()
def diff(
    sides: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[A [B]] [NAME]",
            help="Two revisions, or one and the working tree (HEAD by default), then datasets; or two files.",
        ),
    ] = None,
    key: Annotated[
        str, typer.Option(help="Two files: columns that name a row, as a,b; else rows are compared whole.")
    ] = "",
    markdown: Annotated[str, typer.Option(metavar="FILE", help="Write Markdown below 60 kB; - prints it.")] = "",
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write one page with charts.")] = None,
    audience: Annotated[
        Audience | None,
        typer.Option(help="Whose values are shown; by default what is internal here, what is public in files."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show how data differ: schema, rows, cells, keys, and why. Exit code 0 the same, 1 differs, 2 an error."""
    from ..differing import run

    names = [name.strip() for name in key.split(",")] if key else []
    raise typer.Exit(run(sides or [], names, markdown, html, audience, as_json))


@app.command(hidden=True)
def comment(
    base: Annotated[str, typer.Argument(help="The revision that a pull request is merged into.")],
    head: Annotated[str, typer.Argument(help="The revision with it merged.")],
    to: Annotated[Path, typer.Option(help="The folder to write.")],
) -> None:
    """Write what hosted CI says of a pull request that changes data.dvc, for the public."""
    from ..differing import comment as written

    written(base, head, to)


@app.command()
def rollback(
    name: Name,
    to: Annotated[str, typer.Option(help="The version to go back to: a commit, tag, branch or date.")],
    why: Annotated[str, typer.Option("--why", "--reason", help="The reason, which history keeps.")],
) -> None:
    """Publish an older version again, as a new one; history stays as it is."""
    from ..rolling import roll_back

    if not why.strip():
        raise typer.BadParameter("say why in a few words.", param_hint="--why")
    roll_back(name, to, why.strip())


@app.command()
def rebuild(
    names: Annotated[list[str] | None, typer.Argument(help="All that is pinned by default.")] = None,
    at: Annotated[str | None, typer.Option(help="A revision or date; the working tree by default.")] = None,
    again: Annotated[
        bool, typer.Option("--from-source", help="Fetch the sources again, instead of taking their archive.")
    ] = False,
    to: Annotated[Path | None, typer.Option(help="Keep what is made in this folder.")] = None,
    bring_back: Annotated[
        bool, typer.Option("--restore", help="Put what came out identical on its remote, where that lacks it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make versions again with the code and environment of their time, and compare every byte with the pin."""
    from ..rebuilding import rebuilt, summed, tell

    done = []
    for one in rebuilt(names or [], at, again, to, bring_back):
        done.append(one)
        if not as_json:
            tell(one)
    if as_json:
        print_json([one.document() for one in done])
    raise typer.Exit(summed(done, quiet=as_json))
