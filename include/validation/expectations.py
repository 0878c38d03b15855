"""Rules on the table as a whole: each is a finding that holds or says what to do."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ..contracts.columns import TableSchema
from ..contracts.model import Contract, Waiver
from ..tables.drift import psi


@dataclass(frozen=True)
class Previous:
    """The last good version: its schema and the files of its table."""

    schema: TableSchema
    files: tuple[Path, ...]

    @property
    def rows(self) -> int:
        """Rows of its table."""
        return int(self.table().select(pl.len()).collect().item())

    def table(self) -> pl.LazyFrame:
        """Its rows."""
        return pl.scan_parquet(list(self.files), hive_partitioning=False, glob=False)


@dataclass(frozen=True)
class Finding:
    """A rule on the table, what it expected and what was found; `waived` ones don't stop the version."""

    rule: str
    holds: bool
    found: str
    expected: str
    advice: str = ""
    waived: bool = False

    @property
    def blocks(self) -> bool:
        """Whether it stops the version."""
        return not self.holds and not self.waived

    def __str__(self) -> str:
        return f"{self.rule}: found {self.found}, expected {self.expected}. {self.advice}".strip()


@dataclass(frozen=True)
class Result:
    """What the rules on a table look at."""

    records: int
    published: int
    quarantined: int
    rejected: int
    nulls: Mapping[str, int]
    table: TableSchema
    files: Sequence[Path]


def waived(contract: Contract, today: dt.date) -> dict[str, Waiver]:
    """The waivers in force on `today`, by rule."""
    return {waiver.rule: waiver for waiver in contract.waive if not waiver.expired(today)}


def judge(
    contract: Contract, result: Result, previous: Previous | None, suspended: Mapping[str, Waiver]
) -> list[Finding]:
    """Every rule of `expect`, judged."""
    found = [*_volume(contract, result, previous), *_nulls(contract, result), *_drift(contract, result, previous)]
    return [Finding(**{**vars(f), "waived": f.rule in suspended and not f.holds}) for f in found]


def _volume(contract: Contract, result: Result, previous: Previous | None) -> Iterator[Finding]:
    expect, rows = contract.expect, result.published
    yield Finding(
        "table.empty", rows > 0, f"{rows:,} rows", "at least one", "Look at the source and at the quarantine."
    )
    if expect.rows:
        low, high = expect.rows
        advice = "Look at the source; if it is right, change expect.rows."
        yield Finding("rows", low <= rows <= high, f"{rows:,} rows", f"{low:,} to {high:,}", advice)
    if expect.rows_change_pct is not None and previous and previous.rows:
        change = 100 * (rows - previous.rows) / previous.rows
        yield Finding(
            "rows_change_pct",
            abs(change) <= expect.rows_change_pct,
            f"{rows:,} rows, {change:+.1f} % against {previous.rows:,} in the last version",
            f"at most {expect.rows_change_pct:g} %",
            "Look at the source; if it is right, waive the rule or change expect.rows_change_pct.",
        )
    dropped = "See the reasons below; where extract.py drops them on purpose, raise expect.rejected_pct."
    yield _share("rejected_pct", "rejected", result.rejected, result.records, expect.rejected_pct, dropped)
    strict = "Read the reasons; correct schema.py if it is too strict, ask the source, or raise expect.quarantine_pct."
    yield _share("quarantine_pct", "quarantined", result.quarantined, result.records, expect.quarantine_pct, strict)


def _share(rule: str, what: str, count: int, records: int, most: float, advice: str) -> Finding:
    share = 100 * count / records if records else 0.0
    found = f"{count:,} of {records:,} records {what} ({share:.3g} %)"
    return Finding(rule, share <= most, found, f"at most {most:g} %", advice)


def _nulls(contract: Contract, result: Result) -> Iterator[Finding]:
    for column in result.table.columns:
        most = contract.expect.nulls_pct.get(column.name)
        missing = result.nulls.get(column.name, 0)
        share = 100 * missing / result.published if result.published else 0.0
        if most is None and not (result.published and missing == result.published):
            continue
        holds = share <= most if most is not None else False
        expected = f"at most {most:g} %" if most is not None else "some values"
        advice = f"Look at the source; if it is right, set expect.nulls_pct.{column.name}."
        yield Finding(f"nulls_pct.{column.name}", holds, f"{share:.3g} % missing", expected, advice)


def _drift(contract: Contract, result: Result, previous: Previous | None) -> Iterator[Finding]:
    for name, most in contract.expect.drift.items():
        old = previous and next((c for c in previous.schema.columns if c.name == name), None)
        if not previous or not old or not result.published:
            continue
        before = previous.table().select(name).collect().to_series()
        now = (
            pl.scan_parquet(list(result.files), hive_partitioning=False, glob=False).select(name).collect().to_series()
        )
        moved = psi(before, now) if before.dtype == now.dtype else float("inf")
        yield Finding(
            f"drift.{name}",
            moved <= most,
            f"PSI {moved:.4g} against the last version",
            f"at most {most:g}",
            "Look at the values in both versions; if the change is real, waive the rule.",
        )
