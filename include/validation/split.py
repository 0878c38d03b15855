"""One pass over the records: cast and check a batch, yield its good rows, keep back the others with every reason."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from ..contracts.columns import TableSchema
from .casting import Casting
from .checks import Checks, batch_failures, failures, of_rule
from .profile import Profile
from .quality import SAMPLES, Tally
from .reasons import Reasons
from .records import OWN

BATCH = 131_072


class Split:
    """Where the rows of a table go. Iterate `good()` once; then the counts, tallies and profile are complete."""

    def __init__(
        self, raw: pl.LazyFrame, castings: Sequence[Casting], checks: Checks, table: TableSchema, quarantine: Path
    ) -> None:
        self._layout = quarantine_layout([casting.name for casting in castings])
        self._raw, self._castings, self._checks, self._quarantine = raw, castings, checks, quarantine
        self._types = dict(raw.collect_schema())
        restricted = {column.name for column in table.columns if column.sensitivity == "restricted"}
        self._reasons = Reasons(checks.rules, {c.name: c.heading for c in castings}, restricted)
        self._required = {column.name for column in table.columns if not column.nullable}
        self.tallies = [Tally(rule) for rule in checks.rules]
        self.profile = Profile(table)
        self.published = self.quarantined = 0

    def good(self, known: pl.DataFrame, merged: pl.Series) -> Iterator[pl.DataFrame]:
        """Batches of rows to publish, in the order of the records.

        `known` are the FAILURE rows found over the whole table; rows at positions `merged` are left out.
        """
        back = pl.Series([rule.keeps_back for rule in self._checks.rules], dtype=pl.Boolean)
        with pq.ParquetWriter(self._quarantine, self._layout, compression="zstd") as writer:
            offset = 0
            for raw in _batches(self._raw):
                read = raw.select(typed(casting, self._types) for casting in self._castings)
                found = self._found(raw, read, known, offset)
                gone = merged.filter(merged.is_between(offset, offset + raw.height - 1)) - offset
                found = found.filter(~pl.col("row").is_in(gone.implode())) if len(gone) else found
                bad = found.filter(back.gather(found["rule"]))["row"].unique().sort() if found.height else gone.clear()
                if found.height:
                    self._count(raw, read, found, bad, offset, writer)
                offset += raw.height
                good = _without(read, pl.concat([bad, gone]))
                self.published += good.height
                self.profile.add(good)
                yield good

    def _found(self, raw: pl.DataFrame, typed: pl.DataFrame, known: pl.DataFrame, offset: int) -> pl.DataFrame:
        found = [batch_failures(self._checks, typed)]
        for casting in self._castings:
            if typed[casting.name].null_count():
                found += self._nulls(raw, typed[casting.name].is_null(), casting)
        here = known.filter(pl.col("row").is_between(offset, offset + typed.height - 1))
        return failures(*found, here.with_columns(pl.col("row") - offset))

    def _nulls(self, raw: pl.DataFrame, null: pl.Series, casting: Casting) -> Iterator[pl.DataFrame]:
        """Failures of values that can't be read, and of missing ones where a column must have them."""
        given = pl.lit(False)
        if casting.heading:
            given = casting.given(self._types[casting.heading])
        unread = raw.select(pl.lit(null) & given).to_series()
        yield of_rule(self._checks.places[f"{casting.name}.type"], unread.arg_true())
        if casting.name in self._required:
            yield of_rule(self._checks.places[f"{casting.name}.nullable"], (null & ~unread).arg_true())

    def _count(
        self,
        raw: pl.DataFrame,
        typed: pl.DataFrame,
        found: pl.DataFrame,
        bad: pl.Series,
        offset: int,
        writer: pq.ParquetWriter,
    ) -> None:
        records = (
            raw[OWN].cast(pl.Int64) if OWN in raw.columns else pl.int_range(1, raw.height + 1, eager=True) + offset
        )
        said = self._reasons.of(found, raw, typed).with_columns(records.gather(found["row"]).alias("record"))
        for rule, rows in said.partition_by("rule", as_dict=True, maintain_order=True).items():
            tally = self.tallies[int(str(rule[0]))]
            tally.failures += rows.height
            tally.samples += rows.head(SAMPLES - len(tally.samples)).select("record", "sample").rows()
        self.quarantined += len(bad)
        if len(bad):
            writer.write_table(self._kept_back(raw, said, bad, records))

    def _kept_back(self, raw: pl.DataFrame, said: pl.DataFrame, bad: pl.Series, records: pl.Series) -> pa.Table:
        back = [number for number, tally in enumerate(self.tallies) if tally.rule.keeps_back]
        reasons = said.filter(pl.col("rule").is_in(back)).group_by("row", maintain_order=True).agg("reason").sort("row")
        kept = raw[bad].select(_as_text(casting) for casting in self._castings)
        kept = kept.insert_column(0, records.gather(bad).alias("record"))
        kept = kept.insert_column(1, reasons["reason"].alias("reasons"))
        return kept.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(self._layout)


def _batches(raw: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    """Batches of exactly BATCH rows, the last one shorter, so that nothing depends on threads."""
    rest: pl.DataFrame | None = None
    for frame in raw.collect_batches(chunk_size=BATCH, maintain_order=True):
        rest = frame if rest is None or not rest.height else pl.concat([rest, frame])
        while rest.height >= BATCH:
            yield rest.head(BATCH).rechunk()
            rest = rest.slice(BATCH)
    if rest is not None and rest.height:
        yield rest.rechunk()


def typed(casting: Casting, types: Mapping[str, pl.DataType]) -> pl.Expr:
    """The column of `casting`, wholly missing where the raw data don't have it."""
    if not casting.heading:
        return pl.lit(None, casting.dtype).alias(casting.name)
    return casting.expression(types[casting.heading])


def _as_text(casting: Casting) -> pl.Expr:
    if not casting.heading:
        return pl.lit(None, pl.String).alias(casting.name)
    return pl.col(casting.heading).cast(pl.String).alias(casting.name)


def quarantine_layout(names: Sequence[str], file: Path | None = None) -> pa.Schema:
    """The layout of quarantine.parquet (FORMAT.md); with `file`, an empty one is written there."""
    texts = [pa.field(name, pa.large_string()) for name in names]
    layout = pa.schema([pa.field("record", pa.int64()), pa.field("reasons", pa.large_list(pa.large_string())), *texts])
    if file:
        pq.write_table(layout.empty_table(), file, compression="zstd")
    return layout


def _without(typed: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    if not len(rows):
        return typed
    return typed.filter(~pl.int_range(typed.height, eager=True).is_in(rows.implode()))
