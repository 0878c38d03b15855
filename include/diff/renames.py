"""Columns that only changed their name: proposed where the values stay, under the key or, without one, all in all.

How often two columns agree is judged against chance by Cohen's kappa (1960), how much that says by the binomial
large-deviation bound: many equal rows of a constant say nothing, a few of rare values much.
"""

import math
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

import polars as pl

from .columns import Slot, possible_keys, renamed, slots
from .forms import NUMERAL
from .sides import Side, Table, table

_ROWS = 50_000
"""Rows that are looked at; more where fewer columns are to be told apart."""
_CELLS = 50_000_000
_AGREE = 0.8
_KAPPA = 0.7
_BITS = 10.0
_KEY_OVERLAP = 0.5
_OVERLAP = 0.9
_DISTINCT = 10
_ENOUGH = 0.2
"""Share of the rows looked at that has to be found on the other side."""
_CODES = 200_000
_EVERY = 16

Pair = tuple[Slot, Slot]


class _Match(NamedTuple):
    strength: float
    pair: Pair


def proposed(before: Side, after: Side) -> dict[str, str]:
    """What columns after were called before, by name; the schemas have equal ids for what is known as the same.

    Empty where nothing is dropped, or nothing added.
    """
    names: dict[str, str] = {}
    columns = slots(before.schema, after.schema)
    if not all(_open(columns)):
        return names
    if not possible_keys(columns, before.schema, after.schema):
        names |= _named(_key_pairs((before, after), columns))
        columns = slots(before.schema, renamed(after.schema, before.schema, names))
    if all(_open(columns)):
        names |= _named(_best(_matches((before, after), columns)))
    return names


def _open(columns: Iterable[Slot]) -> tuple[list[Slot], list[Slot]]:
    """Columns that only before has, and only after."""
    alone = [slot for slot in columns if not slot.paired]
    return [slot for slot in alone if slot.before], [slot for slot in alone if slot.after]


def _named(pairs: Iterable[Pair]) -> dict[str, str]:
    return {new.column.name: old.column.name for old, new in pairs}


def _best(matches: Iterable[_Match]) -> list[Pair]:
    """Each column at most once, the strongest matches first; of equal ones those whose names are alike."""
    found: list[Pair] = []
    for _, pair in sorted(matches, key=lambda match: (-match.strength, -_alike(match.pair), match.pair[1].name)):
        if not any(pair[0] in other or pair[1] in other for other in found):
            found.append(pair)
    return found


def _alike(pair: Pair) -> float:
    return SequenceMatcher(None, pair[0].column.name, pair[1].column.name).ratio()


def _key_pairs(sides: Sequence[Side], columns: Sequence[Slot]) -> list[Pair]:
    """Parts of the keys that hold the same values; else, where only one of each is left, those that map one to one."""
    old, new = (
        [slot for slot in alone if slot.column.name in side.schema.key]
        for side, alone in zip(sides, _open(columns), strict=True)
    )
    found = _best(_overlapping(sides, columns, old, new, _KEY_OVERLAP))
    if not found and len(old) == len(new) == 1 and _joined(sides, columns, _paired(columns)) is not None:
        return [(old[0], new[0])]
    return found


def _matches(sides: Sequence[Side], columns: Sequence[Slot]) -> list[_Match]:
    old, new = _open(columns)
    keys = possible_keys(columns, sides[0].schema, sides[1].schema)
    # Where keys moved, rows are told by all else.
    rest = [name for name in _paired(columns) if not any(name in key for key in keys)]
    for on in (*keys, rest):
        joined = _joined(sides, columns, on)
        if joined is not None:
            return _agreeing(joined, old, new)
    return _overlapping(sides, columns, old, new, _OVERLAP, _DISTINCT)


def _paired(columns: Iterable[Slot]) -> tuple[str, ...]:
    return tuple(slot.name for slot in columns if slot.paired)


def _joined(sides: Sequence[Side], columns: Sequence[Slot], on: Sequence[str]) -> pl.DataFrame | None:
    """Rows that are equal in `on`, and in that alone on their side, with the codes of all columns of one side only.

    None where too few of the rows looked at are on both sides.
    """
    if not on:
        return None
    tables = [table(side, which, columns) for which, side in enumerate(sides)]
    every = max(max(found.rows() for found in tables) // _ROWS, 1)
    some = [_some(found, alone, on, every) for found, alone in zip(tables, _open(columns), strict=True)]
    joined = some[0].join(some[1], on=on, how="inner", nulls_equal=True)
    enough = joined.height >= max(_ENOUGH * min(one.height for one in some), 1)
    return joined if enough else None


def _some(found: Table, alone: Iterable[Slot], on: Sequence[str], every: int) -> pl.DataFrame:
    rows = found.scan().filter(pl.struct(on).hash() % every == 0)
    told = [_code(pl.col(slot.name), found.types[slot.name]) for slot in alone]
    return rows.select(*on, *told).collect(engine="streaming").unique(on, keep="none", maintain_order=True)


def _code(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A number for each value, the same for 1, 1.0 and the text 1; missing ones stay so."""
    if dtype == pl.String:
        said = pl.when(column.str.contains(NUMERAL)).then(_numeral(column)).otherwise(column)
    else:
        said = _numeral(column) if dtype.is_numeric() or dtype == pl.Boolean else column.cast(pl.String)
    return pl.when(column.is_not_null()).then(said.hash()).alias(column.meta.output_name())


def _numeral(column: pl.Expr) -> pl.Expr:
    number = column.cast(pl.Float64, strict=False)
    return pl.when(number == 0).then(0.0).otherwise(number).cast(pl.String)


def _agreeing(joined: pl.DataFrame, old: Sequence[Slot], new: Sequence[Slot]) -> list[_Match]:
    """Columns of both sides whose values agree more than by chance; a constant only with the one that equals it."""
    pairs = len(old) * len(new)
    some = joined.head(max(_CELLS // pairs, 1_000))
    found, constant = [], []
    for one in old:
        for other in _close(some, one, new):
            share, chance = _share(some, one.name, other.name), _chance(some, one.name, other.name)
            if chance == 1:
                constant.append((one, other))
            elif (share - chance) / (1 - chance) >= _KAPPA and some.height * _divergence(
                share, chance
            ) >= _BITS + math.log2(pairs):
                found.append(_Match((share - chance) / (1 - chance), (one, other)))
    taken = {slot for match in found for slot in match.pair}
    sole = [
        pair for pair in constant if not taken & {*pair} and sum(bool({*pair} & {*other}) for other in constant) == 1
    ]
    return found + [_Match(0.0, pair) for pair in sole]


def _close(rows: pl.DataFrame, one: Slot, others: Sequence[Slot]) -> list[Slot]:
    """Those whose cells equal those of `one` in most rows where either has a value."""
    this = pl.col(one.name)
    equal = rows.select((this == pl.col(other.name)).sum().alias(other.name) for other in others).row(0)
    either = rows.select((this.is_not_null() | pl.col(o.name).is_not_null()).sum().alias(o.name) for o in others).row(0)
    shares = zip(others, equal, either, strict=True)
    return [other for other, count, rows_ in shares if rows_ and count / rows_ >= _AGREE]


def _share(rows: pl.DataFrame, one: str, other: str) -> float:
    return float(rows.select(pl.col(one).eq_missing(pl.col(other)).mean()).item())


def _chance(rows: pl.DataFrame, one: str, other: str) -> float:
    """How often the two would be equal if they had nothing to do with each other; missing is a value."""
    counts = [rows[name].alias("value").value_counts(name="n") for name in (one, other)]
    both = counts[0].join(counts[1], on="value", nulls_equal=True)
    return float((both["n"].cast(pl.Float64) * both["n_right"]).sum()) / rows.height**2


def _divergence(share: float, chance: float) -> float:
    """Bits a row by which `share` of equal rows differs from the `chance` of them (Kullback and Leibler)."""
    terms = ((share, chance), (1 - share, 1 - chance))
    return sum(p * math.log2(p / q) for p, q in terms if p and q)


def _overlapping(
    sides: Sequence[Side],
    columns: Sequence[Slot],
    old: Sequence[Slot],
    new: Sequence[Slot],
    least: float,
    distinct: int = 1,
) -> list[_Match]:
    """Columns that hold the same values equally often; of `distinct` or more values."""
    tables = [table(side, which, columns) for which, side in enumerate(sides)]
    every = min(max(max(found.rows() for found in tables) // _CODES, 1), _EVERY)
    counts = [
        [(slot, rows) for slot in alone if (rows := _counts(found, slot.name, every)).height >= distinct]
        for found, alone in zip(tables, (old, new), strict=True)
    ]
    matches = [_Match(_overlap(this, that), (one, other)) for one, this in counts[0] for other, that in counts[1]]
    return [match for match in matches if match.strength >= least]


def _counts(found: Table, name: str, every: int) -> pl.DataFrame:
    """Rows by value, of one value in `every`."""
    codes = found.scan().select(value=_code(pl.col(name), found.types[name])).drop_nulls()
    some = codes.filter(pl.col("value") % every == 0)
    return some.group_by("value").agg(n=pl.len()).collect(engine="streaming")


def _overlap(one: pl.DataFrame, other: pl.DataFrame) -> float:
    both = one.join(other, on="value")
    shared = int(both.select(pl.min_horizontal("n", "n_right").sum()).item())
    return shared / max(int(one["n"].sum()), int(other["n"].sum()), 1)
