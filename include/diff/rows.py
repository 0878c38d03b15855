"""Which row of one side is which of the other, within a part of both tables that holds all rows of its keys."""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

_OTHER = "~"


class Matched(NamedTuple):
    """Rows on both sides, at the same position in both frames, and the rest; all in the order they came in."""

    before: pl.DataFrame
    after: pl.DataFrame
    removed: pl.DataFrame
    added: pl.DataFrame
    keys: tuple[int, int]
    """How many different keys a side has."""
    repeated: tuple[int, int]
    """Rows of a side that share their key with another."""


def matched(before: pl.DataFrame, after: pl.DataFrame, order: Sequence[str], values: Sequence[str]) -> Matched:
    """Match the rows of two frames, sorted by `order`, that are equal in it; a missing value equals another.

    Where several share a key, those equal in `values` too are matched first, then the rest in the order of `values`:
    so rows are a multiset within their key, and no match depends on the order of the files.
    """
    if not order:
        return Matched(before.clear(), after.clear(), before, after, (0, 0), (0, 0))
    again = [repeats(side, order) for side in (before, after)]
    keys = before.height - int(again[0].sum()), after.height - int(again[1].sum())
    repeated = _sharing(again[0]), _sharing(again[1])
    if before.height == after.height and _equal(before, after, [*order, *values] if any(repeated) else order):
        return Matched(before, after, before.clear(), after.clear(), keys, repeated)
    sides = before.select(order).with_row_index("_i"), after.select(order).with_row_index("_j")
    on = list(order)
    if any(repeated):
        numbers = _numbers(before, after, order, values)
        sides = sides[0].with_columns(_n=numbers[0]), sides[1].with_columns(_n=numbers[1])
        on.append("_n")
    pairs = sides[0].join(sides[1], on=on, how="full", nulls_equal=True, coalesce=True, maintain_order="left_right")
    first, second = pairs["_i"], pairs["_j"]
    both = first.is_not_null() & second.is_not_null()
    return Matched(
        before[first.filter(both)],
        after[second.filter(both)],
        before[first.filter(second.is_null())],
        after[second.filter(first.is_null())],
        keys,
        repeated,
    )


def _sharing(again: pl.Series) -> int:
    return int((again | again.shift(-1, fill_value=False)).sum())


def differing(before: pl.DataFrame, after: pl.DataFrame, values: Sequence[str]) -> pl.DataFrame:
    """By column of `values`, whether the cells of rows at the same position differ. NaN equals NaN, -0.0 equals 0.0."""
    others = after.select(pl.col(name).alias(_OTHER + name) for name in values)
    both = pl.concat([before.select(values), others], how="horizontal")
    return both.select(pl.col(name).ne_missing(pl.col(_OTHER + name)) for name in values)


def repeats(rows: pl.DataFrame, order: Sequence[str]) -> pl.Series:
    """Whether a row of a sorted frame equals the one before it in all of `order`."""
    if not rows.height:
        return pl.Series(dtype=pl.Boolean)
    same = rows.select(pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift()) for name in order))
    return (pl.int_range(rows.height, eager=True) > 0) & same.to_series()


def _equal(before: pl.DataFrame, after: pl.DataFrame, names: Sequence[str]) -> bool:
    return not any(differing(before, after, [name]).to_series().any() for name in names)


def _numbers(
    before: pl.DataFrame, after: pl.DataFrame, order: Sequence[str], values: Sequence[str]
) -> tuple[pl.Series, pl.Series]:
    """A number for each row, such that rows to be matched have the same key and number."""
    shared = pl.concat([side.select(order).filter(repeats(side, order)) for side in (before, after)]).unique()
    sides = [
        side.with_row_index("_row").join(shared, on=order, how="semi", nulls_equal=True).sort(*order, *values)
        for side in (before, after)
    ]
    whole = [*order, *values]
    sides = [side.with_columns(_equal=_ordinal(side, whole)) for side in sides]
    found = [
        _placed(one, one.join(other, on=[*whole, "_equal"], how="semi", nulls_equal=True), order, values)
        for one, other in (sides, sides[::-1])
    ]
    return tuple(  # type: ignore[return-value]
        pl.int_range(side.height, eager=True).to_frame("_row").cast(pl.UInt32)
        .join(numbers, on="_row", how="left", maintain_order="left")["_n"].fill_null(0)
        for side, numbers in zip((before, after), found, strict=True)
    )  # fmt: skip


def _placed(rows: pl.DataFrame, twins: pl.DataFrame, order: Sequence[str], values: Sequence[str]) -> pl.DataFrame:
    """Positions of rows and their numbers within the key: first those that have a twin, in the order of `values`."""
    told = rows.with_columns(_rest=~pl.col("_row").is_in(twins["_row"].implode())).sort(*order, "_rest", *values)
    return told.select("_row", _n=_ordinal(told, order))


def _ordinal(rows: pl.DataFrame, order: Sequence[str]) -> pl.Series:
    """The position of each row among those that are equal in `order`, of a sorted frame."""
    place = pl.int_range(rows.height, eager=True)
    return place - pl.select(pl.when(~repeats(rows, order)).then(place)).to_series().forward_fill().cast(pl.Int64)
