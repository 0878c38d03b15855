"""The next items of an iterator made ready while the last one is used: parsing beside writing, for example."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
Made = TypeVar("Made")
_END = object()


def ahead(items: Iterable[T]) -> Iterator[T]:
    """The same items in the same order, one of them ahead in a thread of its own; what it raises is raised here."""
    source = iter(items)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, source, _END)
        while (item := coming.result()) is not _END:
            coming = pool.submit(next, source, _END)
            yield item  # type: ignore[misc]


def several(function: Callable[[T], Made], items: Iterable[T], count: int) -> Iterator[Made]:
    """What `function` makes of each item, in their order, `count` of them at once and no more ahead than that."""
    source = iter(items)
    with ThreadPoolExecutor(count) as pool:
        coming = deque(pool.submit(function, item) for item in islice(source, count))
        while coming:
            made = coming.popleft().result()
            coming.extend(pool.submit(function, item) for item in islice(source, 1))
            yield made
