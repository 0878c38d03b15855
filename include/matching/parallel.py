"""The pairs of compare(), found by several processes: this one and others, which open the same index."""

import os
import pickle
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Thread

import polars as pl

from ..errors import EnvironmentFault
from .index import open_index
from .match import PART, Matcher, compare
from .mentions import shard

WORTH = 5_000
"""Names a process, at least: one more takes seconds to start."""
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
    # Names of a country stand together, so that each part looks into few countries.
    asked = mentions.sort("country", "mention")
    parts = workers * -(-asked.height // (workers * PART))
    try:
        # Not forked: a copy of a process whose Polars has threads would stand still. What each needs is in a file, and
        # orders are short: who writes a long one to a process that is killed meanwhile waits for ever.
        with (
            NamedTemporaryFile(prefix="commons-") as needed,
            ProcessPoolExecutor(workers - 1, get_context("spawn"), _begin, (needed.name,)) as pool,
            ThreadPoolExecutor(workers - 1) as threads,
            _ended(),
        ):
            pickle.dump((asked, matcher.index.folder, matcher.forms, matcher.model), needed)
            needed.flush()
            left = iter(range(parts))  # each takes the next one when it is through with another
            told = partial(_taken, left, lambda number: done(shard(asked, number, parts).height))
            far = [threads.submit(told, partial(_sent, pool, parts, review)) for _ in range(workers - 1)]
            near = told(lambda number: compare(shard(asked, number, parts), matcher, review=review))
            pairs = [*near, *(found for other in far for found in other.result())]
    except BrokenProcessPool as error:
        raise EnvironmentFault(
            f"comparing {mentions.height:,} names: one of {workers} processes ended before its work, as happens where "
            "memory is short. Free some, or match fewer names at a time."
        ) from error
    return pl.concat(pairs).sort("mention", "entity_id")


def _taken(
    left: Iterator[int], done: Callable[[int], None], compared: Callable[[int], pl.DataFrame]
) -> list[pl.DataFrame]:
    pairs = []
    for number in left:
        pairs.append(compared(number))
        done(number)
    return pairs


def _sent(pool: ProcessPoolExecutor, parts: int, review: float, number: int) -> pl.DataFrame:
    return pool.submit(_compare, parts, review, number).result()


@contextmanager
def _ended() -> Iterator[None]:
    """Ends the others where one is killed or this one interrupted: the pool would wait for them, of one that was only
    just begun for ever."""
    try:
        yield
    except BaseException:
        for process in active_children():
            process.kill()
        raise


def _begin(needed: str) -> None:
    """What a process does first. The one that started it hears of an interruption, and takes it along when it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    mentions, folder, forms, model = pickle.loads(Path(needed).read_bytes())  # noqa: S301 (it is the parent's, and nobody else's)
    _begun.append((mentions, Matcher(open_index(folder), forms, model)))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent:
        parent.join()
        os._exit(1)


def _compare(parts: int, review: float, number: int) -> pl.DataFrame:
    mentions, matcher = _begun[0]
    return compare(shard(mentions, number, parts), matcher, review=review)
