"""A verdict on every row: which relations hold on a day, and which exceptions explain that there is none."""

import datetime as dt

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

RELATION = (
    *("start_node", "end_node", "relationship_type", "relationship_status", "registration_status"),
    *("start_date", "end_date"),
)
EXCEPTION = ("lei", "category", "reason")
TYPES = {"direct": "IS_DIRECTLY_CONSOLIDATED_BY", "ultimate": "IS_ULTIMATELY_CONSOLIDATED_BY"}
_CATEGORIES = {
    "DIRECT_ACCOUNTING_CONSOLIDATION_PARENT": TYPES["direct"],
    "ULTIMATE_ACCOUNTING_CONSOLIDATION_PARENT": TYPES["ultimate"],
}
_LIVE = pl.col("skipped").is_null()


def judged_relations(relations: pl.DataFrame, ids: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    """`relations`, sorted, with why each is `skipped` on the day `as_of` (see parents.py), null where it holds.

    `ids`: columns id (sorted, each once) and row (its number). Of the relations that hold there is one at most for each
    entity and type, and they form no cycle.
    """
    rows = relations.select(pl.col(*RELATION[:5]).cast(pl.String), *RELATION[5:]).sort(RELATION, nulls_last=True)
    verdicts = _verdicts(rows, ids["id"], as_of)
    rows = rows.with_columns(
        skipped=pl.coalesce(
            pl.lit(None, pl.String), *(pl.when(true).then(pl.lit(why)) for why, true in verdicts.items())
        )
    )
    parent = ["start_node", "relationship_type", "skipped"]
    again = ~pl.struct(*parent, "end_node").is_first_distinct()
    rows = _skip(rows, "repeated", again)
    rows = _skip(rows, "two_parents", pl.col("end_node").n_unique().over(parent) > 1)
    rows = _skip(rows, "unknown_parent", ~pl.col("end_node").is_in(ids["id"].implode()))
    return _without_cycles(rows, ids)


def judged_exceptions(exceptions: pl.DataFrame, ids: pl.DataFrame, relations: pl.DataFrame) -> pl.DataFrame:
    """`exceptions`, sorted, with the type of relation that each explains, and why it is `skipped`.

    `relations` as judged: a relation that holds outweighs the exception to it.
    """
    rows = exceptions.select(pl.col(EXCEPTION).cast(pl.String)).sort(EXCEPTION, nulls_last=True)
    rows = rows.with_columns(
        relationship_type=pl.col("category").replace_strict(_CATEGORIES, default=None, return_dtype=pl.String),
        skipped=pl.lit(None, pl.String),
    )
    rows = _skip(rows, "unknown_entity", ~pl.col("lei").is_in(ids["id"].implode()).fill_null(False))
    rows = _skip(rows, "other_category", pl.col("relationship_type").is_null())
    rows = _skip(rows, "repeated", ~pl.struct(*EXCEPTION, "skipped").is_first_distinct())
    holding = relations.filter(_LIVE).select(pl.col("start_node").alias("lei"), "relationship_type", beside=True)
    rows = rows.join(holding, on=["lei", "relationship_type"], how="left", maintain_order="left")
    return _skip(rows, "beside_relation", pl.col("beside")).drop("beside")


def _skip(rows: pl.DataFrame, why: str, true: pl.Expr) -> pl.DataFrame:
    """`why` where `true` holds of a row that no earlier reason took."""
    return rows.with_columns(skipped=pl.when(_LIVE & true).then(pl.lit(why)).otherwise("skipped"))


def _verdicts(rows: pl.DataFrame, ids: pl.Series, as_of: dt.date) -> dict[str, pl.Expr]:
    """What can be said of a relation alone; the first that is true counts."""
    start, end, begins, ends = (pl.col(name) for name in (*RELATION[:2], *RELATION[5:]))
    first, last = (_day(name, rows) for name in RELATION[5:])
    unread = (first.is_null() & _filled(begins)) | (last.is_null() & _filled(ends))
    return {
        "end_missing": ~(_filled(start) & _filled(end)),
        "other_type": ~pl.col("relationship_type").is_in(list(TYPES.values())).fill_null(False),
        "inactive": pl.col("relationship_status").ne_missing("ACTIVE"),
        "not_published": ~pl.col("registration_status").is_in(["PUBLISHED", "LAPSED"]),
        "period_invalid": unread | (last < first),
        "not_started": first > as_of,
        "expired": last < as_of,
        "unknown_entity": ~start.is_in(ids.implode()),
        "self_loop": start == end,
    }


def _filled(column: pl.Expr) -> pl.Expr:
    return (column.cast(pl.String).str.strip_chars() != "").fill_null(False)


def _day(name: str, rows: pl.DataFrame) -> pl.Expr:
    """A date as it stands, or the day that ISO text begins with; null for text that doesn't."""
    if rows.schema[name].is_temporal():
        return pl.col(name).cast(pl.Date)
    return pl.col(name).cast(pl.String).str.strip_chars().str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)


def _without_cycles(rows: pl.DataFrame, ids: pl.DataFrame) -> pl.DataFrame:
    """Direct relations on a cycle of such go; then ultimate ones on a cycle of both. None holds after that."""
    for type_, over in ((TYPES["direct"], [TYPES["direct"]]), (TYPES["ultimate"], list(TYPES.values()))):
        links = numbered(rows.filter(_LIVE & pl.col("relationship_type").is_in(over)), ids)
        looped = _on_cycle(links["start"].to_numpy(), links["end"].to_numpy(), ids.height)
        found = links.filter(pl.Series(looped, dtype=pl.Boolean) & (pl.col("relationship_type") == type_))
        at_fault = found.select("start_node", "relationship_type", looped=True)
        rows = rows.join(at_fault, on=["start_node", "relationship_type"], how="left", maintain_order="left")
        rows = _skip(rows, "cycle", pl.col("looped")).drop("looped")
    return rows


def numbered(relations: pl.DataFrame, ids: pl.DataFrame) -> pl.DataFrame:
    """`relations` between known entities with the rows of both: columns start and end."""
    starts, ends = (ids.select(pl.col("row").alias(end), pl.col("id").alias(f"{end}_node")) for end in ("start", "end"))
    found = relations.join(starts, on="start_node", maintain_order="left")
    return found.join(ends, on="end_node", maintain_order="left")


def _on_cycle(starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.bool_]:
    """Which links lie on a cycle: both ends are in one strongly connected component. There are no loops of one."""
    if not len(starts):
        return np.zeros(0, dtype=np.bool_)
    graph = coo_array((np.ones(len(starts), dtype=np.int8), (starts, ends)), shape=(size, size))
    labels = connected_components(graph, connection="strong")[1]
    return np.asarray(labels[starts] == labels[ends])
