"""Tables changed at random in known ways, and how much of that the engine finds: precision and recall."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from include.diff.model import TableDiff

RETYPES = {"int": ("float64", "string"), "float": ("string",), "date": ("string", "timestamp_naive")}


@dataclass
class Truth:
    """What was done: new names of columns by their old ones, new keys by old ones (columns as before)."""

    renamed: dict[str, str] = field(default_factory=dict)
    moved: dict[tuple[Any, ...], tuple[Any, ...]] = field(default_factory=dict)
    retyped: dict[str, str] = field(default_factory=dict)


def changed(rows: pl.DataFrame, key: Sequence[str], chance: random.Random) -> tuple[pl.DataFrame, pl.DataFrame, Truth]:
    """Two tables of `rows`: each lacks some that the other has, in the second some are edited and some keys moved."""
    truth = Truth()
    kept = [_some(rows.height, chance.uniform(0.95, 1), chance) for _ in range(2)]
    both, fresh = rows.filter(kept[0] & kept[1]), rows.filter(~kept[0] & kept[1])
    after = _edited(both, key, chance)
    if key:
        after = _moved(pl.concat([after, fresh]), key, truth, chance)
        for new in fresh.select(key).rows():
            truth.moved.pop(new, None)
    return rows.filter(kept[0]), after, truth


def renamed(after: pl.DataFrame, key: Sequence[str], truth: Truth, chance: random.Random) -> pl.DataFrame:
    """The same with some columns retyped, so that every value still says the same, and some under other names."""
    for name, dtype in after.schema.items():
        kinds = RETYPES.get("int" if dtype.is_integer() else "float" if dtype.is_float() else str(dtype).lower(), ())
        if kinds and chance.random() < 0.15:
            truth.retyped[name] = chance.choice(kinds)
    casts = {"float64": pl.Float64(), "string": pl.String(), "timestamp_naive": pl.Datetime("us")}
    after = after.with_columns(pl.col(name).cast(casts[kind]) for name, kind in truth.retyped.items())
    names = [name for name in after.columns if chance.random() < (0.1 if name in key else 0.3)]
    truth.renamed = {name: f"{chance.choice(['x', 'new', 'q'])}_{number}" for number, name in enumerate(names)}
    return after.rename(truth.renamed)


def _some(rows: int, share: float, chance: random.Random) -> pl.Series:
    return pl.Series([chance.random() < share for _ in range(rows)], dtype=pl.Boolean)


def _edited(rows: pl.DataFrame, key: Sequence[str], chance: random.Random) -> pl.DataFrame:
    """In one to three columns, up to a twentieth of the cells hold what another row had."""
    names = [name for name in rows.columns if name not in key]
    for name in chance.sample(names, min(len(names), chance.randint(1, 3))):
        order = list(range(rows.height))
        chance.shuffle(order)
        edit = _some(rows.height, chance.uniform(0, 0.05), chance)
        rows = rows.with_columns(pl.when(edit).then(rows[name][order]).otherwise(pl.col(name)).alias(name))
    return rows


def _moved(rows: pl.DataFrame, key: Sequence[str], truth: Truth, chance: random.Random) -> pl.DataFrame:
    """One to five values of a part are called otherwise; of a key of one column, up to a tenth or all of its values."""
    part = chance.choice(list(key))
    values = rows[part].unique().drop_nulls().sort().to_list()
    if len(key) > 1:
        values = chance.sample(values, min(len(values), chance.randint(0, 5)))
    elif chance.random() < 0.7:
        values = chance.sample(values, chance.randint(0, len(values) // 10))
    names = {value: _other(value, rows[part]) for value in values}
    if not names:
        return rows
    moved = rows.with_columns(pl.col(part).replace(names))
    for old, new in zip(rows.select(key).rows(), moved.select(key).rows(), strict=True):
        if old != new:
            truth.moved[old] = new
    return moved


def _other(value: Any, column: pl.Series) -> Any:
    return f"{value} II" if column.dtype == pl.String else value + 2 * (column.max() - column.min() + 1)


@dataclass
class Found:
    """How many of what was done were found, and of what was found were done."""

    right: int = 0
    said: int = 0
    done: int = 0

    @property
    def precision(self) -> float:
        """Share of what is said that is right."""
        return self.right / self.said if self.said else 1.0

    @property
    def recall(self) -> float:
        """Share of what was done that is said."""
        return self.right / self.done if self.done else 1.0

    def add(self, said: set[Any], done: set[Any]) -> None:
        """Count one trial."""
        self.right += len(said & done)
        self.said += len(said)
        self.done += len(done)


def renames(diff: TableDiff, truth: Truth, before: pl.DataFrame) -> tuple[set[Any], set[Any]]:
    """Proposed renames, and those done: without columns that hold nothing, of which nobody could tell."""
    said = {(c.before, c.after) for c in diff.schema_changes if c.kind == "renamed"}
    done = {pair for pair in truth.renamed.items() if before[pair[0]].null_count() < before.height}
    return said, done | (said & set(truth.renamed.items()))


def moves(
    diff: TableDiff, truth: Truth, before: pl.DataFrame, after: pl.DataFrame, key: Sequence[str]
) -> tuple[set[Any], set[Any]]:
    """Rows (by their key before) that are said to have another key after, and those that do; columns as before."""
    said = set()
    keys, others = before.select(key).rows(), {_texts(row) for row in after.select(key).rows()}
    for moved in diff.moved:
        places = [[truth.renamed.get(name, name) for name in key].index(name) for name in moved.columns]
        names = {_texts(move.before): move.after for move in moved.moves}
        for old in keys:
            if new := names.get(_texts(old[place] for place in places)):
                whole = list(_texts(old))
                for place, value in zip(places, new, strict=True):
                    whole[place] = str(value)
                if tuple(whole) in others:
                    said.add((old, tuple(whole)))
    return said, {(old, _texts(new)) for old, new in truth.moved.items()}


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(str(value) for value in values)
