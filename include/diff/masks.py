"""What a reader may not see taken out of a difference: values stay hidden, counts stay."""

from collections.abc import Sequence
from typing import get_args

from ..contracts.columns import Sensitivity
from .links import Links
from .model import MASKED, ColumnDiff, Coverage, Move, Moved, Part, Profile, Sample, TableDiff

_LEVELS: tuple[Sensitivity, ...] = get_args(Sensitivity)


def masked(diff: TableDiff, show: Sensitivity) -> TableDiff:
    """`diff` without values of columns that, on either side, are guarded more than `show`."""
    hidden = {column.name for column in diff.columns if _LEVELS.index(column.sensitivity) > _LEVELS.index(show)}
    if not hidden:
        return diff
    return diff.model_copy(
        update={
            "columns": tuple(_column(column) if column.name in hidden else column for column in diff.columns),
            "moved": tuple(_moved(moved, hidden) for moved in diff.moved),
            "coverage": tuple(_coverage(found) if found.column in hidden else found for found in diff.coverage),
            "samples": tuple(_sample(sample, hidden) for sample in diff.samples),
            "schema_changes": tuple(
                change.model_copy(update={"before": MASKED, "after": MASKED})
                if change.kind == "values" and change.column in hidden
                else change
                for change in diff.schema_changes
            ),
        }
    )


def hidden(links: Links, show: Sensitivity) -> Links:
    """`links` without names, entities and weights where they are guarded more than `show`; counts stay."""
    if _LEVELS.index(links.sensitivity) <= _LEVELS.index(show):
        return links
    counts = tuple(count.model_copy(update={"weight": None}) for count in links.counts)
    return links.model_copy(update={"counts": counts, "heaviest": (), "masked": True})


def _column(column: ColumnDiff) -> ColumnDiff:
    sides = {name: _profile(side) for name, side in (("before", column.before), ("after", column.after)) if side}
    return column.model_copy(update={"masked": True, **sides})


def _profile(profile: Profile) -> Profile:
    return profile.model_copy(update={"minimum": None, "maximum": None, "mean": None, "bins": ()})


def _moved(moved: Moved, hidden: set[str]) -> Moved:
    """One line for all where a value is hidden: the rows of each would say which is which."""
    if not hidden & {*moved.columns}:
        return moved
    values = (MASKED,) * len(moved.columns)
    return moved.model_copy(update={"moves": (Move(before=values, after=values, rows=moved.rows),)})


def _coverage(found: Coverage) -> Coverage:
    return found.model_copy(
        update={"lost": _parts(found.lost, found.lost_rows), "gained": _parts(found.gained, found.gained_rows)}
    )


def _parts(parts: Sequence[Part], rows: int) -> tuple[Part, ...]:
    return (Part(value=MASKED, rows=rows),) if parts else ()


def _sample(sample: Sample, hidden: set[str]) -> Sample:
    """Hides too whether a value is missing; a side that a row is not on stays None."""
    unseen = (None if sample.kind == "added" else MASKED, None if sample.kind == "removed" else MASKED)
    return sample.model_copy(
        update={
            "key": {name: MASKED if name in hidden else value for name, value in sample.key.items()},
            "cells": {name: unseen if name in hidden else cells for name, cells in sample.cells.items()},
        }
    )
