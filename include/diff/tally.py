"""What differs between two tables, added up part by part; rows of one side only are put aside."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from .model import SAMPLES
from .rows import Matched, differing, matched
from .sides import Table
from .spool import Spool


class Tally:
    """Counts of rows and cells, and the first rows that changed."""

    def __init__(self, order: Sequence[str], values: Sequence[str], tables: Sequence[Table], folder: Path) -> None:
        """Rows are matched by columns `order`, and compared in `values`; none where `order` is whole rows."""
        self.order, self.values = order, values
        self.removed, self.added = (
            Spool(folder / name, found.types) for name, found in zip(("removed", "added"), tables, strict=True)
        )
        self.unchanged = self.changed = 0
        self.keys = self.repeated = (0, 0)
        self.cells = dict.fromkeys(values, 0)
        self.samples: list[tuple[pl.DataFrame, pl.DataFrame]] = []

    def add(self, before: pl.DataFrame, after: pl.DataFrame) -> None:
        """Compare a part of both tables that holds all rows of its keys."""
        found = matched(before, after, self.order, self.values)
        self.removed.add(found.removed)
        self.added.add(found.added)
        self.keys = self.keys[0] + found.keys[0], self.keys[1] + found.keys[1]
        self.repeated = self.repeated[0] + found.repeated[0], self.repeated[1] + found.repeated[1]
        changed = self._changed(found)
        self.changed += changed
        self.unchanged += found.height - changed

    def _changed(self, found: Matched) -> int:
        """How many rows differ."""
        if not self.values or not found.height:
            return 0
        cells = differing(found.before, found.after, self.values, found.filters)
        for name, count in cells.sum().row(0, named=True).items():
            self.cells[name] += count
        rows = cells.select(pl.any_horizontal(pl.all())).to_series()
        if sum(some.height for some, _ in self.samples) < SAMPLES and rows.any():
            self.samples.append(found.rows(rows.arg_true().head(SAMPLES)))
        return int(rows.sum())
