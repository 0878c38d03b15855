"""Countries as published to ISO 3166-1 alpha-2; what is no country of that list is unknown, never guessed."""

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
}


def alpha2(published: pl.Series) -> pl.Series:
    """Codes of two or three letters, the list's own English names and a few everyday ones, in any case; else null."""
    folded = published.cast(pl.String).str.strip_chars().str.to_uppercase()
    return folded.replace_strict(_known(), default=None, return_dtype=pl.String)


@cache
def _known() -> dict[str, str]:
    written = ((getattr(one, way, None), one.alpha_2) for one in pycountry.countries for way in _WRITTEN)
    return _EVERYDAY | {text.upper(): code for text, code in written if text}
