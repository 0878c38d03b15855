"""A difference as one kind of reader may see it, before anything draws it."""

from typing import get_args

from ..contracts.columns import Sensitivity
from .masks import hidden, masked
from .model import DatasetDiff, Diff

_LEVELS: tuple[Sensitivity, ...] = get_args(Sensitivity)


def shown_to(diff: Diff, audience: Sensitivity) -> Diff:
    """`diff` without the values of columns that are guarded more than `audience`; counts of rows and cells stay.

    A column is guarded as the higher of both sides says, and at least as its dataset's contract does.
    """
    return diff.model_copy(update={"datasets": tuple(_shown(one, audience) for one in diff.datasets)})


def _shown(one: DatasetDiff, audience: Sensitivity) -> DatasetDiff:
    levels = [side.access for side in (one.before, one.after) if side]
    if one.links:
        guarded = max([one.links.sensitivity, *levels], key=_LEVELS.index)
        links = hidden(one.links.model_copy(update={"sensitivity": guarded}), audience)
        one = one.model_copy(update={"links": links})
    if one.table is None:
        return one
    columns = tuple(
        column.model_copy(update={"sensitivity": max([column.sensitivity, *levels], key=_LEVELS.index)})
        for column in one.table.columns
    )
    return one.model_copy(update={"table": masked(one.table.model_copy(update={"columns": columns}), audience)})
