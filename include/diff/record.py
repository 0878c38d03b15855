"""The record of a difference, made of what was counted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from . import moved
from .bins import Bins
from .columns import Slot
from .coverage import coverage
from .model import SAMPLES, ColumnDiff, Move, Moved, Profile, Repeated, RowCounts, Sample, SchemaChange, TableDiff
from .moves import MovedKeys
from .profiles import Profiles, binned, stability
from .samples import samples
from .sides import Table
from .tally import Tally
from .values import texts

_SHIFT = 0.25
"""PSI above which a distribution is usually called shifted."""


@dataclass(frozen=True)
class Compared:
    """All that was counted of two tables; lists hold before and after."""

    columns: tuple[Slot, ...]
    key: tuple[str, ...]
    tables: Sequence[Table]
    samples: Sequence[pl.DataFrame]
    chosen: dict[str, Bins]
    profiles: Sequence[Profiles]
    tally: Tally

    def label(self, name: str) -> str:
        """What people call a column."""
        return next(slot.label for slot in self.columns if slot.name == name)


@dataclass(frozen=True)
class _Keys:
    """What became of rows on one side only: keys that moved, cells of those rows that differ, and examples."""

    moved: tuple[MovedKeys, ...]
    cells: dict[str, int]
    samples: tuple[Sample, ...]

    @property
    def rows(self) -> int:
        return sum(found.rows for found in self.moved)


def record(found: Compared, changes: tuple[SchemaChange, ...], scratch: Path, memory_mb: int) -> TableDiff:
    """The record; looks for moved keys first."""
    tally, keys = found.tally, _keys(found, scratch / "moves", memory_mb)
    counts = RowCounts(
        before=found.profiles[0].rows,
        after=found.profiles[1].rows,
        added=tally.added.rows - keys.rows,
        removed=tally.removed.rows - keys.rows,
        changed=tally.changed,
        moved=keys.rows,
        unchanged=tally.unchanged,
    )
    changed = (samples("changed", *side, found.columns, found.key) for side in tally.samples)
    return TableDiff(
        key=tuple(found.label(name) for name in found.key),
        by="key" if found.key else "rows",
        schema_changes=changes,
        counts=counts,
        columns=tuple(_columns(found, keys)),
        moved=tuple(_moved(found, part) for part in keys.moved),
        coverage=tuple(coverage(found.columns, found.key, found.profiles, keys.moved)),
        samples=(*keys.samples, *[sample for some in changed for sample in some][:SAMPLES]),
        repeated=Repeated(before=tally.repeated[0], after=tally.repeated[1]),
    )


def _keys(found: Compared, scratch: Path, memory_mb: int) -> _Keys:
    tally = found.tally
    with moved.moves(tally, found.tables, found.samples, scratch, memory_mb) as moves:
        if moves is None:
            return _Keys((), {}, tuple(_alone(found, tally.removed.first(SAMPLES), tally.added.first(SAMPLES))))
        parts = tuple(part for part in moved.look(moves, tally, found.tables, found.samples) if part.rows)
        some = samples("moved", *moves.rows(SAMPLES), found.columns, found.key)
        rest = _alone(found, *(moves.left(name, SAMPLES) for name in ("removed", "added")))
        return _Keys(parts, moves.cells([*found.key, *tally.values]), (*rest, *some))


def _alone(found: Compared, removed: pl.DataFrame, added: pl.DataFrame) -> Iterator[Sample]:
    yield from samples("removed", removed, None, found.columns, found.key)
    yield from samples("added", None, added, found.columns, found.key)


def _moved(found: Compared, part: MovedKeys) -> Moved:
    sides = [[texts(part.listed[f"{side}_{name}"]) for name in part.part] for side in ("before", "after")]
    before, after = (list(zip(*side, strict=True)) for side in sides)
    return Moved(
        columns=tuple(found.label(name) for name in part.part),
        values=part.values,
        rows=part.rows,
        moves=tuple(
            Move(before=was, after=now, rows=rows)
            for was, now, rows in zip(before, after, part.listed["rows"], strict=True)
        ),
    )


def _columns(found: Compared, keys: _Keys) -> Iterator[ColumnDiff]:
    for slot in found.columns:
        sides = [which for which in range(2) if slot.of(which)]
        dtype, chosen = found.tables[sides[0]].types[slot.name], found.chosen[slot.name]
        labelled = binned(slot.name, dtype, chosen, [found.profiles[which] for which in sides])
        profiles: list[Profile | None] = [None, None]
        for which, some in zip(sides, labelled, strict=True):
            keys_ = found.tally.keys[which] if found.key == (slot.name,) else None
            profiles[which] = found.profiles[which].profile(slot.name, some, keys_)
        psi = stability(slot.name, chosen, *found.profiles) if slot.paired else None
        yield ColumnDiff(
            name=slot.label,
            was=slot.before.name if slot.before and slot.after and slot.before.name != slot.after.name else None,
            type=slot.column.type,
            key=slot.name in found.key,
            sensitivity=slot.sensitivity,
            cells=found.tally.cells.get(slot.name, 0),
            moved_cells=keys.cells.get(slot.name, 0),
            before=profiles[0],
            after=profiles[1],
            psi=psi,
            drifted=psi is not None and psi > _SHIFT,
        )
