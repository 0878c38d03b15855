"""Legal forms that are written without a space in the scripts of East Asia and Thailand, set apart from the name."""

import re
from pathlib import Path

import polars as pl
import yaml

UNSPACED: tuple[str, ...] = tuple(yaml.safe_load((Path(__file__).parent / "forms.yaml").read_text("utf-8"))["unspaced"])
_ANY = "|".join(re.escape(form) for form in UNSPACED)
_SCRIPTS = r"[\p{Han}\p{Hangul}\p{Thai}]"
_FIRST = "\u0e01"
"""The first letter of these scripts, so that most texts need no regular expression."""


def spaced(names: pl.Series) -> pl.Series:
    """`names` with a space on both sides of such a form, wherever it stands."""
    names = names.cast(pl.String)
    eastern = names.str.contains(_SCRIPTS).fill_null(False)
    if not eastern.any():
        return names
    texts = names.filter(eastern).str.normalize("NFKC").str.replace_all(f"({_ANY})", " $1 ")
    return names.scatter(eastern.arg_true(), texts)


def is_eastern(text: str) -> bool:
    """Whether `text` has a letter of these scripts."""
    return max(text, default="") >= _FIRST and bool(pl.Series([text]).str.contains(_SCRIPTS).item())
