"""Checks of a column of text that the next delivery will pass as well, and a word on those that it may not."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import polars as pl

from ...contracts.words import counted
from ...tables import checkdigits
from .wording import shortened

_FEW, _OFTEN, _ROWS = 12, 20, 100
"""Values that may be all there are; how often each is seen then, and in how many rows."""
_MOST_PATTERN, _CODES = 30, 20
"""Characters of a code, and how many codes tell its form."""
_CAPITAL, _EITHER = "[A-Z]", "[A-Z0-9]"
_MOSTLY = 0.6
"""Share of values that make a column one of LEIs."""
_CODE = re.compile(r"[A-Z0-9]{1,6}")
_SWITCHES = ({"on", "off"}, {"yes", "no"}, {"true", "false"}, {"y", "n"}, {"t", "f"}, {"0", "1"})
_OPEN = re.compile(r"(^|_)(country|countries|iso|iso2|iso3|currency|language|nation|state|region)(_|$)")
"""Names of columns whose values are known to be more than were seen."""


class Found(NamedTuple):
    """Checks, what an author should know, and how many of the values seen fail (only ever of `lei`)."""

    checks: dict[str, Any]
    note: str = ""
    failing: int = 0


def text_checks(given: pl.Series, name: str) -> Found:
    """Checks for the values `given` of the column `name`, none of them missing."""
    distinct = given.unique().sort()
    if distinct.str.contains(r"^[A-Z0-9]{20}$").mean() >= _MOSTLY:  # type: ignore[operator]
        right = given.to_frame("x").select(checkdigits.lei(pl.col("x"))).to_series()
        if right.sum() >= _MOSTLY * len(given):
            wrong = given.filter(~right)
            return Found({"lei": True}, _failing(wrong, len(given)), len(wrong))
    if (distinct.str.len_chars() == 12).all() and _all(distinct, checkdigits.isin_code):
        return Found({"isin_code": True})
    if len(distinct) <= _FEW and len(given) >= _OFTEN * len(distinct) and (distinct.str.len_chars() <= 40).all():
        return _few(given, distinct.to_list(), name)
    pattern = pattern_of(distinct)
    return Found({"str_matches": pattern} if pattern else {})


def _failing(wrong: pl.Series, rows: int) -> str:
    if not len(wrong):
        return ""
    are = "is no LEI" if len(wrong) == 1 else "are no LEIs"
    shown = repr(shortened(wrong[0], 30))
    return f"{len(wrong):,} of {counted(rows, 'value')} {are}, such as {shown}: quarantined until mended"


def _all(values: pl.Series, rule: Callable[[pl.Expr], pl.Expr]) -> bool:
    return bool(values.to_frame("x").select(rule(pl.col("x")).all()).item())


def _few(given: pl.Series, values: list[str], name: str) -> Found:
    """`isin` where the values seen are likely all there are; elsewhere it is for the author to say."""
    often = len(given) >= _ROWS and given.value_counts()["count"].min() >= _OFTEN  # type: ignore[operator]
    switch = {value.lower() for value in values} in _SWITCHES
    codes = all(map(_CODE.fullmatch, values)) and not _OPEN.search(name)
    if len(values) > 1 and often and (switch or codes):
        return Found({"isin": values})
    seen = f"only {counted(len(values), 'value')} seen"
    return Found({}, f"{seen}: isin={json.dumps(values, ensure_ascii=False)} if there can be no other")


def pattern_of(distinct: pl.Series) -> str | None:
    """A regular expression for codes of one length, each place of one kind: capitals, digits or one sign.

    None where the length may be accidental: it is not for two or three capitals (as ISO has), for many codes of one
    kind throughout, and for many with numbers filled up by zeros.
    """
    lengths = distinct.str.len_chars().unique()
    if len(distinct) < 5 or len(lengths) != 1 or not 2 <= lengths[0] <= _MOST_PATTERN:
        return None
    if not distinct.str.contains(r"^[A-Z0-9./_-]+$").all():
        return None
    places = [_kind_of_place(distinct.str.slice(at, 1).unique().to_list()) for at in range(lengths[0])]
    known = [place for place in places if place]
    if len(known) < len(places):
        return None
    return "^" + "".join(_runs(known)) + "$" if _is_deliberate(distinct, known) else None


def _is_deliberate(distinct: pl.Series, places: Sequence[str]) -> bool:
    """Whether codes have their form for a reason that later ones share."""
    kinds = set(places)
    if kinds == {_CAPITAL} and len(places) in (2, 3):
        return True
    if len(distinct) < _CODES:
        return False
    if kinds in ({_CAPITAL}, {_EITHER}):
        return True
    return _EITHER not in kinds and r"\d" in kinds and _is_filled_up(distinct, places)


def _is_filled_up(distinct: pl.Series, places: Sequence[str]) -> bool:
    """Whether a number in the codes, of two digits or more, begins with 0 somewhere."""
    starts = [
        at
        for at, place in enumerate(places[:-1])
        if place == places[at + 1] == r"\d" and (not at or places[at - 1] != r"\d")
    ]
    return any((distinct.str.slice(at, 1) == "0").any() for at in starts)


def _kind_of_place(characters: Sequence[str]) -> str | None:
    if all(c.isdigit() for c in characters):
        return r"\d"
    if all(c.isalpha() for c in characters):
        return _CAPITAL
    if all(c.isalnum() for c in characters):
        return _EITHER
    return re.escape(characters[0]) if len(characters) == 1 else None


def _runs(places: Sequence[str]) -> Iterable[str]:
    at = 0
    while at < len(places):
        end = at
        while end < len(places) and places[end] == places[at]:
            end += 1
        yield places[at] + (f"{{{end - at}}}" if end - at > 1 else "")
        at = end
