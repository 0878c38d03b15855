"""A few rows of each kind, as text."""

from collections.abc import Iterator, Sequence
from typing import Literal

import polars as pl

from .columns import Slot
from .model import SAMPLES, Sample
from .rows import differing
from .values import beside, texts, whole

Kind = Literal["added", "removed", "changed", "moved"]


def samples(
    kind: Kind, before: pl.DataFrame | None, after: pl.DataFrame | None, columns: Sequence[Slot], key: Sequence[str]
) -> Iterator[Sample]:
    """The first rows, which are at the same position on both sides; a side is None where rows are on one only."""
    sides = [side.head(SAMPLES) for side in (before, after) if side is not None]
    both = [slot.name for slot in columns if slot.paired]
    differs = differing(sides[0], sides[-1], both).rows(named=True)
    shown = [{name: whole(side[name]) for name in side.columns} for side in sides]
    keys = {slot.label: texts(sides[-1][slot.name]) for slot in columns if slot.name in key}
    for number in range(sides[0].height):
        was, now = ({name: values[number] for name, values in side.items()} for side in (shown[0], shown[-1]))
        if before is not None and after is not None:
            cells = {s.label: beside(was[s.name], now[s.name]) for s in columns if differs[number].get(s.name)}
        else:
            rest = [slot for slot in columns if slot.name in now and slot.name not in key]
            alone = ((s.label, beside(now[s.name], None)[0]) for s in rest)
            cells = {label: (value, None) if after is None else (None, value) for label, value in alone}
        yield Sample(kind=kind, key={label: values[number] for label, values in keys.items()}, cells=cells)
