"""Values, of few, that only one side has: a country or a year that is lost or came."""

from collections.abc import Collection, Iterator, Sequence

import polars as pl

from .columns import Slot
from .model import LISTED, Coverage, Part
from .moves import MovedKeys
from .profiles import Profiles
from .values import texts

_WORTH = 10
"""Rows, lost or gained, from which categories beside the key are worth a word."""


def coverage(
    columns: Sequence[Slot], key: Collection[str], sides: Sequence[Profiles], moved: Sequence[MovedKeys]
) -> Iterator[Coverage]:
    """By column whose values were all counted, the key first; values that moved are neither lost nor gained."""
    counted = [slot for slot in columns if slot.paired and all(slot.name in side.counted for side in sides)]
    for slot in sorted(counted, key=lambda slot: slot.name not in key):
        before, after = (side.counted[slot.name].drop_nulls("value") for side in sides)
        lost, gained = before.join(after, on="value", how="anti"), after.join(before, on="value", how="anti")
        for found in moved:
            if found.part == (slot.name,) and found.gone:
                lost = lost.join(found.gone[0], left_on="value", right_on=slot.name, how="anti")
                gained = gained.join(found.gone[1], left_on="value", right_on=slot.name, how="anti")
        rows = int(lost["rows"].sum()), int(gained["rows"].sum())
        if max(rows) >= (1 if slot.name in key else _WORTH):
            yield Coverage(
                column=slot.label,
                key=slot.name in key,
                lost_values=lost.height,
                lost_rows=rows[0],
                lost=_listed(lost),
                gained_values=gained.height,
                gained_rows=rows[1],
                gained=_listed(gained),
            )


def _listed(found: pl.DataFrame) -> tuple[Part, ...]:
    top = found.sort("rows", "value", descending=[True, False]).head(LISTED)
    return tuple(Part(value=text, rows=rows) for text, rows in zip(texts(top["value"]), top["rows"], strict=True))
