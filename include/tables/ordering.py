"""Rows in key order: ascending, missing first, text by its UTF-8 bytes; a large table by way of buckets."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

_BATCH = 262_144
_SAMPLE = 65_536
_SHARE = 12
"""A bucket takes this part of the memory, since sorting holds it more than once beside what is read and written."""


def ascending(table: pl.LazyFrame, names: Sequence[str]) -> tuple[bool, bool]:
    """Whether the rows of `table` are in order of columns `names`, missing first; whether neighbours all differ."""
    differing = True
    last: pl.DataFrame | None = None
    for batch in table.select(names).collect_batches(chunk_size=_BATCH):
        joined = batch if last is None else pl.concat([last, batch])
        steps = joined.select(above=_above(names), equal=pl.all_horizontal(_same(name) for name in names)).slice(1)
        differing = differing and not steps["equal"].any()
        if not (steps["above"] | steps["equal"]).all():
            return False, differing
        last = batch.tail(1)
    return True, differing


def _above(names: Sequence[str]) -> pl.Expr:
    first, *rest = names
    now, before = pl.col(first), pl.col(first).shift()
    above = pl.when(before.is_null()).then(now.is_not_null()).otherwise((now > before).fill_null(False))
    return above | (_same(first) & _above(rest)) if rest else above


def _same(name: str) -> pl.Expr:
    return pl.col(name).eq_missing(pl.col(name).shift())


def buckets(table: pl.LazyFrame, order: Sequence[str], memory_mb: int) -> pl.DataFrame:
    """The least rows, by columns `order`, of all buckets but the first; none where the whole table fits one."""
    rows = int(table.select(pl.len()).collect().item())
    row_bytes = table.head(_SAMPLE).collect().estimated_size() / min(max(rows, 1), _SAMPLE)
    number = int(rows * row_bytes / (memory_mb * 1_000_000 / _SHARE)) + 1
    if number == 1:
        return pl.DataFrame()
    sample = table.select(order).gather_every(max(rows // _SAMPLE, 1)).collect().sort(order, nulls_last=False)
    return sample.gather_every(-(-sample.height // number), offset=sample.height // number).unique(maintain_order=True)


def spread(table: pl.LazyFrame, edges: pl.DataFrame, scratch: Path) -> list[pl.LazyFrame]:
    """The rows of `table`, which is read once, in one frame a bucket, in the order of the buckets."""
    if not edges.height:
        return [table.collect(engine="streaming").lazy()]
    target = pl.PartitionBy(scratch / "buckets", key=_bucket(edges).alias("_bucket"), include_key=False)
    # uncompressed: squeezing what is read once and deleted costs more than the disk
    table.sink_ipc(target, compression="uncompressed", maintain_order=True, mkdir=True)
    folders = [scratch / "buckets" / f"_bucket={number}" for number in range(edges.height + 1)]
    return [pl.scan_ipc(folder, glob=False) for folder in folders if folder.exists()]


def in_order(spread: Sequence[pl.LazyFrame], order: Sequence[str]) -> Iterator[pl.DataFrame]:
    """All rows of the buckets by columns `order`."""
    for bucket in spread:
        yield bucket.collect().sort(order, nulls_last=False, maintain_order=True)


def _bucket(edges: pl.DataFrame) -> pl.Expr:
    """How many edges are at or below a row."""
    return pl.sum_horizontal(_from(edge).cast(pl.UInt16) for edge in edges.iter_rows(named=True))


def _from(edge: dict[str, object]) -> pl.Expr:
    """Whether a row is at `edge` or above it, by all of its columns."""
    (name, value), *rest = edge.items()
    column = pl.col(name)
    above = column.is_not_null() if value is None else (column > pl.lit(value)).fill_null(False)
    same = column.is_null() if value is None else column.eq_missing(pl.lit(value))
    return above | (same & _from(dict(rest))) if rest else above | same
