"""A progress bar for what takes longer than two seconds; nothing before, and nothing where nobody watches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Timer

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

QUIET_SECONDS = 2.0


@contextmanager
def progress(title: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Yields a function that is told how many more of `total` are done; without a total the bar only moves."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = bar.add_task(title, total=total)
    late = Timer(QUIET_SECONDS, bar.start)
    late.daemon = True
    late.start()
    try:
        yield partial(bar.advance, task)
    finally:
        late.cancel()
        late.join()
        bar.stop()
