"""Identifiers as published: sound ones, safely repaired ones, and what is wrong with the others."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import polars as pl

from ..tables.checkdigits import isin_code, lei

Kind = Literal["lei", "isin", "cik", "other"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class _Rule:
    """What a kind of identifier looks like once all that is not part of it is taken away."""

    standard: str
    label: str
    sound: Callable[[pl.Expr], pl.Expr]
    repaired: Callable[[pl.Expr], pl.Expr]


def _bare(text: pl.Expr) -> pl.Expr:
    """Without what spreadsheets and exports leave around and between the characters."""
    return text.str.replace_all(r"_[xX][0-9A-Fa-f]{4}_", "").str.replace_all(r"[^\p{L}\p{N}]", "").str.to_uppercase()


def _code(text: pl.Expr) -> pl.Expr:
    """Without its own name before it; some LEIs begin with these letters."""
    return _bare(text).str.replace(r"^(?:LEI(.{20})|ISIN(.{12}))$", "$1$2")


def _cik(text: pl.Expr) -> pl.Expr:
    """Ten digits; a spreadsheet's number may have lost its zeros and won decimals."""
    digits = _bare(text.str.replace(r"\.0+\s*$", "")).str.replace("^CIK", "")
    return pl.when(digits.str.contains(r"^[0-9]{1,10}$")).then(digits.str.zfill(10)).otherwise(digits)


def _is_cik(text: pl.Expr) -> pl.Expr:
    return text.str.contains(r"^[0-9]{10}$") & (text != "0" * 10)


_RULES: dict[Kind, _Rule] = {
    "lei": _Rule("ISO 17442", "20 letters and digits, the last two of them check digits", lei, _code),
    "isin": _Rule("ISO 6166", "12 letters and digits, the last one a check digit", isin_code, _code),
    "cik": _Rule("SEC", "up to ten digits, not all zero", _is_cik, _cik),
    "other": _Rule("", "any text", lambda text: text.str.len_chars() > 0, lambda text: text.str.strip_chars()),
}


def read(published: pl.Series, kind: Kind) -> pl.DataFrame:
    """Identifiers as they may be looked up: `value` (str|null), `state` (str), `why` (str|null), a row for each.

    `state` is "absent", "sound", "repaired" (what was around it taken away, and its check digits hold), or "wrong",
    which has no value. A number is read as its digits. Kind "other" has no form that could be wrong.
    """
    rule = _RULES[kind]
    text = pl.col("found")
    found = pl.DataFrame({"found": published.cast(pl.String)}).with_columns(repaired=rule.repaired(text))
    bare = text.str.strip_chars()
    state = (
        pl.when(bare.fill_null("") == "").then(pl.lit("absent"))
        .when(rule.sound(bare).fill_null(False)).then(pl.lit("sound"))
        .when(rule.sound(pl.col("repaired")).fill_null(False)).then(pl.lit("repaired"))
        .otherwise(pl.lit("wrong"))
    )  # fmt: skip
    value = pl.when(pl.col("state") == "sound").then(bare).when(pl.col("state") == "repaired").then(pl.col("repaired"))
    shown = pl.format("{}", pl.col("found").str.slice(0, 40))
    why = (
        pl.when(pl.col("state") == "repaired").then(pl.format("'{}' read as {}", shown, pl.col("repaired")))
        .when(pl.col("state") == "wrong")
        .then(pl.format(f"'{{}}' is no {kind.upper()}{f' ({rule.standard})'}: expected {rule.label}", shown))
    )  # fmt: skip
    return found.with_columns(state=state).select(value.alias("value"), "state", why.alias("why"))
