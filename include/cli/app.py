"""The `commons` command. Exit codes: 0 fine, 1 the data or the contract is at fault, 2 wrong use or environment."""

import os
import signal
import sys

import typer

from ..errors import DataCommonsError, no_room
from .commands import authoring, cataloguing, matching, operating, reading, reviewing
from .console import err, plain

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, help=__doc__)
for who, commands in {
    "A dataset's author": authoring,
    "A reader": reading,
    "Who links names": matching,
    "A reviewer": reviewing,
    "An operator": operating,
}.items():
    for command in commands.app.registered_commands:
        command.rich_help_panel = who
    app.add_typer(commands.app)
app.add_typer(cataloguing.app, name="catalogue", rich_help_panel="An operator")


def main() -> None:
    """Runs the command line; a known problem is printed as such, never as a traceback.

    Where nobody reads its output to the end (`commons diff A B | head`), it ends as if by SIGPIPE, as Unix tools do.
    """
    try:
        try:
            _main()
        finally:
            sys.stdout.flush()
    except (BrokenPipeError, SystemExit) as ended:
        if not isinstance(ended, BrokenPipeError) and not isinstance(ended.__context__, BrokenPipeError):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left goes nowhere
        sys.exit(128 + signal.SIGPIPE)


def _main() -> None:
    try:
        app(prog_name="commons")
    except DataCommonsError as error:
        for problem in error.problems:
            err.print(f"[red]✗[/red] {plain(problem)}", highlight=False, soft_wrap=True)
        sys.exit(error.exit_code)
    except OSError as error:
        if not no_room(error):
            raise
        place = error.filename or "this machine"
        told = f"{place}: no room is left on the volume. Make room, or name another folder; then run it again."
        err.print(f"[red]✗[/red] {plain(told)}", highlight=False, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        err.print("Stopped. Nothing was published.")
        sys.exit(2)
