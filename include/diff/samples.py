"""A few rows of each kind, as text."""

from collections.abc import Iterator, Sequence
from typing import Literal

import polars as pl

from .columns import Slot
from .model import SAMPLES, Sample
from .profiles import texts
from .rows import differing

Kind = Literal["added", "removed", "changed", "moved"]


def samples(
    kind: Kind, before: pl.DataFrame | None, after: pl.DataFrame | None, columns: Sequence[Slot], key: Sequence[str]
) -> Iterator[Sample]:
    """The first rows, which are at the same position on both sides; a side is None where rows are on one only."""
    sides = [side.head(SAMPLES) for side in (before, after) if side is not None]
    both = [slot.name for slot in columns if slot.paired]
    differs = differing(sides[0], sides[-1], both).rows(named=True)
    shown = [{name: texts(side[name]) for name in side.columns} for side in sides]
    for number in range(sides[0].height):
        was, now = ({name: values[number] for name, values in side.items()} for side in (shown[0], shown[-1]))
        if before is not None and after is not None:
            cells = {s.label: (was[s.name], now[s.name]) for s in columns if differs[number].get(s.name)}
        else:
            rest = [slot for slot in columns if slot.name in now and slot.name not in key]
            cells = {s.label: (now[s.name], None) if after is None else (None, now[s.name]) for s in rest}
        yield Sample(kind=kind, key={s.label: now[s.name] for s in columns if s.name in key}, cells=cells)
