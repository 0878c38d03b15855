"""Countries as published to ISO 3166-1 alpha-2; what is no country of that list is unknown, never guessed."""

import gettext
from collections.abc import Iterator
from functools import cache

import polars as pl
import pycountry

_WRITTEN = ("alpha_2", "alpha_3", "name", "official_name", "common_name")
_KOSOVO = "XK"  # user-assigned; GLEIF writes it
_EVERYDAY = {
    **dict.fromkeys(("XK", "XKX", "KOSOVO"), _KOSOVO),
    "UK": "GB",
    "RUSSIA": "RU",
    "TURKEY": "TR",
    "SWAZILAND": "SZ",
    "MACEDONIA": "MK",
    "SOUTH KOREA": "KR",
    "NORTH KOREA": "KP",
    "IVORY COAST": "CI",
    "UAE": "AE",
    "HOLLAND": "NL",
    "THE NETHERLANDS": "NL",
    **dict.fromkeys(("GREAT BRITAIN", "ENGLAND", "SCOTLAND", "WALES", "NORTHERN IRELAND"), "GB"),
}
_OF_CHINA = ("HK", "MO", "TW")
"""Countries of the list that are often written with China behind them."""
_TWICE = r"^([^(,]+?)\s*[(,]\s*(?:PROVINCE OF )?([^()]+?)\)?$"
"""A name, and another in brackets or behind a comma."""
_LANGUAGES = ("cs", "da", "de", "es", "fi", "fr", "it", "nb_NO", "nl", "pl", "pt", "pt_BR", "sv", "tr")
"""Those of whose names of countries the list's translators have all, without the errors of half-done ones."""


def alpha2(published: pl.Series) -> pl.Series:
    """Codes of two or three letters, names in English and other languages, in any case; U.S.A. too; else null.

    Names are the list's own, a few everyday ones, and its translations as Debian's iso-codes has them (pycountry); also
    with another name of the same country in brackets, or with the state that a territory belongs to behind a comma
    ("United Kingdom (UK)"; "Hong Kong, China"), as the United Nations write them too ("Iran (Islamic Republic of)").
    """
    folded = published.cast(pl.String).str.replace_all(".", "", literal=True).str.strip_chars().str.to_uppercase()
    whole, turned = _code(folded), _code(folded.str.replace(r" \((.*)\)$", ", $1"))
    one, two = (_code(folded.str.extract(_TWICE, group)) for group in (1, 2))
    agreed = (one == two) | (one.is_in(_OF_CHINA) & (two == "CN"))
    return pl.select(pl.coalesce(whole, turned, one.set(~agreed.fill_null(False), None))).to_series()


def _code(names: pl.Series) -> pl.Series:
    return names.replace_strict(_known(), default=None, return_dtype=pl.String)


@cache
def _known() -> dict[str, str]:
    written = [(getattr(one, way, None), one.alpha_2) for one in pycountry.countries for way in _WRITTEN]
    english = {text.replace(".", "").upper(): code for text, code in written if text}
    return _translated() | _EVERYDAY | english


def _translated() -> dict[str, str]:
    """Names in other languages, without those that mean one country here and another there."""
    found: dict[str, set[str]] = {}
    for text, code in _translations():
        found.setdefault(text.replace(".", "").upper(), set()).add(code)
    return {text: codes.pop() for text, codes in found.items() if len(codes) == 1}


def _translations() -> Iterator[tuple[str, str]]:
    for language in _LANGUAGES:
        words = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, [language])
        for one in pycountry.countries:
            names = (getattr(one, way, None) for way in ("name", "common_name"))
            yield from ((words.gettext(name), one.alpha_2) for name in names if name)
