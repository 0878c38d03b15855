"""Commands of an operator for the catalogue: what others read of us."""

from pathlib import Path
from typing import Annotated

import typer

from ...errors import ContractError
from ..console import Json, err, plain, show

app = typer.Typer(no_args_is_help=True)


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
