"""Why two names are, or are not, one entity: the values that decided, in words."""

from collections.abc import Mapping, Sequence

import polars as pl

_SPELLING = (
    (pl.col("same_full"), "same name"),
    (pl.col("same_words"), "same words"),
    (pl.col("same_core"), "same words but for the legal form"),
    (pl.col("sorted") >= 99.9, "same words, other order"),
    (pl.col("same_letters") == 1, "same letters, other spaces"),
    (pl.col("initials") == 1, "initials of the other's words"),
    ((pl.col("core_soft_a") > 0.999) & (pl.col("core_exact_b") < 0.999), "all words of the name in a longer one"),
    ((pl.col("core_soft_b") > 0.999) & (pl.col("core_exact_a") < 0.999), "a longer name with all words of the other"),
    ((pl.col("core_soft_a") > 0.85) & (pl.col("core_soft_b") > 0.85), "words abbreviated or spelt otherwise"),
    ((pl.col("core_soft_a") > 0.5) | (pl.col("core_soft_b") > 0.5), "some words in common"),
)


def reasons(pairs: pl.DataFrame, left: pl.DataFrame, right: pl.DataFrame) -> pl.Series:
    """A sentence for each of `pairs` (with FEATURES), whose folded names are the rows of left and of right.

    "same words, other order; legal form gmbh against ag; same country".
    """
    names = {f"{column}_a": left[column] for column in ("full", "core", "words", "form", "country", "designation")}
    names |= {f"{column}_b": right[column] for column in ("full", "core", "words", "form", "country", "designation")}
    frame = pairs.rename({"country": "country_agrees", "form": "form_agrees"}).with_columns(
        **{name: values.cast(pl.String).fill_null("") for name, values in names.items()}
    )
    told = pl.concat_list(_spelling(), _words("a"), _words("b"), _number(), _form(), _country(), _security(), _others())
    return (
        frame.with_columns(same_full=pl.col("full_a") == pl.col("full_b"))
        .select(told.list.drop_nulls().list.join("; ").alias("reasons"))
        .to_series()
    )


def _spelling() -> pl.Expr:
    conditions: Sequence[tuple[pl.Expr, str]] = _SPELLING
    shared = pl.col("rarest_shared_a") > 0
    chosen = pl.when(shared).then(pl.lit("only frequent words in common")).otherwise(pl.lit("no word in common"))
    for condition, words in reversed(conditions):
        chosen = pl.when(condition.cast(pl.Boolean)).then(pl.lit(words)).otherwise(chosen)
    return chosen


def _words(side: str) -> pl.Expr:
    """Words of one name that the other lacks, at most three."""
    other: Mapping[str, str] = {"a": "b", "b": "a"}
    lacking = pl.col(f"core_{side}").str.split(" ").list.set_difference(pl.col(f"core_{other[side]}").str.split(" "))
    text = {"a": "not in the register's name: {}", "b": "only in the register's name: {}"}[side]
    return pl.when(lacking.list.len() > 0).then(pl.format(text, lacking.list.head(3).list.join(", ")))


def _number() -> pl.Expr:
    apart = (pl.col("number_lost_a") > 0) | (pl.col("number_lost_b") > 0)
    return pl.when(apart).then(pl.lit("another number"))


def _form() -> pl.Expr:
    return (
        pl.when(pl.col("form_agrees") == 1)
        .then(pl.format("legal form {}", pl.col("form_a")))
        .when(pl.col("form_agrees") == -1)
        .then(pl.format("legal form {} against {}", pl.col("form_a"), pl.col("form_b")))
        .when((pl.col("form_a") != "") | (pl.col("form_b") != ""))
        .then(pl.format("legal form {} in one of them only", pl.col("form_a") + pl.col("form_b")))
    )


def _country() -> pl.Expr:
    return (
        pl.when(pl.col("country_agrees") == 1)
        .then(pl.lit("same country"))
        .when(pl.col("country_agrees") == -1)
        .then(pl.format("country {} against {}", pl.col("country_a"), pl.col("country_b")))
        .otherwise(pl.lit("country unknown"))
    )


def _security() -> pl.Expr:
    return pl.when(pl.col("designation_a") != "").then(pl.format("'{}' left aside", pl.col("designation_a")))


def _others() -> pl.Expr:
    several = pl.col("rivals_core") > 1
    same = (pl.col("same_core") == 1) & several
    return pl.when(same).then(pl.format("{} entities of this name", pl.col("rivals_core").cast(pl.Int64)))
