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
    """Put datasets into a folder as a commit pins them, verified, each with its record for people and catalogues."""
    from ...errors import EnvironmentFault
    from ..listing import checked_out, stated
    from ..progress import progress

    placed = checked_out(revision, to, names or [], progress)
    show(placed if as_json else [stated(one) for one in placed], as_json, f"{revision} pins no dataset.")
    for one in placed:
        for said in (one["problem"] if one["withdrawn"] else None, one["note"]):
            if said:
                err.print(plain(said), highlight=False, soft_wrap=True)
    if lost := [one["problem"] for one in placed if one["problem"] and not one["withdrawn"]]:
        raise EnvironmentFault(*lost)


@app.command()
def lineage(
    name: Name,
    up: Annotated[bool, typer.Option("--up", help="Only what it is made of, back to the public addresses.")] = False,
    down: Annotated[bool, typer.Option("--down", help="Only what is made of it.")] = False,
    column: Annotated[str | None, typer.Option(help="Follow one column.")] = None,
    impact: Annotated[
        bool, typer.Option("--impact", help="Who is hit by a change of it, and what would stop.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show where a dataset or column comes from, and who uses it."""
    from ..tracing import telling

    telling.told(name, column, up=up or not down, down=down or not up, impact=impact, as_json=as_json)


@app.command()
def docs(
    to: Annotated[Path | None, typer.Option(help="The folder; .commons/docs of the repository by default.")] = None,
    differences: Annotated[
        bool, typer.Option(help="Add pages of all that differs between the newest two versions.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write a site of all datasets into a folder: searchable, for any browser, without a server."""
    from ..docs import DEFAULT, written

    done = written(to or DEFAULT, differences)
    if as_json:
        return print_json(done)
    for name in done["left_out"]:
        err.print(plain(f"{name}: left out, its contract is broken. `commons check {name}` says how."), soft_wrap=True)
    said = f"wrote {done['datasets']:,} datasets to {done['folder']}; begin at {done['index']}"
    return out.print(plain(said), highlight=False, soft_wrap=True)
