"""Commands of a reader: what there is, and its rows."""

from pathlib import Path
from typing import Annotated

import typer

from ..console import Json, Name, err, out, plain, print_json, show

app = typer.Typer()


@app.command("list")
def list_(as_json: Json = False) -> None:
    """All datasets, with the version that data.dvc pins."""
    from ..listing import datasets

    show(datasets(), as_json, "No dataset yet: `commons new` drafts one.", spared=("access", "quarantined"))


@app.command()
def history(name: Name, as_json: Json = False) -> None:
    """Versions of a dataset, newest first."""
    from ..history import none_yet, shortened, versions
    from ..progress import progress

    with progress("Reading the history"):
        known = versions(name)
    rows = known if as_json else [shortened(version) for version in known]
    otherwise = none_yet(name)
    show(rows, as_json, otherwise, spared=("run", "code", "who", "source"))


@app.command("show")
def show_(
    name: Name,
    at: Annotated[str | None, typer.Option(help="A revision or date; the working tree by default.")] = None,
    as_json: Json = False,
) -> None:
    """Show the record of a version: commit, code, environment, sources, inputs, rows, quality."""
    from ..record import record_of, rendered

    said = record_of(name, at)
    if as_json:
        return print_json(said)
    return out.print(rendered(said), soft_wrap=True)


@app.command()
def names(as_json: Json = False) -> None:
    """What the datasets are called in this environment: tables, paths, topics."""
    from ..listing import names as resolved

    show(resolved(), as_json, "No dataset yet: `commons new` drafts one.", spared=("asset", "topic", "path"))


@app.command("open")
def open_(
    name: Name,
    at: Annotated[str | None, typer.Option(help="A revision or date; the working tree by default.")] = None,
    source_date: Annotated[str | None, typer.Option(help="The version that its source dated last by this day.")] = None,
    to: Annotated[Path | None, typer.Option(help="Write a .parquet, .csv or .xlsx file.")] = None,
    rows: Annotated[int, typer.Option(min=1, help="How many rows to show.")] = 10,
    as_json: Json = False,
) -> None:
    """Show a version's first rows, or write it to a file."""
    from ..export import export
    from ..listing import opened
    from ..preview import head
    from ..progress import progress

    with progress("Opening"):
        frame, schema = opened(name, at, source_date)
        first = frame.head(rows if to is None else 0).collect()
    if to is not None:
        out.print(f"wrote {export(frame, to):,} rows to {to}", highlight=False, soft_wrap=True)
    elif as_json:
        print_json(first.to_dicts())
    else:
        out.print(head(first.lazy(), rows, schema))


@app.command()
def checkout(
    revision: Annotated[str, typer.Argument(help="A commit, tag, branch or date.")],
    to: Annotated[Path, typer.Option(help="An empty folder, or one of a checkout that was cut short.")],
    names: Annotated[list[str] | None, typer.Argument(help="All that is pinned there by default.")] = None,
    as_json: Json = False,
) -> None:
    """Put datasets into a folder as a commit pins them, verified, each with its record in version.json."""
    from ...errors import EnvironmentFault
    from ..listing import checked_out, stated
    from ..progress import progress

    placed = checked_out(revision, to, names or [], progress)
    show(placed if as_json else [stated(one) for one in placed], as_json, f"{revision} pins no dataset.")
    for one in placed:
        if one["withdrawn"]:
            err.print(plain(one["problem"]), highlight=False, soft_wrap=True)
    if lost := [one["problem"] for one in placed if one["problem"] and not one["withdrawn"]]:
        raise EnvironmentFault(*lost)
