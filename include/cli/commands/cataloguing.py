"""Commands of an operator for the catalogue: what others read of us."""

import typer

app = typer.Typer(no_args_is_help=True)


@app.callback()
def catalogue() -> None:
    """What others read of us: OpenMetadata kept in agreement with Git, and each record in open standards."""
