"""What changed from one schema to the next, and which of it breaks readers: the rules of docs/schema-evolution.md."""

import re
from collections.abc import Callable, Iterator
from typing import Literal, get_args

from .columns import Column, Sensitivity, TableSchema
from .types import Strict

Kind = Literal[
    "dropped",
    "added",
    "renamed",
    "retyped",
    "nullability",
    "unit",
    "sensitivity",
    "values",
    "description",
    "key",
    "grain",
    "order",
]
_LEVELS = get_args(Sensitivity)
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
_SHOWN = 8
# Types that hold every value of the one before them, as Apache Iceberg promotes types, and within its int and long;
# uint64 fits into neither.
_WIDER = {
    "int8": ("int16", "int32", "int64"),
    "int16": ("int32", "int64"),
    "int32": ("int64",),
    "uint8": ("uint16", "uint32", "int16", "int32", "int64"),
    "uint16": ("uint32", "int32", "int64"),
    "uint32": ("int64",),
    "float32": ("float64",),
}


class Change(Strict):
    """One thing that is otherwise in the new schema; `before` and `after` are what the two say of it, as text."""

    kind: Kind
    column: str | None
    """Its name after; before, of a dropped one; None where it is of the table: key, grain, order."""
    before: str | None = None
    """Of values: those that left, and in `after` those that came; None for any value."""
    after: str | None = None
    breaking: bool = False

    def __str__(self) -> str:
        return _WORDS[self.kind](self)


_WORDS: dict[Kind, Callable[[Change], str]] = {
    "dropped": lambda c: f"column '{c.column}' is dropped",
    "added": lambda c: f"column '{c.column}' is added{', and never missing' if c.breaking else ''}",
    "renamed": lambda c: f"column '{c.before}' is renamed to '{c.after}'",
    "retyped": lambda c: f"column '{c.column}' changes from {c.before} to {c.after}",
    "nullability": lambda c: f"column '{c.column}' {'may be missing now' if c.breaking else 'is never missing now'}",
    "unit": lambda c: f"column '{c.column}' changes its unit from {c.before} to {c.after}",
    "sensitivity": lambda c: f"column '{c.column}' becomes {c.after}, was {c.before}",
    "values": lambda c: f"column '{c.column}': of its values, {_moved(c)}",
    "description": lambda c: f"column '{c.column}' is described otherwise",
    "key": lambda c: f"the key changes from {c.before} to {c.after}",
    "grain": lambda c: f"the grain changes: the key was {c.before}, is {c.after}",
    "order": lambda _: "columns come in another order",
}


def changes(new: TableSchema, last: TableSchema) -> tuple[Change, ...]:
    """Everything that differs for readers of `last`, by columns in its order, then added ones, then the table's."""
    matched = pairs(new, last)
    columns = [change for before, after in matched for change in _column(before, after)]
    return (*columns, *_key(new, last), *_order(matched, new))


def breaking(new: TableSchema, last: TableSchema) -> list[str]:
    """What readers of `last` lose with `new`, and which columns are guarded less, in words; empty where none."""
    return [str(change) for change in changes(new, last) if change.breaking]


def pairs(new: TableSchema, last: TableSchema) -> list[tuple[Column | None, Column | None]]:
    """Each column before and after: the same by field id, else (dropped and added at once) by name."""
    by_id = {column.id: column for column in new.columns}
    known = {column.id for column in last.columns}
    by_name = {column.name: column for column in new.columns if column.id not in known}
    found: list[tuple[Column | None, Column | None]] = [
        (column, by_id.get(column.id) or by_name.get(column.name)) for column in last.columns
    ]
    kept = {after.id for _, after in found if after}
    return found + [(None, column) for column in new.columns if column.id not in kept]


def widens(before: str, after: str) -> bool:
    """Whether the type `after` is `before`, or holds all its values so that a column may keep its field id."""
    old, new = _DECIMAL.fullmatch(before), _DECIMAL.fullmatch(after)
    if old and new:
        return old[2] == new[2] and int(old[1]) <= int(new[1])
    return before == after or after in _WIDER.get(before, ())


def _column(before: Column | None, after: Column | None) -> Iterator[Change]:
    if before is None and after is not None:
        yield Change(kind="added", column=after.name, after=after.type, breaking=not after.nullable)
    if before is None or after is None:
        if before is not None:
            yield Change(kind="dropped", column=before.name, before=before.type, breaking=True)
        return
    name = after.name
    if name != before.name:
        yield Change(kind="renamed", column=name, before=before.name, after=name, breaking=True)
    if after.type != before.type:
        narrower = not widens(before.type, after.type)
        yield Change(kind="retyped", column=name, before=before.type, after=after.type, breaking=narrower)
    if after.nullable != before.nullable:
        said = {True: "nullable", False: "never missing"}
        yield Change(
            kind="nullability", column=name, before=said[before.nullable], after=said[after.nullable],
            breaking=after.nullable,
        )  # fmt: skip
    if after.unit != before.unit:
        yield Change(kind="unit", column=name, before=before.unit, after=after.unit, breaking=True)
    if after.sensitivity != before.sensitivity:
        less = _LEVELS.index(after.sensitivity) < _LEVELS.index(before.sensitivity)
        yield Change(kind="sensitivity", column=name, before=before.sensitivity, after=after.sensitivity, breaking=less)
    yield from _values(before, after)
    if after.description != before.description:
        yield Change(kind="description", column=name, before=before.description, after=after.description)


def _values(before: Column, after: Column) -> Iterator[Change]:
    """A list that is new or gone takes no value away that readers were promised."""
    if before.values == after.values:
        return
    left = [value for value in before.values or () if after.values is not None and value not in after.values]
    came = [value for value in after.values or () if before.values is not None and value not in before.values]
    yield Change(
        kind="values",
        column=after.name,
        before=None if before.values is None else _listed(left),
        after=None if after.values is None else _listed(came),
        breaking=bool(left),
    )


def _key(new: TableSchema, last: TableSchema) -> Iterator[Change]:
    """A key is its columns, whatever they are called; where it only gains or loses some, the grain changes."""
    before = [last.column(name).id for name in last.key]
    after = [new.column(name).id for name in new.key]
    renewed = {b.id: a.id for b, a in pairs(new, last) if a and b}
    before = [renewed.get(number, number) for number in before]
    if before == after:
        return
    texts = {"before": _named(last.key), "after": _named(new.key)}
    same, nested = set(before) == set(after), set(before) < set(after) or set(before) > set(after)
    grain = nested and bool(before) and bool(after)
    yield Change(kind="grain" if grain else "key", column=None, breaking=not same, **texts)


def _order(matched: list[tuple[Column | None, Column | None]], new: TableSchema) -> Iterator[Change]:
    place = {column.id: number for number, column in enumerate(new.columns)}
    places = [place[after.id] for before, after in matched if before and after]
    if places != sorted(places):
        yield Change(kind="order", column=None)


def _named(key: tuple[str, ...]) -> str:
    return f"({', '.join(key)})" if key else "none"


def _listed(values: list[str]) -> str:
    more = len(values) - _SHOWN
    return ", ".join(values[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _moved(change: Change) -> str:
    if change.before is None:
        return "only those of a list are taken now"
    if change.after is None:
        return "any is taken now"
    said = {"left": change.before, "came": change.after}
    return " and ".join(f"{values} {what}" for what, values in said.items() if values)
