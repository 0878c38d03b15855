"""validate: an extracted table becomes a version's table, quarantine, quality.json and reports, or is blocked."""

import datetime as dt
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandera.polars as pa
import polars as pl

from ..contracts.columns import TableSchema
from ..contracts.evolution import breaking
from ..contracts.model import Contract
from ..tables import parquet
from ..tables.types import polars_type
from . import across, records, report
from .casting import Casting
from .checks import prepare
from .expectations import Finding, Previous, Result, judge, waived
from .matching import Matched, castings, check_types, difference, match
from .quality import Quality, Tally, to_json
from .split import Split, quarantine_layout, typed
from .verdict import Counted, Verdict, balance
from .writing import write


def validate(
    extracted: Path,
    schema: pa.DataFrameSchema,
    table: TableSchema,
    contract: Contract,
    previous: Previous | None,
    references: Mapping[str, Sequence[Path]],
    into: Path,
    memory_mb: int = 1024,
    *,
    today: dt.date,
    counted: Counted | None = None,
) -> Verdict:
    """Write into `into`: table/, quarantine.parquet, quality.json, report.md, report.html; the verdict says what to do.

    `extracted` is a Parquet file, or a folder of such files in order, under the source's headings, with `_record`, the
    number of the source record. `references` are the Parquet files of each dataset that the contract refers to.
    `today` decides which waivers are in force. Rows larger than memory are read, checked and written in batches.
    Raises ContractError where a check can't run or a column holds lists or structs, DataError where the account doesn't
    balance.
    """
    files = records.files(extracted)
    raw = records.scan(files)
    total = int(raw.select(pl.len()).collect().item())
    counted = counted or Counted(total)
    into.mkdir(parents=True, exist_ok=True)
    matched = match(schema, raw.collect_schema().names(), contract.source.ignore)
    if matched.missing or matched.unexpected:
        return _blocked_by_headings(schema, table, contract, matched, raw, previous, into, counted, total)
    check_types(matched, schema, raw)
    suspended = waived(contract, today)
    how = castings(table, schema, matched, contract.source)
    scratch = Path(tempfile.mkdtemp(prefix=".scratch-", dir=into))
    try:
        found = across.rules(contract, _uniques(schema), references, suspended)
        repeated = across.repeats_rule(contract)
        more = ([repeated] if repeated else []) + [item.rule for item in found]
        checks = prepare(schema, how, suspended, more)
        read = _typed(how, raw, table)
        seen = across.look(files, read, how, checks, found, contract, scratch, memory_mb)
        split = Split(raw, how, checks, table, into / "quarantine.parquet")
        good = split.good(seen.known, seen.merged)
        parts = write(good, seen.in_key_order, read, table, contract.partition, into / "table", scratch, memory_mb)
    finally:
        shutil.rmtree(scratch)
    for tally in split.tallies:
        tally.groups = seen.groups.get(tally.rule.id)
    counts, reasons = _account(split, counted, len(seen.merged))
    rejected = counts["rejected"]
    nulls = split.profile.nulls()
    result = Result(counts["records"], split.published, split.quarantined, rejected, nulls, table, parts)
    findings = judge(contract, result, previous, suspended) + _unresolved(contract, references)
    columns = split.profile.result(parts)
    return _conclude(
        contract, table, previous, into, counts, reasons, split.tallies, findings, [], columns, suspended,
        counted.examples,
    )  # fmt: skip


def _typed(how: Sequence[Casting], raw: pl.LazyFrame, table: TableSchema) -> pl.LazyFrame:
    """The raw rows, cast, with `_row`, their position, and `_keyed`: every column of the key was read."""
    types = raw.collect_schema()
    keyed = [pl.lit(True)]
    for casting in how:
        if casting.name in table.key and casting.heading:
            read = casting.expression(types[casting.heading]).is_not_null()
            nullable = table.column(casting.name).nullable
            keyed.append(read | ~casting.given(types[casting.heading]) if nullable else read)
    row = pl.row_index().cast(pl.Int64).alias("_row")
    return raw.select(row, *(typed(casting, types) for casting in how), pl.all_horizontal(keyed).alias("_keyed"))


def _uniques(schema: pa.DataFrameSchema) -> list[str]:
    return [name for name, column in schema.columns.items() if column.unique]


def _account(split: Split, counted: Counted, merged: int) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    reasons = {
        "rejected": dict(counted.rejected),
        "merged": dict(counted.merged) | ({"repeats: equal in every column": merged} if merged else {}),
        "added": dict(counted.added),
        "quarantined": {t.rule.id: t.failures for t in split.tallies if t.failures and t.rule.keeps_back},
    }
    counts = {
        "records": counted.records,
        "added": sum(counted.added.values()),
        "published": split.published,
        "quarantined": split.quarantined,
        "rejected": sum(counted.rejected.values()),
        "merged": sum(reasons["merged"].values()),
    }
    return counts, reasons


def _unresolved(contract: Contract, references: Mapping[str, Sequence[Path]]) -> list[Finding]:
    missing = sorted(
        {r.dataset for r in contract.expect.references} - {name for name, files in references.items() if files}
    )
    return [
        Finding(f"references.{name}", False, "no published version", "one to refer to", f"Publish {name} first.")
        for name in missing
    ]


def _blocked_by_headings(
    schema: pa.DataFrameSchema,
    table: TableSchema,
    contract: Contract,
    matched: Matched,
    raw: pl.LazyFrame,
    previous: Previous | None,
    into: Path,
    counted: Counted,
    total: int,
) -> Verdict:
    """No row can be judged: all are counted as rejected, and the difference says what changed."""
    problems = difference(matched, schema, raw, previous.table() if previous else None)
    rejected = {**counted.rejected, "not judged: the source's columns changed": total}
    counts = {
        "records": counted.records,
        "added": sum(counted.added.values()),
        "published": 0,
        "quarantined": 0,
        "rejected": sum(rejected.values()),
        "merged": sum(counted.merged.values()),
    }
    reasons = {"rejected": rejected, "merged": dict(counted.merged), "added": dict(counted.added), "quarantined": {}}
    nothing = pl.DataFrame(schema={c.name: polars_type(c.type) for c in table.columns})
    parquet.sink(nothing.lazy(), table, into / "table")
    quarantine_layout([column.name for column in table.columns], into / "quarantine.parquet")
    return _conclude(contract, table, previous, into, counts, reasons, [], [], problems, {}, {}, counted.examples)


def _conclude(
    contract: Contract,
    table: TableSchema,
    previous: Previous | None,
    into: Path,
    counts: dict[str, int],
    reasons: dict[str, dict[str, int]],
    tallies: list[Tally],
    findings: list[Finding],
    problems: list[str],
    columns: dict[str, dict[str, object]],
    suspended: Mapping[str, object],
    examples: Mapping[str, str],
) -> Verdict:
    balance(counts)
    problems = problems + [str(finding) for finding in findings if finding.blocks]
    changes = breaking(table, previous.schema) if previous else []
    quality = Quality(
        title=contract.title,
        owner=contract.owner,
        outcome="blocked" if problems else "done",
        counts=counts,
        reasons=reasons,
        tallies=tallies,
        findings=findings,
        problems=problems,
        breaking=changes,
        waivers=[waiver for waiver in contract.waive if waiver.rule in suspended],
        columns=columns,
        examples=examples,
    )
    for name, text in (
        ("quality.json", to_json(quality)),
        ("report.md", report.markdown(quality)),
        ("report.html", report.html(quality)),
    ):
        (into / name).write_text(text, encoding="utf-8")
    warnings = {t.rule.id: t.failures for t in tallies if t.failures and not t.rule.keeps_back}
    return Verdict("blocked" if problems else "done", counts, reasons, tuple(problems), tuple(changes), warnings)
