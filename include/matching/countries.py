"""Countries as published to ISO 3166-1 alpha-2; what is no country of that list is unknown, never guessed."""

from functools import cache

import polars as pl
from iso3166 import countries


def alpha2(published: pl.Series) -> pl.Series:
    """Codes of two or three letters, and the list's own English names, in any case; null for anything else.

    With XK for Kosovo, which GLEIF writes too.
    """
    folded = published.cast(pl.String).str.strip_chars().str.to_uppercase()
    return folded.replace_strict(_known(), default=None, return_dtype=pl.String)


@cache
def _known() -> dict[str, str]:
    names = {name.upper(): one.alpha2 for one in countries for name in (one.name, one.apolitical_name)}
    return names | {code: one.alpha2 for one in countries for code in (one.alpha2, one.alpha3)}
