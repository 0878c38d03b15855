"""Rules that need the whole table: repeats, keys, uniqueness, references, sums, and authors' checks across rows."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from ..contracts.model import Contract
from ..tables import ordering
from ..tables.database import connect
from . import repeats
from .casting import Casting
from .checks import Checks, failures, of_rule, wide_failures
from .records import OWN, scan
from .rules import Rule, unique_id

Find = Callable[[duckdb.DuckDBPyConnection, Path], pl.DataFrame]


@dataclass(frozen=True)
class Across:
    """FAILURE rows with the record that each repeats, positions of merged rows, groups that fail by rule, and order."""

    known: pl.DataFrame
    merged: pl.Series
    groups: Mapping[str, int]
    in_key_order: bool


@dataclass(frozen=True)
class TableRule:
    """A rule, the columns it needs, and how to find rows that fail: `row`, and `first` where they repeat another."""

    rule: Rule
    columns: tuple[str, ...]
    find: Find


def rules(
    contract: Contract, uniques: Sequence[str], references: Mapping[str, Sequence[Path]], waived: Collection[str]
) -> list[TableRule]:
    """The rules of `contract` across rows, but that on repeated records; `uniques` are columns with unique=True."""
    expect = contract.expect
    found = [_unique("key", contract.key, "error", ())] if contract.key else []
    found += [_unique(f"{name}.unique", (name,), "error", waived) for name in uniques]
    found += [_unique(unique_id(u.columns), u.columns, u.severity, waived) for u in expect.unique]
    for reference in expect.references:
        if target := references.get(reference.dataset):
            there = f"{reference.dataset} ({', '.join(reference.to)})"
            says = f"{', '.join(reference.columns)}: not in {there}"
            identity = f"references.{reference.dataset}"
            rule = Rule(identity, reference.severity, says, waived=identity in waived)
            find = _refer(reference.columns, target, reference.to)
            found.append(TableRule(rule, reference.columns, find))
    for sums in expect.sums:
        identity = f"sums.{sums.column}"
        within = f" within {sums.tolerance:g}" if sums.tolerance else ""
        says = f"{sums.column}: doesn't add up to {sums.total:g}{within} by {', '.join(sums.by)}"
        rule = Rule(identity, sums.severity, says, waived=identity in waived)
        find = _total(sums.column, sums.by, sums.total, sums.tolerance)
        found.append(TableRule(rule, (sums.column, *sums.by), find))
    return found


def repeats_rule(contract: Contract) -> Rule | None:
    """The rule on records equal in every column; None where they are kept."""
    if contract.repeats == "keep":
        return None
    return Rule("repeats", "error", "repeats: equal in every column to record", names_other=True)


def look(
    files: Sequence[Path],
    typed: pl.LazyFrame,
    castings: Sequence[Casting],
    checks: Checks,
    found: Sequence[TableRule],
    contract: Contract,
    scratch: Path,
    memory_mb: int,
) -> Across:
    """Apply all of them to the raw `files`.

    `typed` are their rows, cast, with their position as `_row`, and `_keyed` where every column of the key was read.
    """
    values, keys = _spool(typed, found, contract.key, scratch)
    with connect(scratch, memory_mb // 2) as db:
        groups: dict[str, int] = {}
        ordered, differing = (
            ordering.ascending(pl.scan_parquet(keys, glob=False), contract.key) if contract.key else (False, True)
        )
        by_rule = {item.rule.id: item.find(db, values) for item in found if item.rule.id != "key"}
        if contract.key and not (ordered and differing):
            by_rule["key"] = repeats.repeated(db, keys, contract.key, missing_repeats=True)
        same = _same_records(db, files, castings, contract, by_rule.get("key"))
    merged = same["row"] if contract.repeats == "merge" else pl.Series([], dtype=pl.Int64)
    if "key" in by_rule:
        by_rule["key"] = by_rule["key"].join(same, on="row", how="anti", maintain_order="left")
    if contract.repeats == "quarantine":
        by_rule["repeats"] = same
    for rule, rows in by_rule.items():
        if rows.height and "first" in rows.columns:
            groups[rule] = rows["first"].n_unique()
    parts = [
        of_rule(checks.places[rule], rows["row"], rows.get_column("first", default=None))
        for rule, rows in by_rule.items()
    ]
    known = failures(*parts, wide_failures(checks, typed.drop("_row", "_keyed"), merged))
    return Across(_numbered(known, files), merged, groups, ordered)


def _spool(typed: pl.LazyFrame, found: Sequence[TableRule], key: Sequence[str], scratch: Path) -> tuple[Path, Path]:
    """Files of the columns that rules need, and of the keys of rows that have one, each with `_row`."""
    values, keys = scratch / "values.parquet", scratch / "keys.parquet"
    names = list(dict.fromkeys(name for item in found if item.rule.id != "key" for name in item.columns))
    if names:
        typed.select(*names, "_row").sink_parquet(values, compression="lz4", maintain_order=True)
    if key:
        typed.filter("_keyed").select(*key, "_row").sink_parquet(keys, compression="lz4", maintain_order=True)
    return values, keys


def _same_records(
    db: duckdb.DuckDBPyConnection,
    files: Sequence[Path],
    castings: Sequence[Casting],
    contract: Contract,
    key: pl.DataFrame | None,
) -> pl.DataFrame:
    """Equal records have equal keys: with a key, only rows that repeat one are compared."""
    none = pl.DataFrame(schema={"row": pl.Int64, "first": pl.Int64})
    headings = [casting.heading for casting in castings if casting.heading]
    if contract.repeats == "keep" or (contract.key and (key is None or not key.height)):
        return none
    among = pl.concat([key["row"], key["first"]]).unique() if key is not None else None
    return repeats.identical(db, files, headings, among)


def _numbered(known: pl.DataFrame, files: Sequence[Path]) -> pl.DataFrame:
    """`other` as the number of the record, not its position."""
    raw = scan(files)
    positions = known["other"].drop_nulls().unique()
    if not len(positions):
        return known
    if OWN not in raw.collect_schema():
        return known.with_columns(pl.col("other") + 1)
    numbers = raw.select(pl.row_index().cast(pl.Int64).alias("other"), pl.col(OWN).cast(pl.Int64).alias("_number"))
    wanted = numbers.filter(pl.col("other").is_in(positions.implode())).collect()
    joined = known.join(wanted, on="other", how="left", maintain_order="left")
    return joined.select("row", "rule", pl.col("_number").alias("other"))


def _unique(identity: str, columns: tuple[str, ...], severity: str, waived: Collection[str]) -> TableRule:
    says = f"{identity if identity == 'key' else 'unique'} ({', '.join(columns)}): repeats record"
    level = "warning" if severity == "warning" else "error"
    rule = Rule(identity, level, says, waived=identity in waived, names_other=True)  # type: ignore[arg-type]
    return TableRule(rule, columns, lambda db, file: repeats.repeated(db, file, columns))


def _refer(columns: Sequence[str], target: Sequence[Path], to: Sequence[str]) -> Find:
    return lambda db, file: repeats.absent(db, file, columns, target, to).alias("row").to_frame()


def _total(column: str, by: Sequence[str], total: float, tolerance: float) -> Find:
    return lambda db, file: repeats.missing_total(db, file, column, by, total, tolerance)
