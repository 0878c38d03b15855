"""The record of a difference, which reports draw and `commons diff --json` prints; values in it are text.

A value that is missing is None. `MASKED` stands for a value that the reader of the report may not see: then a profile
has neither least, greatest, mean nor bins, and lists of values are one item with the sum of their rows.
"""

from typing import Literal

from ..contracts.columns import Sensitivity, Type
from ..contracts.evolution import Change
from ..contracts.types import Strict
from .links import Links

MASKED = "•••"
OTHERS = "others"
"""The last bin of a column of values: all that are not among the most frequent."""
SAMPLES = 3
"""Rows shown of each kind."""
LISTED = 50
"""Values listed of a coverage or a move, those with most rows first; the counts beside them are of all."""


class Bin(Strict):
    """A range or a value, and the rows that fall into it."""

    label: str
    rows: int


class Profile(Strict):
    """What a column holds. Both profiles of a column have bins with the same labels in the same order."""

    rows: int
    nulls: int
    distinct: int | None = None
    """Different values that are not missing."""
    estimated: bool = False
    """Whether `distinct` is an estimate, a few percent off; so it is in large tables."""
    minimum: str | None = None
    maximum: str | None = None
    mean: float | None = None
    """Of finite numbers."""
    bins: tuple[Bin, ...] = ()
    """Ranges of numbers and times in order, else the most frequent values, then the others; without missing ones."""


class ColumnDiff(Strict):
    """One column on both sides: `before` is None for an added one, `after` for a dropped one."""

    name: str
    was: str | None = None
    """Its name before, where that is another."""
    type: Type
    """After; before, of a dropped one."""
    key: bool = False
    """Whether rows were matched by it."""
    sensitivity: Sensitivity
    """The higher one of both sides."""
    masked: bool = False
    cells: int = 0
    """Changed rows whose value differs."""
    moved_cells: int = 0
    """Moved rows whose value differs; those whose key moved, in a column of the key."""
    before: Profile | None = None
    after: Profile | None = None
    psi: float | None = None
    """Population stability index over the deciles or values of before; None where a side has no rows."""
    drifted: bool = False
    """psi above 0.25, usually called a shift."""


class SchemaChange(Change):
    """One thing that is otherwise in the schema."""

    proposed: bool = False
    """Guessed from values, not known from field ids or names."""


class RowCounts(Strict):
    """before = removed + changed + moved + unchanged; after = added + changed + moved + unchanged.

    Moved rows have another key, that maps one to one; their other cells may have changed too.
    """

    before: int
    after: int
    added: int
    removed: int
    changed: int
    moved: int
    unchanged: int


class Move(Strict):
    """Rows whose key has `after` where it had `before`; each the values of the columns of its `Moved`."""

    before: tuple[str | None, ...]
    after: tuple[str | None, ...]
    rows: int


class Moved(Strict):
    """A part of the key (or all of it) whose values map one to one to new ones while the rest of the row stays."""

    columns: tuple[str, ...]
    """Names after."""
    values: int
    """How many values moved."""
    rows: int
    moves: tuple[Move, ...]


class Part(Strict):
    """The rows that have one value."""

    value: str | None
    rows: int


class Coverage(Strict):
    """Values of a column, one of few, that only one side has; without those that moved."""

    column: str
    key: bool
    """Whether it is a part of the key; else a column of categories."""
    lost_values: int
    lost_rows: int
    lost: tuple[Part, ...]
    gained_values: int
    gained_rows: int
    gained: tuple[Part, ...]


class Sample(Strict):
    """One row, as an example."""

    kind: Literal["added", "removed", "changed", "moved"]
    key: dict[str, str | None]
    """Of after; before, of a removed one; empty where the table has no key."""
    cells: dict[str, tuple[str | None, str | None]]
    """Old and new value: where they differ; of an added or removed row all columns but the key, None on one side."""


class Repeated(Strict):
    """Rows, on each side, that share their key with another; they are compared as a multiset within the key."""

    before: int
    after: int


class TableDiff(Strict):
    """How the table after differs from the one before."""

    key: tuple[str, ...]
    """The columns that rows were matched by, as named after; empty where by whole rows."""
    by: Literal["key", "rows"]
    """rows: without a key, as a multiset of rows: then none is changed or moved."""
    schema_changes: tuple[SchemaChange, ...]
    counts: RowCounts
    columns: tuple[ColumnDiff, ...]
    """In the order of before, added ones last; a dropped one whose name another has now is called `NAME (dropped)`."""
    moved: tuple[Moved, ...]
    coverage: tuple[Coverage, ...]
    samples: tuple[Sample, ...]
    repeated: Repeated

    @property
    def same(self) -> bool:
        """Whether nothing differs, schema included."""
        counts = self.counts
        return not (self.schema_changes or counts.added or counts.removed or counts.changed or counts.moved)


class Origin(Strict):
    """Where a version comes from."""

    commit: str
    """That pins it; empty where nobody committed it yet."""
    published: str
    run: str
    code: str
    environment: str
    source_version: str
    source_date: str | None
    inputs: dict[str, str]
    """Dataset: content hash of each reference read."""
    rows: int
    quarantined: int
    rejected: int
    who: str
    access: Sensitivity
    """Who may read the dataset at all, as its contract says; a column may be guarded more."""
    kept: str
    """The remote of its files: that of the strictest class of dataset and columns, who alone may read them."""


class RuleChange(Strict):
    """A quality rule that judges otherwise; a side is None where it has no such rule."""

    rule: str
    before: int | None
    """Failures."""
    after: int | None
    was: str | None
    """The verdict before: pass, warning, waived, quarantined, blocked."""
    verdict: str | None


class DatasetDiff(Strict):
    """How one dataset differs between two revisions."""

    dataset: str
    status: Literal["same", "changed", "added", "removed", "withdrawn"]
    before: Origin | None
    after: Origin | None
    causes: tuple[str, ...]
    """What explains the change: another source, code, input …, in words."""
    unexplained: bool
    """The data changed, and neither source, code, environment nor inputs did."""
    quality: tuple[RuleChange, ...] = ()
    problem: str | None = None
    """Why the tables can't be compared: bytes that this reader can't get."""
    table: TableDiff | None
    links: Links | None = None
    """None where neither version has any, or they could not be compared at all."""


class Diff(Strict):
    """How two revisions differ."""

    before: str
    after: str
    datasets: tuple[DatasetDiff, ...]
    same: int
    """Datasets that are equal, which are not listed."""
