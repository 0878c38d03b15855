"""What a reader may not see is taken out of a difference before anything draws it."""

from collections.abc import Collection
from typing import get_args

from ..contracts.columns import Sensitivity
from .model import MASKED, ColumnDiff, Coverage, DatasetDiff, Diff, Move, Moved, Part, Profile, Sample, TableDiff

AUDIENCES: tuple[Sensitivity, ...] = get_args(Sensitivity)
_UNSEEN = {"minimum": None, "maximum": None, "mean": None, "bins": ()}


def masked(diff: Diff, audience: Sensitivity) -> Diff:
    """`diff` without the values of columns that are guarded more than `audience`; counts of rows and cells stay.

    A column is guarded as the higher of both sides says, and at least as its dataset's contract does.
    """
    return diff.model_copy(update={"datasets": tuple(_dataset(one, audience) for one in diff.datasets)})


def _dataset(one: DatasetDiff, audience: Sensitivity) -> DatasetDiff:
    if one.table is None:
        return one
    level = max((side.access for side in (one.before, one.after) if side), key=AUDIENCES.index, default=AUDIENCES[0])
    hidden = {
        column.name
        for column in one.table.columns
        if max(level, column.sensitivity, key=AUDIENCES.index) not in AUDIENCES[: AUDIENCES.index(audience) + 1]
    }
    return one.model_copy(update={"table": _table(one.table, hidden)}) if hidden else one


def _table(table: TableDiff, hidden: Collection[str]) -> TableDiff:
    changes = tuple(
        change.model_copy(update={"before": MASKED, "after": MASKED})
        if change.kind == "values" and change.column in hidden
        else change
        for change in table.schema_changes
    )
    return table.model_copy(
        update={
            "schema_changes": changes,
            "columns": tuple(_column(column) if column.name in hidden else column for column in table.columns),
            "moved": tuple(_moved(moved, hidden) for moved in table.moved),
            "coverage": tuple(_coverage(one) if one.column in hidden else one for one in table.coverage),
            "samples": tuple(_sample(sample, hidden) for sample in table.samples),
        }
    )


def _column(column: ColumnDiff) -> ColumnDiff:
    return column.model_copy(
        update={"masked": True, "before": _profile(column.before), "after": _profile(column.after)}
    )


def _profile(profile: Profile | None) -> Profile | None:
    return profile and profile.model_copy(update=_UNSEEN)


def _moved(moved: Moved, hidden: Collection[str]) -> Moved:
    if any(name in hidden for name in moved.columns):
        unseen = (MASKED,) * len(moved.columns)
        return moved.model_copy(update={"moves": (Move(before=unseen, after=unseen, rows=moved.rows),)})
    return moved


def _coverage(coverage: Coverage) -> Coverage:
    return coverage.model_copy(
        update={
            "lost": (Part(value=MASKED, rows=coverage.lost_rows),) if coverage.lost_values else (),
            "gained": (Part(value=MASKED, rows=coverage.gained_rows),) if coverage.gained_values else (),
        }
    )


def _sample(sample: Sample, hidden: Collection[str]) -> Sample:
    return sample.model_copy(
        update={
            "key": {name: MASKED if name in hidden else value for name, value in sample.key.items()},
            "cells": {name: (MASKED, MASKED) if name in hidden else pair for name, pair in sample.cells.items()},
        }
    )
