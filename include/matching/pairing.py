"""Which mention of one version is which of another: the same, or the same under other facts as published."""

from collections.abc import Sequence

import polars as pl

SAME, NEW, GONE = "same", "new", "gone"
OTHER_IDENTIFIERS = "identifier as published changed"
OTHER_COUNTRY = "country as published changed"
OTHER_NAME = "name as published changed"
_GIVEN, _COUNTRY = "given_", "given_country"


def paired(before: pl.DataFrame, after: pl.DataFrame, renamed: pl.DataFrame | None = None) -> pl.DataFrame:
    """Rows of two matches.parquet beside each other: columns of before as was_…, of after as now_…, and `pair`.
    `given` are the identifiers in one text.

    A mention is the same by name and all that is given with it. Of the rest, those are paired that are the only ones
    left of their name and country, of their name, of a name that is `renamed` (columns was_name, now_name: a cell of
    the table that holds another name now), or of the entity that they are linked to. `pair` says which: SAME,
    OTHER_IDENTIFIERS, OTHER_COUNTRY, OTHER_NAME; NEW and GONE are on one side only, and null on the other.
    """
    given = sorted({name for side in (before, after) for name in side.columns if name.startswith(_GIVEN)})
    was, now = (_side(side, given, prefix) for side, prefix in ((before, "was_"), (after, "now_")))
    steps = [
        (SAME, ["name", *given]),
        (OTHER_IDENTIFIERS, ["name", _COUNTRY]),
        (OTHER_COUNTRY, ["name"]),
        *([(OTHER_NAME, ["called"])] if renamed is not None else []),
        (OTHER_NAME, ["entity_id"]),
    ]
    if renamed is not None:
        was = _called(was, renamed)
        now = now.with_columns(now_called=pl.col("now_name"))
    found = []
    for pair, keys in steps:
        one = _joined(was, now, keys, all_of=pair == SAME).with_columns(pair=pl.lit(pair))
        was, now = (side.join(one, on=number, how="anti") for side, number in ((was, "was_row"), (now, "now_row")))
        found.append(one)
    rest = (was.with_columns(pair=pl.lit(GONE)), now.with_columns(pair=pl.lit(NEW)))
    return pl.concat([*found, *rest], how="diagonal_relaxed").drop(
        "was_row", "now_row", "was_called", "now_called", strict=False
    )


def _side(side: pl.DataFrame, given: Sequence[str], prefix: str) -> pl.DataFrame:
    absent = [pl.lit(None, pl.String).alias(name) for name in given if name not in side.columns]
    told = [pl.lit(name.removeprefix(_GIVEN).upper() + " ") + pl.col(name) for name in given if name != _COUNTRY]
    identifiers = pl.concat_str(told, separator=", ", ignore_nulls=True) if told else pl.lit("")
    whole = side.with_columns(*absent).with_columns(given=pl.when(identifiers != "").then(identifiers))
    return whole.with_row_index("row").rename(lambda name: prefix + name)


def _called(was: pl.DataFrame, renamed: pl.DataFrame) -> pl.DataFrame:
    """Before's mentions with the name that the table's cells have now, where all agree on one."""
    one = renamed.unique(["was_name", "now_name"]).unique("was_name", keep="none")
    called = one.select("was_name", pl.col("now_name").alias("was_called"))
    return was.join(called, on="was_name", how="left", maintain_order="left")


def _joined(was: pl.DataFrame, now: pl.DataFrame, keys: Sequence[str], all_of: bool) -> pl.DataFrame:
    """Rows of both that are equal in `keys`, null like any value if `all_of`; else only those told apart by them."""
    sides = []
    for side, prefix in ((was, "was_"), (now, "now_")):
        on = [prefix + key for key in keys]
        sides.append(side if all_of else side.filter(pl.col(on[0]).is_not_null()).unique(on, keep="none"))
    on_was, on_now = ([prefix + key for key in keys] for prefix in ("was_", "now_"))
    return sides[0].join(sides[1], left_on=on_was, right_on=on_now, how="inner", nulls_equal=True, coalesce=False)
