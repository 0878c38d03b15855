"""What tells a right pair from a wrong one, as numbers: computed for many pairs at once, the same for any order."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from rapidfuzz import distance, fuzz

from .alignment import Floats, Frequencies, Ints, alignment, compared

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
    "rivals_country rivals_core rivals_words"
)
FEATURES: tuple[str, ...] = (*_LISTED.split(),)
"""Of a pair; _a is the mention's side, _b the register's, _behind the distance to the best candidate of the mention."""

_CLASS = r"(?:class|cl|series)?\s*\b([a-z])(?: shs| shares)?$"
_RECEIPT = r"\b(?:adr|gdr|ads|gds|pk)\b"
_FILING = r"[/\\] ?[A-Za-z]{2,3}[/\\]?\s*$"
"""The state or the country that the SEC adds to a name which more than one registrant bears."""
_SUCCESSOR = r"(?i)[/\\] ?new[/\\]?\s*$"
_COMPARED = (
    *("ratio", "core_soft_a", "core_soft_b", "words_ratio", "full_ratio", "unspaced", "in_order_a", "in_order_b"),
    *("sorted", "soft_a", "rarest_shared_a", "country", "canonical_ratio"),
)


def features(mentions: pl.DataFrame, register: pl.DataFrame, pairs: pl.DataFrame, known: Frequencies) -> pl.DataFrame:
    """`pairs` (columns mention and entity, rows of the folded frames) with the columns of FEATURES, f32, no nulls.

    mentions and register are folded (folding.fold) and have name and country; register may have a category. A mention
    is found by the column mention of mentions, where there is one, else it is the row. Candidates of one mention are
    compared with each other, so all of them belong into one call.
    """
    a, b = _rows(mentions, pairs["mention"]), pairs["entity"].to_numpy().astype(np.int64)
    rows = {**_of_one(mentions, a, "a"), **_of_one(register, b, "b")}
    told = {**_spelling(mentions, register, a, b), **alignment(mentions, register, (a, b), known), **rows}
    told |= _agreement(mentions, register, a, b) | _ambiguity(mentions, register, a, b, known)
    told |= _together(told)
    frame = pairs.with_columns(pl.Series(name, values, dtype=pl.Float32) for name, values in told.items())
    return _among_candidates(frame)


def _rows(mentions: pl.DataFrame, wanted: pl.Series) -> Ints:
    """Rows of `wanted` mentions: by their column mention, or, where there is none, as they are."""
    if "mention" not in mentions.columns:
        return wanted.to_numpy().astype(np.int64)
    known = mentions["mention"].to_numpy().astype(np.int64)
    order = np.argsort(known, kind="stable")
    return order[np.searchsorted(known, wanted.to_numpy().astype(np.int64), sorter=order)]


def _spelling(mentions: pl.DataFrame, register: pl.DataFrame, a: Ints, b: Ints) -> dict[str, Floats]:
    def both(column: str, spaces: bool = True) -> tuple[list[str], list[str]]:
        one, two = mentions[column], register[column]
        if not spaces:
            one, two = one.str.replace_all(" ", ""), two.str.replace_all(" ", "")
        return one.gather(a).to_list(), two.gather(b).to_list()

    mentions, register = (
        frame.with_columns(canonical=pl.col("core") + " " + pl.col("form")) for frame in (mentions, register)
    )
    core, words, full, joined = both("core"), both("words"), both("full"), both("core", spaces=False)
    sizes = [np.maximum(1, np.array([len(text) for text in texts], np.float32)) for texts in joined]
    prefix, in_order = compared(*joined, distance.Prefix.similarity), compared(*joined, distance.LCSseq.similarity)
    told: dict[str, Floats] = {
        "ratio": compared(*core, fuzz.ratio),
        "sorted": compared(*core, fuzz.token_sort_ratio),
        "set": compared(*core, fuzz.token_set_ratio),
        "partial": compared(*core, fuzz.partial_ratio),
        "jaro_winkler": compared(*core, distance.JaroWinkler.similarity) * 100,
        "words_ratio": compared(*words, fuzz.ratio),
        "canonical_ratio": compared(*both("canonical"), fuzz.ratio),
        "full_ratio": compared(*full, fuzz.ratio),
        "unspaced": compared(*joined, fuzz.ratio),
        "prefix": prefix,
        "prefix_a": (prefix / sizes[0]).astype(np.float32),
        "prefix_b": (prefix / sizes[1]).astype(np.float32),
        "in_order_a": (in_order / sizes[0]).astype(np.float32),
        "in_order_b": (in_order / sizes[1]).astype(np.float32),
        "letters_a": sizes[0],
        "letters_b": sizes[1],
        "same_letters": _equal(*joined),
    }
    return told | _initials(core, joined)


def _initials(core: tuple[list[str], list[str]], joined: tuple[list[str], list[str]]) -> dict[str, Floats]:
    """Whether a name is made of the first letters of the other's words, or begins with some of them in one word."""
    letters = [pl.Series(texts, dtype=pl.String).str.replace_all(r"(\w)\w* ?", "$1") for texts in core]
    whole = np.zeros(len(core[0]), np.bool_)
    told = {}
    for side, mine, other in (("a", 0, 1), ("b", 1, 0)):
        word = pl.Series(core[mine], dtype=pl.String).str.extract(r"^(\w{2,4})\b")
        mine_joined = pl.Series(joined[mine], dtype=pl.String)
        frame = pl.DataFrame({"word": word, "letters": letters[other], "joined": mine_joined})
        begins = pl.col("letters").str.starts_with(pl.col("word")).fill_null(False)
        same = (pl.col("letters") == pl.col("joined")) & (pl.col("joined").str.len_bytes() > 1)
        found = frame.select(begins=begins, same=same)
        told[f"begins_with_initials_{side}"] = found["begins"].to_numpy().astype(np.float32)
        whole |= found["same"].to_numpy()
    return told | {"initials": whole.astype(np.float32)}


def _equal(one: Sequence[str], two: Sequence[str]) -> Floats:
    return (pl.Series(one, dtype=pl.String) == pl.Series(two, dtype=pl.String)).to_numpy().astype(np.float32)


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
        fund=category == "FUND",
        person=category == "SOLE_PROPRIETOR",
    ).cast(pl.Float32)
    return {f"{column}_{side}": told[column].fill_null(0).gather(rows).to_numpy() for column in told.columns}


def _agreement(mentions: pl.DataFrame, register: pl.DataFrame, a: Ints, b: Ints) -> dict[str, Floats]:
    one, two = (
        frame.select(
            *("name", "full", "core", "words", "form", "designation"),
            country=pl.col("country").cast(pl.String).fill_null(""),
            last_form=pl.col("form").str.split(" ").list.last(),
            share=pl.col("designation").str.extract(_CLASS).fill_null(""),
            sorted=pl.col("core").str.split(" ").list.sort().list.join(" "),
            first=pl.col("core").str.extract(r"^(\S+)"),
            last=pl.col("core").str.extract(r"(\S+)$"),
        )[rows]
        for frame, rows in ((mentions, a), (register, b))
    )
    share, other = one["share"], two["share"]
    receipt = one["full"].str.contains(_RECEIPT).to_numpy().astype(np.float32)
    capitals = two["name"].str.contains("[a-z]").not_().fill_null(False).to_numpy()
    kinds = {
        "share_only_a": (share != "") & (other == ""),
        "share_only_b": (share == "") & (other != ""),
        "share_same": (share != "") & (share == other),
        "share_conflict": (share != "") & (other != "") & (share != other),
        "same_core": one["core"] == two["core"],
        "same_words": one["words"] == two["words"],
        "same_designation": (one["designation"] != "") & (one["designation"] == two["designation"]),
        "same_sorted": one["sorted"] == two["sorted"],
        "same_first": one["first"] == two["first"],
        "same_last": one["last"] == two["last"],
    }
    told = {name: values.fill_null(False).to_numpy().astype(np.float32) for name, values in kinds.items()}
    return told | {
        "country": _signed(one["country"], two["country"]),
        "receipt_of_us": receipt * np.where((two["country"] == "US").to_numpy(), 1, -1).astype(np.float32),
        "h_share": (share == "h").fill_null(False).to_numpy() * np.where(capitals, 1, -1).astype(np.float32),
        "form": _signed(one["form"], two["form"]),
        "last_form": _signed(one["last_form"].fill_null(""), two["last_form"].fill_null("")),
    }


def _signed(one: pl.Series, two: pl.Series) -> Floats:
    """1 where both are given and equal, -1 where both are given and differ, else 0."""
    given = ((one != "") & (two != "")).to_numpy()
    return np.where(given, np.where((one == two).to_numpy(), 1, -1), 0).astype(np.float32)


def _ambiguity(
    mentions: pl.DataFrame, register: pl.DataFrame, a: Ints, b: Ints, known: Frequencies
) -> dict[str, Floats]:
    """How many names of the register fold to the same core."""
    told = {}
    for side, frame, rows in (("a", mentions, a), ("b", register, b)):
        counted = frame.select("core").join(known.cores, on="core", how="left", maintain_order="left")["count"]
        told[f"namesakes_{side}"] = np.log1p(counted.fill_null(0).gather(rows).to_numpy()).astype(np.float32)
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


def _among_candidates(frame: pl.DataFrame) -> pl.DataFrame:
    """What a pair is among the candidates of its mention: behind which best one, and with how many like it."""
    rough = pl.sum_horizontal("core_soft_a", "core_soft_b", "soft_a", "soft_b") + 0.3 * pl.col("country")
    frame = frame.with_columns(rough=rough + pl.col("ratio") / 50 + pl.col("words_ratio") / 50)
    over = "mention"
    best = pl.col("rough").max().over(over)
    second = pl.col("rough").top_k(2).min().over(over)
    like = pl.col("rarest_shared_a") >= pl.col("rarest_shared_a").max().over(over) - 1e-3
    return frame.with_columns(
        *(pl.col(name).sub(pl.col(name).max().over(over)).alias(f"{name}_behind") for name in _COMPARED),
        rank=(-pl.col("rough")).rank("min").over(over).clip(1, 20).cast(pl.Float32),
        gap=pl.when(pl.col("rough") == best).then(pl.col("rough") - second).otherwise(pl.col("rough") - best),
        rivals_word=like.sum().over(over).cast(pl.Float32),
        rivals_first=pl.col("same_first").sum().over(over),
        rivals_country=pl.col("country").eq(1).sum().over(over).cast(pl.Float32),
        rivals_core=pl.col("same_core").sum().over(over),
        rivals_words=pl.col("same_words").sum().over(over),
    )
