"""Commands of who links names to legal entities: match a file, explain one name, review the doubtful ones."""

from pathlib import Path
from typing import Annotated

import typer

from ..console import Json, err

START = "Starting"
"""What a terminal shows while the libraries that compare names are loaded, which takes seconds."""
app = typer.Typer()


def _probability(value: float) -> float:
    if 0 <= value <= 1:
        return value
    near = f"; did you mean {value / 100:g}?" if 1 < value <= 100 else "."
    raise typer.BadParameter(f"{value:g}: a probability lies between 0 and 1{near}")


@app.command()
def match(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="A CSV, Excel, JSON or Parquet file.")] = None,
    column: Annotated[str, typer.Option(help="Its column with the names.")] = "",
    country: Annotated[str, typer.Option(help="Its column with countries, or one for all: US, Germany.")] = "",
    lei: Annotated[str, typer.Option(help="Its column with LEIs; with --explain, an LEI.")] = "",
    isin: Annotated[str, typer.Option(help="The same for ISINs.")] = "",
    cik: Annotated[str, typer.Option(help="The same for CIKs.")] = "",
    weight: Annotated[str, typer.Option(help="Its column that says how much a row matters.")] = "",
    register: Annotated[str, typer.Option(help="The register: a dataset.")] = "lei_entities",
    accept: Annotated[
        float, typer.Option(callback=_probability, help="From which probability on a link counts.")
    ] = 0.95,
    review: Annotated[
        float, typer.Option(callback=_probability, help="From which probability on a person is asked.")
    ] = 0.30,
    single: Annotated[bool, typer.Option("--single", help="An entity takes one name at most.")] = False,
    to: Annotated[Path | None, typer.Option(help="The .csv, .xlsx or .parquet file to write.")] = None,
    judgements: Annotated[Path | None, typer.Option(help="Judgements; by default those beside the result.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Excel: the sheet.")] = None,
    header: Annotated[str, typer.Option(help="Rows of the header, from 1: 3, or 2,3 for two of them.")] = "",
    explain: Annotated[str, typer.Option(metavar="NAME", help="One name: what it could mean, and why.")] = "",
    train: Annotated[bool, typer.Option("--train", help="Learn from judgements; say what it is worth.")] = False,
    pairs: Annotated[Path | None, typer.Option(help="--train: labelled pairs to learn from too.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="--train: replace the model.")] = False,
    as_json: Json = False,
) -> None:
    """Link the names in a file to legal entities of a register, with reasons; or explain one name."""
    if file and (train or explain):
        other = "--train learns from judgements: name theirs with --judgements" if train else "--explain takes one name"
        raise typer.BadParameter(f"{other}; leave out {file}.", param_hint="FILE")
    if train:
        with err.status(START):
            from ..matching.training import train as learn

        return learn(judgements, register, pairs, accept, replace, as_json)
    from ..matching.asked import Asked, Bands, header_rows

    bands = Bands(accept, review, single)
    identifiers = {kind: given for kind, given in (("lei", lei), ("isin", isin), ("cik", cik)) if given}
    if explain:
        with err.status(START):
            from ..matching.explaining import explain as told

        return told(explain, country, identifiers, register, bands, as_json)
    if file is None:
        raise typer.BadParameter("name a file of names, or one name with --explain.", param_hint="FILE")
    with err.status(START):
        from ..matching.linking import link

    asked = Asked(file, column, country, identifiers, weight, sheet, header_rows(header))
    return link(asked, register, bands, to, judgements, as_json)


@app.command()
def review(
    name: Annotated[str, typer.Argument(help="A dataset, or a file that `commons match` wrote.")],
    as_json: Json = False,
) -> None:
    """Judge doubtful matches, those that matter most first; each decision is kept at once."""
    with err.status(START):
        from ..matching.reviewing import review as judge

    judge(name, as_json)
