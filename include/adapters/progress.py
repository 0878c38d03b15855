"""How far a download is: bars for people at a terminal, log lines for pods."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .landing import Progress

log = logging.getLogger("commons")


@contextmanager
def told(after: float = 2.0, every: float = 10.0) -> Iterator[Progress]:
    """Progress for `fetch`: quiet for the first `after` seconds of a file, then a bar, or a line `every` seconds."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(after, every)
        return
    from rich import progress

    columns = (progress.TextColumn("{task.description}"), progress.BarColumn(), progress.DownloadColumn())
    with progress.Progress(*columns, progress.TransferSpeedColumn(), console=console, transient=True) as bars:
        tasks: dict[str, progress.TaskID] = {}

        def tell(name: str, so_far: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, visible=False)
            task = tasks[name]
            seen = (bars.tasks[list(tasks).index(name)].elapsed or 0.0) >= after
            bars.update(task, completed=so_far, total=total, visible=seen and so_far != total)

        yield tell


@contextmanager
def busy(what: str, after: float = 2.0) -> Iterator[None]:
    """Progress for work of unknown length: quiet for the first `after` seconds, then a moving bar, or one log line."""
    from rich.console import Console
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    if not console.is_terminal:
        with _later(after, lambda: log.info("%s: under way", what)):
            yield
        return
    with Bars(console=console, transient=True) as bars:
        task = bars.add_task(what, total=None, visible=False)
        with _later(after, lambda: bars.update(task, visible=True)):
            yield


@contextmanager
def _later(seconds: float, tell: Callable[[], None]) -> Iterator[None]:
    timer = threading.Timer(seconds, tell)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _lines(after: float, every: float) -> Progress:
    due: dict[str, float] = {}

    def tell(name: str, so_far: int, total: int | None) -> None:
        now = time.monotonic()
        if now < due.setdefault(name, now + after):
            return
        due[name] = now + every
        whole = f" of {total / 1e6:,.1f}" if total else ""
        log.info("fetching %s: %.1f%s MB", name, so_far / 1e6, whole)

    return tell
