"""Any script as lower-case ASCII words, the same way for a name and for what is looked for in it."""

import polars as pl
from anyascii import anyascii

LONGEST = 1_000
"""Characters of a name that are read: more is no name, and costs time that grows with its square."""

_ESCAPED = r"_x[0-9A-Fa-f]{4}_"
"""How spreadsheets write a control character, such as _x000D_."""
_APOSTROPHES = r"['`\"]"
_INITIALS = (
    (r"\b([a-z])\. ?([a-z])\. ?([a-z])\. ?([a-z])\. ?([a-z])\b\.?", "$1$2$3$4$5 "),
    (r"\b([a-z])\. ?([a-z])\. ?([a-z])\. ?([a-z])\b\.?", "$1$2$3$4 "),
    (r"\b([a-z])\. ?([a-z])\. ?([a-z])\b\.?", "$1$2$3 "),
    (r"\b([a-z])\. ?([a-z])\b\.?( |$|,)", "$1$2 "),
    (r"\b([a-z])/([a-z])\b", "$1$2"),
)


_SINGLE = (
    (r"\b([a-z]) ([a-z]) ([a-z]) ([a-z])\b", "$1$2$3$4"),
    (r"\b([a-z]) ([a-z]) ([a-z])\b", "$1$2$3"),
    (r"\b([a-z]) ([a-z])\b", "$1$2"),
)
"""Initials with spaces between them: "W W Grainger", "Orthofix N V"."""


def ascii_letters(names: pl.Series) -> pl.Series:
    """Names of any script in lower-case ASCII; null is "". Unicode is composed first (NFKC), so ㈱ is (株)."""
    names = names.cast(pl.String).fill_null("").str.slice(0, LONGEST)
    foreign = names.str.contains(r"[^\x00-\x7F]|_x")
    if not foreign.any():
        return names.str.to_lowercase()
    texts = names.filter(foreign).str.replace_all(_ESCAPED, " ").str.normalize("NFKC")
    told = pl.Series([anyascii(text) for text in texts.to_list()], dtype=pl.String)
    return names.scatter(foreign.arg_true(), told).str.to_lowercase()


def joined_words(texts: pl.Series) -> pl.Series:
    """Words of lower-case ASCII texts joined by single spaces: a.b.c. and a b c are abc, & is and, marks are spaces."""
    texts = texts.str.replace_all(_APOSTROPHES, "").str.replace_all("[&+]", " and ")
    for pattern, joined in _INITIALS:
        texts = texts.str.replace_all(pattern, joined)
    texts = texts.str.replace_all("[^a-z0-9]+", " ").str.strip_chars()
    for pattern, joined in _SINGLE:
        texts = texts.str.replace_all(pattern, joined)
    return texts


def folded_words(names: pl.Series) -> pl.Series:
    """Words of names of any script."""
    return joined_words(ascii_letters(names))
