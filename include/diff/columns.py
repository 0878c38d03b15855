"""Which columns of two schemas are the same one, and by which of them rows are matched."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

import polars as pl

from ..contracts.columns import Column, Sensitivity, TableSchema
from ..contracts.evolution import changes, pairs
from .forms import formed, meet
from .model import SchemaChange

_LEVELS: tuple[Sensitivity, ...] = get_args(Sensitivity)


@dataclass(frozen=True)
class Slot:
    """A column of either side or of both; `name` is what frames of both sides call it, `label` what people do."""

    name: str
    label: str
    before: Column | None
    after: Column | None

    @property
    def paired(self) -> bool:
        """Whether both sides have it."""
        return self.before is not None and self.after is not None

    @property
    def column(self) -> Column:
        """After; before, of a dropped one."""
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def kind(self) -> str:
        """The schema.json type in which its values are compared."""
        return meet(*(column.type for column in (self.before or self.column, self.column)))

    @property
    def sensitivity(self) -> Sensitivity:
        """The higher one of both sides."""
        return max((c.sensitivity for c in (self.before, self.after) if c), key=_LEVELS.index)

    def of(self, side: int) -> Column | None:
        """What the schema of a side (0 before, 1 after) says of it."""
        return self.after if side else self.before

    def read(self, side: int) -> pl.Expr | None:
        """Its values in the files of a side, in the form they are compared in; None if absent."""
        column, other = self.of(side), self.of(1 - side)
        if column is None:
            return None
        return formed(pl.col(column.name), column.type, (other or column).type).alias(self.name)


def by_name(after: TableSchema, before: TableSchema) -> TableSchema:
    """`after` with the field ids of `before` where names are equal: for two tables that share no history."""
    known = {column.name: column.id for column in before.columns}
    return _with_ids(after, known, before)


def renamed(after: TableSchema, before: TableSchema, names: Mapping[str, str]) -> TableSchema:
    """`after` where columns `names` (after: before) are those of `before` under another name."""
    known = {column.name: column.id for column in after.columns}
    return _with_ids(after, known | {new: before.column(old).id for new, old in names.items()}, before)


def slots(before: TableSchema, after: TableSchema) -> tuple[Slot, ...]:
    """All columns, the same by field id or name, in the order of `before`, then those that are new."""
    taken = {column.name for column in after.columns}
    return tuple(
        Slot(f"c{number}", new.name if new else _label(old, taken), old, new)
        for number, (old, new) in enumerate(pairs(after, before))
    )


def possible_keys(columns: Collection[Slot], before: TableSchema, after: TableSchema) -> list[tuple[str, ...]]:
    """Slots by which rows may be matched: the key after, the key before; only those that both sides have whole."""
    named = ({s.before.name: s for s in columns if s.before}, {s.after.name: s for s in columns if s.after})
    found = [[names[part] for part in schema.key] for schema, names in ((after, named[1]), (before, named[0]))]
    whole = [tuple(slot.name for slot in key) for key in found if key and all(slot.paired for slot in key)]
    return list(dict.fromkeys(whole))


def schema_changes(before: TableSchema, after: TableSchema, proposed: Collection[str]) -> Iterator[SchemaChange]:
    """What differs for readers of `before`; `proposed` are columns, as named after, that were guessed to be renamed."""
    for change in changes(after, before):
        yield SchemaChange(**dict(change), proposed=change.column in proposed)


def _with_ids(schema: TableSchema, known: Mapping[str, int], before: TableSchema) -> TableSchema:
    fresh = max([*known.values(), *(c.id for c in before.columns)])
    columns = [
        column.model_copy(update={"id": known.get(column.name, fresh + number)})
        for number, column in enumerate(schema.columns, 1)
    ]
    return TableSchema(columns=tuple(columns), key=schema.key)


def _label(dropped: Column | None, taken: Collection[str]) -> str:
    assert dropped is not None
    return f"{dropped.name} (dropped)" if dropped.name in taken else dropped.name
