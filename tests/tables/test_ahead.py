"""Work done ahead changes neither items, nor their order, nor what goes wrong."""

import threading
from collections.abc import Iterator

import pytest

from include.tables.ahead import ahead, several


def test_items_come_in_order_and_the_next_is_made_while_the_last_is_used() -> None:
    made = [threading.Event() for _ in range(4)]

    def source() -> Iterator[int]:
        for number, event in enumerate(made):
            event.set()
            yield number

    seen = []
    for number in ahead(source()):
        if number + 1 < len(made):
            assert made[number + 1].wait(10), "the next item was not begun"
        seen.append(number)
    assert seen == [0, 1, 2, 3]


def test_what_the_source_raises_is_raised_after_the_items_before_it() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    items = ahead(source())
    assert next(items) == 1
    with pytest.raises(ValueError, match="broken"):
        next(items)


def test_nothing_in_nothing_out() -> None:
    assert list(ahead([])) == []
    assert list(several(str, [], 3)) == []


def test_several_are_made_at_once_and_no_more_ahead_than_that() -> None:
    begun = [threading.Event() for _ in range(9)]
    together = threading.Barrier(3)

    def make(number: int) -> int:
        begun[number].set()
        if number < 3:
            together.wait(10)
        return number * number

    made = several(make, range(9), 3)
    assert next(made) == 0
    assert begun[3].wait(10), "the next one was not begun"
    assert not begun[4].is_set()
    assert list(made) == [1, 4, 9, 16, 25, 36, 49, 64]


def test_what_making_one_of_several_raises_is_raised_in_its_turn() -> None:
    made = several(lambda number: 1 // number, [1, 0, 1], 3)
    assert next(made) == 1
    with pytest.raises(ZeroDivisionError):
        next(made)
