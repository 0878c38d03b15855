"""What each column of one side holds, counted batch by batch, so that memory does not grow with the table."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import polars as pl

from ..tables.drift import index
from . import bins
from .bins import Bins
from .distinct import Distinct
from .model import OTHERS, Bin, Profile
from .values import shown

Counts = dict[Any, int]


class Profiles:
    """Counts of one side's columns; `counted` holds the rows of each value where all values were counted."""

    def __init__(self, types: Mapping[str, pl.DataType], chosen: Mapping[str, Bins], rows: int) -> None:
        """`rows` are as many as the table has."""
        self._types, self._bins = types, chosen
        self._facts: dict[str, list[Any]] = {}
        self.counted = {
            name: pl.DataFrame(schema={"value": types[name], "rows": pl.UInt32}) for name in types if chosen[name].most
        }
        self._distinct = {name: Distinct(rows) for name in types if name not in self.counted}
        self.rows = 0

    def add(self, batch: pl.DataFrame) -> None:
        """Count one batch."""
        if not batch.height:
            return
        self.rows += batch.height
        facts = [fact for name, dtype in self._types.items() for fact in _facts(name, dtype, self._bins[name])]
        told = batch.select(facts).row(0, named=True)
        odd = [
            name for name, dtype in self._types.items() if dtype.is_float() and not math.isfinite(told[f"{name}:sum"])
        ]
        told |= batch.select(fact for name in odd for fact in _finite(name)).row(0, named=True) if odd else {}
        for fact, found in told.items():
            self._facts.setdefault(fact, []).append(found)
        for hashes in batch.select(pl.col(name).hash() for name in self._distinct):
            self._distinct[hashes.name].add(hashes)
        for name in list(self.counted):
            self._count(name, batch[name])

    def nulls(self, name: str) -> int:
        """Missing values of a column."""
        return sum(self._of(name, "nulls"))

    def profile(self, name: str, labelled: Sequence[Bin], keys: int | None = None) -> Profile:
        """The record of a column with these bins; `keys` are the different keys where it is the key."""
        dtype = self._types[name]
        lows, highs = ([v for v in self._of(name, fact) if v is not None] for fact in ("min", "max"))
        finite, sums = sum(self._of(name, "finite")), [value for value in self._of(name, "sum") if value is not None]
        distinct, estimated = self._different(name) if keys is None else (keys - bool(self.nulls(name)), False)
        return Profile(
            rows=self.rows,
            nulls=self.nulls(name),
            distinct=distinct,
            estimated=estimated,
            minimum=shown([min(lows)], dtype)[0] if lows else None,
            maximum=shown([max(highs)], dtype)[0] if highs else None,
            mean=_mean(sums, finite),
            bins=tuple(labelled),
        )

    def ranges(self, name: str, edges: Sequence[float]) -> list[int]:
        """Rows up to the first edge, between each two, above the last."""
        nan = sum(self._of(name, "nan"))  # is above all edges
        above = [self.rows - self.nulls(name), *(sum(self._of(name, f"above {edge}")) for edge in edges), nan]
        return [more - less for more, less in pairwise(above)]

    def values(self, name: str) -> Counts:
        """Rows by value: of all, or of those that were chosen."""
        if name in self.counted:
            return dict(self.counted[name].drop_nulls("value").iter_rows())
        return {value: sum(self._of(name, f"is {n}")) for n, value in enumerate(self._bins[name].values)}

    def nan(self, name: str) -> int:
        """Cells that are not a number."""
        return sum(self._of(name, "nan"))

    def _different(self, name: str) -> tuple[int | None, bool]:
        """Values that are not missing, and whether they are an estimate."""
        if name in self.counted:
            return self.counted[name].drop_nulls("value").height, False
        if name not in self._distinct:
            return None, False
        different, estimated = self._distinct[name].result()
        return different - bool(self.nulls(name)), estimated

    def _of(self, name: str, fact: str) -> list[Any]:
        return self._facts.get(f"{name}:{fact}", [])

    def _count(self, name: str, values: pl.Series) -> None:
        found = values.alias("value").value_counts(name="rows")
        merged = pl.concat([self.counted[name], found]).group_by("value").agg(pl.col("rows").sum())
        if merged.height > self._bins[name].most:
            del self.counted[name]
        else:
            self.counted[name] = merged


def binned(name: str, dtype: pl.DataType, chosen: Bins, sides: Sequence[Profiles]) -> list[list[Bin]]:
    """The bins of a column on each side, with the same labels in the same order; ranges that are empty all over left
    out at both ends."""
    if chosen.edges or chosen.deciles:
        counts = [side.ranges(name, chosen.edges) for side in sides]
        rows = list(zip(bins.labels(chosen.edges, dtype), *counts, strict=True))
        while rows and not any(rows[0][1:]):
            rows = rows[1:]
        while rows and not any(rows[-1][1:]):
            rows = rows[:-1]
        if any(side.nan(name) for side in sides):
            rows.append(("NaN", *(side.nan(name) for side in sides)))
    else:
        rows = _top(dtype, [side.values(name) for side in sides], [side.rows - side.nulls(name) for side in sides])
    return [[Bin(label=row[0], rows=row[1 + which]) for row in rows] for which in range(len(sides))]


def stability(name: str, chosen: Bins, before: Profiles, after: Profiles) -> float | None:
    """PSI of a column over the deciles of before, or over its values; None where a side has no rows."""
    if not (before.rows and after.rows):
        return None
    counts: list[dict[object, int]] = []
    for side in (before, after):
        present = side.rows - side.nulls(name)
        found = _decile_counts(side, name, chosen) if chosen.deciles else dict(side.values(name))
        counts.append(found | {None: side.nulls(name), _Rest: present - sum(found.values())})
    return index(*counts)


class _Rest:
    """Stands for all values that were not counted by themselves."""


def _mean(sums: Sequence[float], count: int) -> float | None:
    """To twelve digits; None where there is none, or it is beyond what floats hold."""
    if not count or not all(map(math.isfinite, sums)):
        return None
    return float(f"{math.fsum(sums) / count:.12g}")


def _decile_counts(side: Profiles, name: str, chosen: Bins) -> dict[object, int]:
    return dict(enumerate(side.ranges(name, chosen.deciles)))


def _top(dtype: pl.DataType, counts: Sequence[Counts], present: Sequence[int]) -> list[tuple[Any, ...]]:
    total = {value: sum(side.get(value, 0) for side in counts) for side in counts for value in side}
    top = sorted(total, key=lambda value: (-total[value], str(value)))[: bins.TOP]
    names = shown(top, dtype)
    rows = [(text, *(side.get(value, 0) for side in counts)) for text, value in zip(names, top, strict=True)]
    rest = [all_ - sum(side.get(value, 0) for value in top) for all_, side in zip(present, counts, strict=True)]
    return [*rows, (OTHERS, *rest)] if rows and any(rest) else rows


def _facts(name: str, dtype: pl.DataType, chosen: Bins) -> list[pl.Expr]:
    values = pl.col(name)
    found = {"nulls": values.null_count()}
    if dtype != pl.Boolean:
        found |= {"min": values.min(), "max": values.max()}
    if dtype.is_numeric():
        found |= {"finite": values.count(), "sum": values.cast(pl.Float64).sum()}
    found |= {f"above {edge}": bins.above(values, dtype, edge).sum() for edge in chosen.cuts}
    found |= {f"is {n}": (values == pl.lit(value, dtype)).sum() for n, value in enumerate(chosen.values)}
    return [expression.alias(f"{name}:{fact}") for fact, expression in found.items()]


def _finite(name: str) -> list[pl.Expr]:
    """The facts of floats some of which are not finite."""
    values = pl.col(name)
    finite = values.filter(values.is_finite())
    found = {"nan": values.is_nan().sum(), "finite": finite.len(), "sum": finite.cast(pl.Float64).sum()}
    return [expression.alias(f"{name}:{fact}") for fact, expression in found.items()]
