"""Which row of one side is which of the other, within a part of both tables that holds all rows of its keys."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Matched:
    """Rows on both sides: those of `before` and `after` that the filters leave, in the same order; and the rest."""

    before: pl.DataFrame
    after: pl.DataFrame
    filters: tuple[pl.Series, pl.Series] | None
    removed: pl.DataFrame
    added: pl.DataFrame
    keys: tuple[int, int]
    """How many different keys a side has."""
    repeated: tuple[int, int]
    """Rows of a side that share their key with another."""

    @property
    def height(self) -> int:
        """How many rows are on both sides."""
        return self.before.height - self.removed.height

    def rows(self, places: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Both sides of some of them."""
        kept = self.filters or (None, None)
        sides = zip((self.before, self.after), kept, strict=True)
        before, after = (side if kept is None else side.filter(kept) for side, kept in sides)
        return before[places], after[places]


def differing(
    before: pl.DataFrame,
    after: pl.DataFrame,
    names: Sequence[str],
    filters: tuple[pl.Series, pl.Series] | None = None,
) -> pl.DataFrame:
    """By column of `names`, whether the cells of rows at the same position, once filtered, differ.

    Missing equals missing, NaN equals NaN, -0.0 equals 0.0.
    """
    cells = [[pl.lit(side[name]) for side in (before, after)] for name in names]
    if filters:  # column by column: whole frames would be copied
        cells = [[cell.filter(pl.lit(kept)) for cell, kept in zip(pair, filters, strict=True)] for pair in cells]
    return pl.select(one.ne_missing(other).alias(name) for name, (one, other) in zip(names, cells, strict=True))


def matched(before: pl.DataFrame, after: pl.DataFrame, order: Sequence[str], values: Sequence[str]) -> Matched:
    """Match the rows of two frames, sorted by `order`, that are equal in it; a missing value equals another.

    Where several share a key, those equal in `values` too are matched first, then the rest in the order of `values`:
    so rows are a multiset within their key, and no match depends on the order of the files.
    """
    if not order:
        return Matched(before.clear(), after.clear(), None, before, after, (0, 0), (0, 0))
    again = repeats(before, order), repeats(after, order)
    keys = before.height - int(again[0].sum()), after.height - int(again[1].sum())
    repeated = _sharing(again[0]), _sharing(again[1])
    if before.height == after.height and _equal(before, after, [*order, *values] if any(repeated) else order):
        return Matched(before, after, None, before.clear(), after.clear(), keys, repeated)
    on = list(order)
    if any(repeated):
        before, after = _numbered(before, after, again, order, values)
        on.append("_n")
    alone = _alone(before, after, on), _alone(after, before, on)
    filters = _all_but(before.height, alone[0]), _all_but(after.height, alone[1])
    removed, added = before[alone[0]].drop("_n", strict=False), after[alone[1]].drop("_n", strict=False)
    return Matched(before, after, filters, removed, added, keys, repeated)


def repeats(rows: pl.DataFrame, order: Sequence[str]) -> pl.Series:
    """Whether a row of a sorted frame equals the one before it in all of `order`."""
    if not rows.height:
        return pl.Series(dtype=pl.Boolean)
    same = rows.select(pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift()) for name in order))
    return (pl.int_range(rows.height, eager=True) > 0) & same.to_series()


def _sharing(again: pl.Series) -> int:
    return int((again | again.shift(-1, fill_value=False)).sum())


def _equal(before: pl.DataFrame, after: pl.DataFrame, names: Sequence[str]) -> bool:
    return not any(differing(before, after, [name]).to_series().any() for name in names)


def _alone(rows: pl.DataFrame, others: pl.DataFrame, on: Sequence[str]) -> pl.Series:
    """Positions of rows that have no equal in `on`, in their order."""
    places = rows.select(on).with_row_index("_row")
    return places.join(others.select(on), on=on, how="anti", nulls_equal=True, maintain_order="left")["_row"]


def _all_but(rows: int, places: pl.Series) -> pl.Series:
    return pl.repeat(True, rows, eager=True).scatter(places, False)


def _numbered(
    before: pl.DataFrame,
    after: pl.DataFrame,
    again: tuple[pl.Series, pl.Series],
    order: Sequence[str],
    values: Sequence[str],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both frames with `_n`, and in its order within a key: rows to be matched have the same key and number."""
    shared = pl.concat([rows.select(order).filter(mask) for rows, mask in zip((before, after), again, strict=True)])
    whole = [*order, *values]
    sides = [rows.join(shared.unique(), on=order, how="semi", nulls_equal=True).sort(whole) for rows in (before, after)]
    sides = [rows.with_columns(_equal=_ordinal(rows, whole)) for rows in sides]
    told = [_placed(one, other, order, values) for one, other in (sides, sides[::-1])]
    rest = [rows.join(shared.unique(), on=order, how="anti", nulls_equal=True) for rows in (before, after)]
    first, second = (
        pl.concat([rows.with_columns(_n=pl.lit(0, pl.Int64)), some]).sort(*order, "_n")
        for rows, some in zip(rest, told, strict=True)
    )
    return first, second


def _placed(rows: pl.DataFrame, others: pl.DataFrame, order: Sequence[str], values: Sequence[str]) -> pl.DataFrame:
    """Rows with their number within the key: first those that have an equal, in the order of `values`."""
    on = [*order, *values, "_equal"]
    twins = rows.join(others, on=on, how="semi", nulls_equal=True).with_columns(_rest=False)
    rest = rows.join(others, on=on, how="anti", nulls_equal=True).with_columns(_rest=True)
    told = pl.concat([twins, rest]).sort(*order, "_rest", *values)
    return told.drop("_equal", "_rest").with_columns(_n=_ordinal(told, order))


def _ordinal(rows: pl.DataFrame, order: Sequence[str]) -> pl.Series:
    """The position of each row among those that are equal in `order`, of a sorted frame."""
    place = pl.int_range(rows.height, eager=True)
    first = pl.select(pl.when(~repeats(rows, order)).then(place)).to_series().forward_fill()
    return place - first
