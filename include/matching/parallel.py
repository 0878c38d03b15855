"""The pairs of compare(), found by several processes: each opens the same index and takes parts of the names."""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path
from threading import Thread

import polars as pl

from ..errors import EnvironmentFault
from .forms import Forms
from .index import open_index
from .match import PART, Matcher, compare
from .mentions import shard
from .model import Model

WORTH = 2_000
"""Names for which another process pays: it takes as long to start as to compare so many."""
_begun: list[tuple[pl.DataFrame, Matcher]] = []
"""Of a process that compares: all the names, and what it opened at its start."""


def compare_by(
    processes: int,
    mentions: pl.DataFrame,
    matcher: Matcher,
    *,
    review: float,
    done: Callable[[int], None] = lambda _: None,
) -> pl.DataFrame:
    """As match.compare, by up to `processes` at once; fewer where the names are few.

    The program's main module is imported by each, so it must do its work behind `if __name__ == "__main__"`. Raises
    EnvironmentFault where a process is killed, such as for want of memory.
    """
    workers = min(processes, mentions.height // WORTH)
    if workers < 2:
        return compare(mentions, matcher, review=review, threads=processes, done=done)
    parts = workers * -(-mentions.height // (workers * PART))
    begin = (mentions, matcher.index.folder, matcher.forms, matcher.model)
    pairs = []
    try:
        # Not forked: a copy of a process whose Polars has threads would stand still. Orders are short, since a process
        # that is killed with a long one half read would keep this one waiting for ever.
        with ProcessPoolExecutor(workers, get_context("spawn"), _begin, begin) as pool, _ended():
            for number, found in enumerate(pool.map(partial(_compare, parts, review), range(parts))):
                pairs.append(found)
                done(shard(mentions, number, parts).height)
    except BrokenProcessPool as error:
        raise EnvironmentFault(
            f"comparing {mentions.height:,} names: one of {workers} processes was killed, as happens where memory is "
            "short. Free some, or match fewer names at a time."
        ) from error
    return pl.concat(pairs)


@contextmanager
def _ended() -> Iterator[None]:
    """Ends the others where one is killed: the pool waits for ever for one that was only just begun."""
    try:
        yield
    except BrokenProcessPool:
        for process in active_children():
            process.kill()
        raise


def _begin(mentions: pl.DataFrame, folder: Path, forms: Forms, model: Model) -> None:
    """What a process does first. The one that started it hears of an interruption, and takes it along when it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    _begun.append((mentions, Matcher(open_index(folder), forms, model)))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent:
        parent.join()
        os._exit(1)


def _compare(parts: int, review: float, number: int) -> pl.DataFrame:
    mentions, matcher = _begun[0]
    return compare(shard(mentions, number, parts), matcher, review=review)
