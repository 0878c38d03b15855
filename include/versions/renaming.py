"""Names in a table that its cells don't hold any more, and those that they hold instead."""

from collections.abc import Sequence

import polars as pl

from ..diff.compare import Side
from ..tables import parquet


def renamed(before: Side, after: Side, columns: Sequence[str], gone: pl.Series, came: pl.Series) -> pl.DataFrame | None:
    """Columns was_name and now_name: a name of `gone` that the row of the same key has one of `came` for.

    `columns` hold the names, before and after. None where the key is not the same, or tells nothing.
    """
    key = list(after.schema.key)
    known = [{column.name: column.type for column in side.schema.columns} for side in (before, after)]
    same = [name for name in key if known[0].get(name) == known[1].get(name)]
    told = all(column in of for column, of in zip(columns, known, strict=True))
    if not key or same != key or list(before.schema.key) != key or not told or gone.is_empty() or came.is_empty():
        return None
    was, now = (
        parquet.scan(list(side.files)).select(*key, pl.col(column).cast(pl.String).alias(name)).filter(
            pl.col(name).is_in(names.implode())
        )
        for side, column, name, names in (
            (before, columns[0], "was_name", gone), (after, columns[1], "now_name", came)
        )
    )  # fmt: skip
    return was.join(now, on=key, how="inner", nulls_equal=True).select("was_name", "now_name").unique().collect()
