"""What a contract may say: its keys, their types, and what each means to an author."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Access = Literal["public", "internal", "restricted"]
Format = Literal["csv", "excel", "json", "jsonl", "xml", "parquet", "sqlite"]


class Strict(BaseModel):
    """Unknown keys are errors; values are never coerced from another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


class Source(Strict):
    """Where the data come from and how the file is written."""

    url: str | tuple[str, ...] = ()
    """One address or several that make one table: https, `pkg:pypi/NAME@VERSION#PATH`, or file: while developing. Absent when extract.py has `addresses()`."""
    format: Format | None = None
    """Overrides what content and name say."""
    member: str | None = None
    """Which files of an archive to read, as a glob ("*.csv"); all by default."""
    encoding: str | None = None
    """Overrides detection, for example windows-1252."""
    delimiter: str | None = None
    quote: str | None = None
    decimal: Literal[".", ","] = "."
    thousands: Literal[",", ".", " ", "'", "\u00a0", "\u202f"] | None = None
    header: int | tuple[int, ...] | None = None
    """Row number (from 1) of the header, several for a header in several rows, 0 for none. Default: the first row that is not preamble."""
    preamble: int = 0
    """Lines before the header that are not data."""
    footer: int = 0
    """Lines at the end that are not data."""
    missing: tuple[str, ...] = ("",)
    """Texts that mean "no value". Nothing else does: "NA" and "null" stay text unless listed."""
    sheet: str | None = None
    """Excel: the sheet's name; the first by default."""
    path: str | None = None
    """JSON: where the records are ("records[].fields"); XML: the row element ("data/row")."""
    table: str | None = None
    """SQLite: the table's name."""
    ignore: tuple[str, ...] = ()
    """Headings of columns that are read and counted, but not wanted."""
    max_mb: int = 2048
    """Largest size of one fetched file, in megabytes."""


class Dictionary(Strict):
    """A published table that describes the columns (a codebook); its texts become their descriptions."""

    url: str
    column: str
    """Heading of the column that holds the names."""
    description: str
    """Heading of the column that holds the texts."""


class Reference(Strict):
    """Columns whose values must exist in another dataset, at the version its head pins."""

    columns: tuple[Name, ...]
    dataset: Name
    to: tuple[Name, ...]
    """The columns over there."""
    severity: Literal["error", "warning"] = "error"


class Unique(Strict):
    """Columns whose values together should not repeat, where they are not the key."""

    columns: tuple[Name, ...]
    severity: Literal["error", "warning"] = "error"


class Sums(Strict):
    """A column that adds up to a total within each group: shares that make 100. A missing value counts as 0."""

    column: Name
    by: tuple[Name, ...]
    total: float
    tolerance: float = 0.0
    """Most difference from `total`, in the column's unit."""
    severity: Literal["error", "warning"] = "warning"


class Expect(Strict):
    """Rules on the table as a whole. A broken one stops the run, the last good version stays."""

    rows: tuple[int, int] | None = None
    """Fewest and most published rows."""
    rows_change_pct: float | None = 50.0
    """Most change in the number of rows against the last version, in percent; null for any."""
    quarantine_pct: float = 1.0
    """Most quarantined rows, in percent of records."""
    nulls_pct: dict[Name, float] = {}
    """Most missing values of a column, in percent. A column may never be missing as a whole unless listed with 100."""
    drift: dict[Name, float] = {}
    """Most population stability index (PSI) of a column against the last version."""
    references: tuple[Reference, ...] = ()
    unique: tuple[Unique, ...] = ()
    sums: tuple[Sums, ...] = ()


class Waiver(Strict):
    """A rule that a person suspends, for a reason and until a date."""

    rule: str
    until: dt.date
    why: str
    by: str


class Contract(Strict):
    """What one dataset promises."""

    title: str
    description: str
    owner: str
    """Who answers for the data: an e-mail address."""
    licence: str
    """An SPDX identifier (CC-BY-4.0), or LicenseRef-… for another."""
    source: Source = Source()
    dictionary: Dictionary | None = None
    key: tuple[Name, ...] = ()
    """Columns that identify a row. Absent: the table is a multiset."""
    repeats: Literal["quarantine", "merge", "keep"] = "quarantine"
    """Records equal in every column: all but the first are quarantined, folded into the first and counted, or kept (no key)."""
    partition: Name | None = None
    """One folder of files a value of this column; an unchanged one keeps its objects."""
    schedule: str | None = None
    """Cron expression or preset in UTC ("@monthly"); absent: by hand, or when a dataset it references has a new version."""
    access: Access = "internal"
    publish: Literal["commit", "proposal"] = "commit"
    size: Literal["small", "medium", "large"] = "small"
    """How big its pods are."""
    expect: Expect = Expect()
    waive: tuple[Waiver, ...] = ()
