"""What a contract may say: its keys, their types, and what each means to an author."""

import datetime as dt
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from . import facts
from .addresses import Address
from .catalogue import Catalogue
from .matching import Match, Register
from .scalars import Amount, Count, Day, Megabytes, Number, Percent, header_rows
from .types import Line, Name, Names, Strict, Text, distinct

Access = Literal["public", "internal", "restricted"]
Format = Literal["csv", "excel", "json", "jsonl", "xml", "parquet", "sqlite"]
Character = Annotated[str, AfterValidator(facts.character)]
Version = Annotated[
    str, AfterValidator(facts.version), WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{12,64}$"})
]


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _ascending(values: tuple[int, int]) -> tuple[int, int]:
    if values[0] > values[1]:
        raise ValueError(f"expected [fewest, most], found [{values[0]}, {values[1]}]. Swap them.")
    return values


Addresses = Annotated[
    tuple[Address, ...],
    AfterValidator(distinct),
    BeforeValidator(_several, json_schema_input_type=str | tuple[str, ...]),
]

# Keys that say something about some formats only.
_ONLY_FOR = {
    "delimiter": ("csv",),
    "quote": ("csv",),
    "encoding": ("csv", "json", "jsonl", "xml"),
    "sheet": ("excel",),
    "table": ("sqlite",),
    "path": ("json", "xml"),
}


class Source(Strict):
    """Where the data come from and how the file is written."""

    url: Addresses = ()
    """One address or several that make one table: https, `pkg:pypi/NAME@VERSION#PATH`, or file: while developing.

    Absent when extract.py has `addresses()`."""
    format: Format | None = None
    """Overrides what content and name say."""
    member: Line | None = None
    """Which files of an archive to read, as a glob ("*.csv"); all by default."""
    encoding: Annotated[Line, AfterValidator(facts.encoding)] | None = None
    """Overrides detection, for example windows-1252."""
    delimiter: Character | None = None
    """The sign between values; overrides detection. A tab is "\\t" in double quotes."""
    quote: Character | Literal[""] | None = None
    """The sign around values, "" for none; overrides detection."""
    decimal: Literal[".", ","] = "."
    """The sign before decimals."""
    thousands: Literal[",", ".", " ", "'", "\u00a0", "\u202f"] | None = None
    """The sign between thousands."""
    header: Annotated[
        int | tuple[int, ...] | None, BeforeValidator(header_rows, json_schema_input_type=int | tuple[int, ...])
    ] = None
    """Row number (from 1) of the header, several for a header in several rows, 0 for none.

    Default: the first row that is not preamble."""
    preamble: Count = 0
    """Lines before the header that are not data."""
    footer: Count = 0
    """Lines at the end that are not data."""
    missing: Annotated[tuple[str, ...], AfterValidator(distinct)] = ("",)
    """Texts that mean "no value". Nothing else does: "NA" and "null" stay text unless listed."""
    sheet: Line | None = None
    """Excel: the sheet's name; the first by default."""
    path: Line | None = None
    """JSON: where the records are ("records[].fields"); XML: the row element ("data/row")."""
    table: Line | None = None
    """SQLite: the table's name."""
    ignore: Annotated[tuple[str, ...], AfterValidator(distinct)] = ()
    """Headings of columns that are read and counted, but not wanted."""
    max_mb: Megabytes = 2048
    """Largest size of one fetched file, in megabytes."""

    @field_validator("thousands")
    @classmethod
    def _not_the_decimal_sign(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and value == info.data.get("decimal"):
            raise ValueError(f"expected another sign than decimal's, found {value!r} for both. Say `decimal:` too.")
        return value

    @field_validator(*_ONLY_FOR)
    @classmethod
    def _fits_the_format(cls, value: str | None, info: ValidationInfo) -> str | None:
        given, allowed = info.data.get("format"), _ONLY_FOR[info.field_name or ""]
        if value is not None and given is not None and given not in allowed:
            raise ValueError(f"is for {' and '.join(allowed)}, found format {given}. Take one of them out.")
        return value


class Dictionary(Strict):
    """A published table that describes the columns (a codebook); its texts become their descriptions."""

    url: Address
    """Its address, as in source."""
    column: Line
    """Heading of the column that holds the names."""
    description: Line
    """Heading of the column that holds the texts."""


class Reference(Strict):
    """Columns whose values must exist in another dataset, at the version its head pins."""

    columns: Annotated[Names, Field(min_length=1)]
    """The columns here."""
    dataset: Name
    """The other dataset."""
    to: Annotated[Names, Field(min_length=1)]
    """The columns over there."""
    severity: Literal["error", "warning"] = "error"
    """Whether a row without its counterpart is quarantined, or counted only."""

    @field_validator("to")
    @classmethod
    def _as_many(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        here = info.data.get("columns", value)
        if len(here) != len(value):
            raise ValueError(f"expected as many columns as here ({len(here)}), found {len(value)}. Pair them.")
        return value


class Unique(Strict):
    """Columns whose values together should not repeat, where they are not the key."""

    columns: Annotated[Names, Field(min_length=1)]
    """The columns."""
    severity: Literal["error", "warning"] = "error"
    """Whether a row that repeats is quarantined, or counted only."""


class Sums(Strict):
    """A column that adds up to a total within each group: shares that make 100. A missing value counts as 0."""

    column: Name
    """The column that is added up."""
    by: Annotated[Names, Field(min_length=1)]
    """The columns that make a group."""
    total: Number
    """What a group adds up to."""
    tolerance: Amount = 0.0
    """Most difference from `total`, in the column's unit."""
    severity: Literal["error", "warning"] = "warning"
    """Whether the rows of such a group are quarantined, or counted only."""


class Upstream(Strict):
    """Something else that the table comes from, where no other key says it: told in its lineage, never read."""

    address: Address | None = None
    """The address of a source, such as the page that a person copied from."""
    dataset: Name | None = None
    """Or another dataset."""
    note: Text
    """What was taken from there, for whoever looks at the lineage."""
    columns: dict[Name, Annotated[tuple[Line, ...], AfterValidator(distinct), Field(min_length=1)]] = Field(default={})
    """Columns here, each with the columns over there that it is made of."""

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.address is None) == (self.dataset is None):
            raise ValueError("expected an address or a dataset, one of both. Say where the table comes from.")
        return self


class Expect(Strict):
    """Rules on the table as a whole. A broken one stops the run, the last good version stays."""

    rows: Annotated[tuple[Count, Count], AfterValidator(_ascending)] | None = None
    """Fewest and most published rows."""
    rows_change_pct: Amount | None = 50.0
    """Most change in the number of rows against the last version, in percent; null for any."""
    quarantine_pct: Percent = 1.0
    """Most quarantined rows, in percent of records."""
    rejected_pct: Percent = 1.0
    """Most rejected records (broken lines, and what extract.py drops), in percent of records."""
    nulls_pct: dict[Name, Percent] = Field(default={})
    """Most missing values of a column, in percent. A column may never be missing as a whole unless listed with 100."""
    drift: dict[Name, Amount] = Field(default={})
    """Most population stability index (PSI) of a column against the last version."""
    references: tuple[Reference, ...] = ()
    """Columns whose values must exist in another dataset."""
    unique: tuple[Unique, ...] = ()
    """Columns whose values together should not repeat, where they are not the key."""
    sums: tuple[Sums, ...] = ()
    """Columns that add up to a total within each group."""


class Waiver(Strict):
    """A rule that a person suspends, for a reason and until a date."""

    rule: Line
    """The rule's name, as quality.json and the report call it."""
    until: Day
    """The last day (UTC) on which it is suspended."""
    why: Text
    """The reason, for whoever reads the report."""
    by: Line
    """Who decided it."""

    def expired(self, today: dt.date) -> bool:
        """Whether the rule applies again on `today`."""
        return today > self.until


class Break(Strict):
    """A schema change that breaks readers, allowed by a person for the one version that follows `after`."""

    after: Version
    """The version that it follows, by the first 12 digits or more of its hash; the run that stopped says which."""
    why: Text
    """The reason, for whoever reads the history."""
    by: Line
    """Who decided it."""


class Contract(Strict):
    """What one dataset promises."""

    title: Line
    """Its name for people."""
    description: Text
    """What the rows are, and what they are not."""
    owner: Annotated[Line, AfterValidator(facts.owner)]
    """Who answers for the data: an e-mail address."""
    licence: Annotated[Line, AfterValidator(facts.licence)]
    """An SPDX identifier (CC-BY-4.0), or LicenseRef-… for another."""
    source: Source = Source()
    """The source: its addresses, and how its files are written."""
    dictionary: Dictionary | None = None
    """A published table that describes the columns."""
    key: Names = ()
    """Columns that identify a row. Absent: the table is a multiset."""
    repeats: Literal["quarantine", "merge", "keep"] = "quarantine"
    """Records equal in every column: all but the first are quarantined, or folded into it and counted; or all are kept.

    To keep them, the table must have no key."""
    partition: Name | None = None
    """One folder of files a value of this column; an unchanged one keeps its objects."""
    schedule: Annotated[Line, AfterValidator(facts.schedule)] | None = None
    """Cron expression or preset in UTC ("@monthly"); absent: by hand, or when a dataset that it references changes."""
    access: Access = "internal"
    """Who may read it: everybody, the organisation, or named people."""
    publish: Literal["commit", "proposal"] = "commit"
    """Whether a new version is published at once, or as a pull request. Restricted data always propose."""
    size: Literal["small", "medium", "large"] = "small"
    """How big its pods are."""
    expect: Expect = Expect()
    """Rules on the table as a whole."""
    waive: tuple[Waiver, ...] = ()
    """Rules that are suspended for a time."""
    breaking: tuple[Break, ...] = ()
    """Schema changes that break readers and are meant, each for one version."""
    register: Register | None = None
    """How this dataset is searched, where others match names against it."""
    lineage: tuple[Upstream, ...] = ()
    """What the table also comes from, where no other key says it."""
    catalogue: Catalogue = Catalogue()
    """What catalogues show of the data, and nothing else reads."""
    match: Match | None = None
    """How the names in this dataset are matched to the legal entities of a register."""

    @field_validator("repeats")
    @classmethod
    def _keep_has_no_key(cls, value: str, info: ValidationInfo) -> str:
        if value == "keep" and info.data.get("key"):
            raise ValueError("expected no key beside 'keep', found one: repeats would share it. Take out one of them.")
        return value

    @field_validator("access")
    @classmethod
    def _licence_allows(cls, value: str, info: ValidationInfo) -> str:
        licence = info.data.get("licence", "")
        if value == "public" and not facts.is_open(licence):
            raise ValueError(
                f"expected 'internal' or 'restricted', found 'public': {licence} does not let everybody use and pass "
                "on the data. Change it, or the licence if it is wrong."
            )
        return value
