"""A while in which a repository is taken to stand still: what was looked up once is not looked up again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_seen: ContextVar[dict[object, Any] | None] = ContextVar("seen", default=None)


@contextmanager
def still() -> Iterator[None]:
    """Within it, each look-up that is `remembered` is made once for the same arguments; afterwards all is forgotten."""
    before = _seen.set({})
    try:
        yield
    finally:
        _seen.reset(before)


def remembered(look: Callable[P, T]) -> Callable[P, T]:
    """`look`, of positional arguments that can be keys, remembered while all stands still; else as it is."""

    @wraps(look)
    def known(*arguments: P.args, **named: P.kwargs) -> T:
        seen = _seen.get()
        if seen is None:
            return look(*arguments, **named)
        key = (look, arguments, tuple(named.items()))
        if key not in seen:
            seen[key] = look(*arguments, **named)
        found: T = seen[key]
        return found

    return known
