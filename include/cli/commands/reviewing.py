"""Commands of a reviewer: what changed, and what to do about it."""

import typer

app = typer.Typer()
