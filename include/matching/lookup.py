"""Identifiers of mentions, looked up in the register: which entities they name, and what is wrong with the others."""

import polars as pl

from .identifiers import KINDS, Kind, read
from .index import Index


def identified(mentions: pl.DataFrame, index: Index) -> pl.DataFrame:
    """A row for each mention, kind and entity: mention, kind, published, value, state, note, entity (u32|null, a row).

    `mentions` has the column mention and any of given_lei, given_isin, given_cik, given_other. state: "sound",
    "repaired" or "wrong" (see identifiers.read), or "unknown" for one that the register lacks, or "unread" where the
    register has no identifiers of that kind. LEIs are looked up in the register's ids unless it has a column lei; the
    other kinds in its columns of that name, lists or texts with semicolons between. note is what a person should know,
    null for "unread".
    """
    parts = [_of_kind(mentions, kind, index) for kind in KINDS if f"given_{kind}" in mentions.columns]
    return pl.concat([_NONE, *parts]).sort("mention", maintain_order=True)


_NONE = pl.DataFrame(
    schema={
        "mention": pl.UInt32,
        "kind": pl.String,
        "published": pl.String,
        "value": pl.String,
        "state": pl.String,
        "note": pl.String,
        "entity": pl.UInt32,
    }
)


def _of_kind(mentions: pl.DataFrame, kind: Kind, index: Index) -> pl.DataFrame:
    given = mentions[f"given_{kind}"]
    told = read(given, kind).with_columns(mention=mentions["mention"].cast(pl.UInt32), published=given)
    told = told.filter(pl.col("state") != "absent")
    known = _known(index, kind, told["value"].drop_nulls().unique())
    label, value = kind.upper() if kind != "other" else "identifier", pl.col("value")
    if known is None:
        found = told.with_columns(entity=pl.lit(None, pl.UInt32), state=pl.lit("unread"), note=pl.lit(None, pl.String))
    else:
        found = told.join(known, on="value", how="left", maintain_order="left_right")
        unknown = value.is_not_null() & pl.col("entity").is_null()
        note = (
            pl.when(unknown).then(pl.format(f"{label} {{}} is not in the register", value))
            .when(value.is_null()).then(pl.col("why"))
            .when(pl.col("why").is_not_null()).then(pl.format(f"{label} as given, {{}}", pl.col("why")))
            .otherwise(pl.lit(f"{label} as given"))
        )  # fmt: skip
        found = found.with_columns(
            note=note, state=pl.when(unknown).then(pl.lit("unknown")).otherwise("state"), entity="entity"
        )
    return found.with_columns(kind=pl.lit(kind)).select(_NONE.columns)


def _known(index: Index, kind: Kind, wanted: pl.Series) -> pl.DataFrame | None:
    """Which rows of the register have which of the `wanted` values; None where it has no identifiers of that kind."""
    columns = index.entities.column_names
    if kind == "lei" and "lei" not in columns:
        return _rows(_column(index, "id"), wanted)
    if kind not in columns:
        return None
    held = _column(index, kind)
    lists = held if held.dtype == pl.List else held.str.split(";")
    every = lists.to_frame("value").with_row_index("entity").explode("value")
    every = every.with_columns(value=read(every["value"], kind)["value"]).drop_nulls().unique(maintain_order=True)
    return every.filter(pl.col("value").is_in(wanted.implode()))


def _column(index: Index, name: str) -> pl.Series:
    return pl.Series(pl.from_arrow(index.entities[name]))


def _rows(ids: pl.Series, wanted: pl.Series) -> pl.DataFrame:
    held = ids.to_frame("value").with_row_index("entity").lazy()
    return held.join(wanted.to_frame("value").lazy(), on="value", how="semi").sort("entity").collect()
