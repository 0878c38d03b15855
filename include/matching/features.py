"""What tells a right pair from a wrong one, as numbers: computed for many pairs at once, the same for any order."""

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from .alignment import Floats, Frequencies, Ints, alignment, counts
from .spelling import spelling

_LISTED = (
    "ratio sorted set partial jaro_winkler words_ratio canonical_ratio full_ratio unspaced prefix prefix_a "
    "prefix_b in_order_a in_order_b letters_a letters_b same_letters begins_with_initials_a "
    "begins_with_initials_b initials exact_a soft_a core_exact_a core_soft_a weight_a lost_a rarest_lost_a "
    "rarest_shared_a number_lost_a first_a last_lost_a words_a least_a exact_b soft_b core_exact_b core_soft_b "
    "weight_b lost_b rarest_lost_b rarest_shared_b number_lost_b first_b last_lost_b words_b least_b no_form_a "
    "no_country_a designated_a capitals_a receipt_a filing_a successor_a fund_a person_a no_form_b no_country_b "
    "designated_b capitals_b receipt_b filing_b successor_b fund_b person_b share_only_a share_only_b share_same "
    "share_conflict same_core same_sorted same_words same_designation same_first same_last country receipt_of_us "
    "h_share form last_form namesakes_a namesakes_b lost_both lost_either soft_product number_conflict "
    "core_namesakes core_weight core_filing core_designated first_weight capitals_alike no_country_capitals_b "
    "left_weight_a left_weight_b country_core rough ratio_behind core_soft_a_behind core_soft_b_behind "
    "words_ratio_behind full_ratio_behind unspaced_behind in_order_a_behind in_order_b_behind sorted_behind "
    "soft_a_behind rarest_shared_a_behind country_behind canonical_ratio_behind rank gap rivals_word rivals_first "
    "rivals_country rivals_core rivals_words small_a small_b vehicle_a vehicle_b spelt_a spelt_b ratio_at_home "
    "words_ratio_at_home core_soft_a_at_home core_soft_b_at_home core_exact_a_at_home rank_at_home rivals_at_home "
    "as_soft"
)
FEATURES: tuple[str, ...] = (*_LISTED.split(),)
"""Of a pair; _a is the mention's side, _b the register's, _behind the distance to the best candidate of the mention,
_at_home that to the best one of the same country, as far as it is known."""

_CLASS = r"(?:class|cl|series)?\s*\b([a-z])(?: shs| shares)?$"
_RECEIPT = r"\b(?:adr|gdr|ads|gds|pk)\b"
_FILING = r"[/\\] ?[A-Za-z]{2,3}[/\\]?\s*$"
"""The state or the country that the SEC adds to a name which more than one registrant bears."""
_SUCCESSOR = r"(?i)[/\\] ?new[/\\]?\s*$"
_VEHICLE = r"\b(?:funds?|trusts?|portfolios?|etf|income|bond|municipals?|series|partners|investors)\b"
"""Words of those that invest, whose names are often that of who manages them and some more."""
_COMPARED = (
    *("ratio", "core_soft_a", "core_soft_b", "words_ratio", "full_ratio", "unspaced", "in_order_a", "in_order_b"),
    *("sorted", "soft_a", "rarest_shared_a", "country", "canonical_ratio"),
)
_SIGNED = ("country", "form", "last_form")
_SAME = (*_SIGNED, "share", "designation", "first", "last")
"""Compared where both names have one."""
_AT_HOME = ("ratio", "words_ratio", "core_soft_a", "core_soft_b", "core_exact_a")


def features(mentions: pl.DataFrame, register: pl.DataFrame, pairs: pl.DataFrame, known: Frequencies) -> pl.DataFrame:
    """`pairs` (columns mention and entity, rows of the folded frames) with the columns of FEATURES, f32, no nulls.

    mentions and register are folded (folding.fold) and have name and country; register may have a category. A mention
    is found by the column mention of mentions, where there is one, else it is the row. Candidates of one mention are
    compared with each other, so all of them belong into one call.
    """
    a, b = _rows(mentions, pairs["mention"]), pairs["entity"].to_numpy().astype(np.int64)
    rows = {**_of_one(mentions, a, "a"), **_of_one(register, b, "b")}
    told = {**spelling(mentions, register, a, b), **alignment(mentions, register, (a, b), known), **rows}
    told |= _agreement(mentions, register, a, b) | _ambiguity(mentions, register, a, b, known)
    told |= _together(told)
    frame = pairs.with_columns(pl.Series(name, values, dtype=pl.Float32) for name, values in told.items())
    homes = register["country"].cast(pl.String).hash().to_numpy()
    return _among_candidates(frame, pl.Series(homes[b]))


def _rows(mentions: pl.DataFrame, wanted: pl.Series) -> Ints:
    """Rows of `wanted` mentions: by their column mention, or, where there is none, as they are."""
    if "mention" not in mentions.columns:
        return wanted.to_numpy().astype(np.int64)
    known = mentions["mention"].to_numpy().astype(np.int64)
    order = np.argsort(known, kind="stable")
    return order[np.searchsorted(known, wanted.to_numpy().astype(np.int64), sorter=order)]


def _of_one(frame: pl.DataFrame, rows: Ints, side: str) -> dict[str, Floats]:
    name, designation = pl.col("name"), pl.col("designation")
    category = pl.col("category") if "category" in frame.columns else pl.lit(None, pl.String)
    told = frame.select(
        no_form=pl.col("form") == "",
        no_country=pl.col("country").is_null(),
        designated=designation != "",
        capitals=name.str.contains("[a-z]").not_(),
        receipt=pl.col("full").str.contains(_RECEIPT),
        filing=name.str.contains(_FILING),
        successor=name.str.contains(_SUCCESSOR),
        small=name.str.contains("[A-Z]").not_() & name.str.contains("[a-z]"),
        vehicle=pl.col("words").str.count_matches(_VEHICLE),
        fund=category == "FUND",
        person=category == "SOLE_PROPRIETOR",
    ).cast(pl.Float32)
    return {f"{column}_{side}": told[column].fill_null(0).gather(rows).to_numpy() for column in told.columns}


def _agreement(mentions: pl.DataFrame, register: pl.DataFrame, a: Ints, b: Ints) -> dict[str, Floats]:
    one, two = _facts(mentions, a), _facts(register, b)
    same = {name: (one[name] == two[name]) & one[f"{name}_given"] & two[f"{name}_given"] for name in _SAME}
    share, other = one["share_given"], two["share_given"]
    kinds = {
        "share_only_a": share & ~other,
        "share_only_b": ~share & other,
        "share_same": same["share"],
        "share_conflict": share & other & ~same["share"],
        "same_designation": same["designation"],
        "same_core": one["core"] == two["core"],
        "same_words": one["words"] == two["words"],
        "same_sorted": one["sorted"] == two["sorted"],
        "same_first": same["first"],
        "same_last": same["last"],
    }
    told = {name: values.astype(np.float32) for name, values in kinds.items()}
    signed = {name: _signed(same[name], one[f"{name}_given"] & two[f"{name}_given"]) for name in _SIGNED}
    return (
        told
        | signed
        | {
            "receipt_of_us": one["receipt"] * np.where(two["of_us"], 1, -1).astype(np.float32),
            "h_share": one["h_share"] * np.where(two["capitals"], 1, -1).astype(np.float32),
        }
    )


def _facts(frame: pl.DataFrame, rows: Ints) -> dict[str, npt.NDArray[Any]]:
    """What is compared of each of `rows`: texts as their hashes, and whether they are given."""
    name, core = pl.col("name"), pl.col("core")
    texts = frame.select(
        *("core", "words", "form", "designation"),
        country=pl.col("country").cast(pl.String),
        last_form=pl.col("form").str.split(" ").list.last(),
        share=pl.col("designation").str.extract(_CLASS),
        sorted=core.str.split(" ").list.sort().list.join(" "),
        first=core.str.extract(r"^(\S+)"),
        last=core.str.extract(r"(\S+)$"),
    )
    told = texts.with_columns(pl.all().fill_null("").hash())
    given = texts.select((pl.col(_SAME) != "").fill_null(False).name.suffix("_given"))
    others = frame.select(
        receipt=pl.col("full").str.contains(_RECEIPT).cast(pl.Float32),
        of_us=(pl.col("country").cast(pl.String) == "US").fill_null(False),
        capitals=name.str.contains("[a-z]").not_().fill_null(False),
        h_share=(pl.col("designation").str.extract(_CLASS) == "h").fill_null(False).cast(pl.Float32),
    )
    columns = pl.concat([told, given, others], how="horizontal")
    return {column: columns[column].to_numpy()[rows] for column in columns.columns}


def _signed(same: npt.NDArray[np.bool_], given: npt.NDArray[np.bool_]) -> Floats:
    """1 where both are given and equal, -1 where both are given and differ, else 0."""
    return np.where(given, np.where(same, 1, -1), 0).astype(np.float32)


def _ambiguity(
    mentions: pl.DataFrame, register: pl.DataFrame, a: Ints, b: Ints, known: Frequencies
) -> dict[str, Floats]:
    """How many names of the register fold to the same core."""
    told = {}
    for side, frame, rows in (("a", mentions, a), ("b", register, b)):
        counted = np.log1p(counts(frame["core"], known.cores["core"], known.cores["count"]))
        told[f"namesakes_{side}"] = counted[rows].astype(np.float32)
    return told


def _together(told: dict[str, Floats]) -> dict[str, Floats]:
    """What only two features together tell, for a model that adds up one at a time."""
    lost_a, lost_b = told["rarest_lost_a"], told["rarest_lost_b"]
    return {
        "lost_both": np.minimum(lost_a, lost_b),
        "lost_either": np.maximum(lost_a, lost_b),
        "soft_product": told["core_soft_a"] * told["core_soft_b"],
        "number_conflict": told["number_lost_a"] * told["number_lost_b"],
        "core_namesakes": told["same_core"] * told["namesakes_b"],
        "core_weight": told["same_core"] * told["weight_b"],
        "core_filing": told["same_core"] * told["filing_b"],
        "core_designated": told["same_core"] * told["designated_b"],
        "first_weight": told["first_a"] * told["first_b"] * told["rarest_shared_a"],
        "capitals_alike": np.where(told["capitals_a"] == told["capitals_b"], told["capitals_a"] + 1, 0),
        "no_country_capitals_b": told["no_country_b"] * (1 + told["capitals_b"]),
        "left_weight_a": told["rarest_shared_a"] - lost_a,
        "left_weight_b": told["rarest_shared_b"] - lost_b,
        "country_core": told["country"] * (1 + told["same_core"]),
    }


def _among_candidates(frame: pl.DataFrame, home: pl.Series) -> pl.DataFrame:
    """What a pair is among the candidates of its mention, and among those of the same `home`: behind which best one,
    and with how many like it."""
    rough = pl.sum_horizontal("core_soft_a", "core_soft_b", "soft_a", "soft_b") + 0.3 * pl.col("country")
    rough = rough + pl.col("ratio") / 50 + pl.col("words_ratio") / 50
    frame = frame.with_columns(rough=rough, _home=pl.struct("mention", home=home).rank("dense"))
    over = "mention"
    best = pl.col("rough").max().over(over)
    second = pl.col("rough").top_k(2).min().over(over)
    like = pl.col("rarest_shared_a") >= pl.col("rarest_shared_a").max().over(over) - 1e-3
    return frame.with_columns(
        *(_behind(name, over).alias(f"{name}_behind") for name in _COMPARED),
        *(_behind(name, "_home").alias(f"{name}_at_home") for name in _AT_HOME),
        rank=_place("rough", over),
        rank_at_home=_place("rough", "_home"),
        gap=pl.when(pl.col("rough") == best).then(pl.col("rough") - second).otherwise(pl.col("rough") - best),
        as_soft=(-pl.col("core_soft_a")).rank("max").over(over).cast(pl.Float32),
        rivals_word=like.sum().over(over).cast(pl.Float32),
        rivals_first=pl.col("same_first").sum().over(over),
        rivals_country=pl.col("country").eq(1).sum().over(over).cast(pl.Float32),
        rivals_core=pl.col("same_core").sum().over(over),
        rivals_at_home=pl.col("same_core").sum().over("_home"),
        rivals_words=pl.col("same_words").sum().over(over),
    ).drop("_home")


def _behind(name: str, over: str) -> pl.Expr:
    return pl.col(name).sub(pl.col(name).max().over(over))


def _place(name: str, over: str) -> pl.Expr:
    return (-pl.col(name)).rank("min").over(over).clip(1, 20).cast(pl.Float32)
