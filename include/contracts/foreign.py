"""Foreign text, harmless: on one line, of bounded length, and never read as markup, a link or a mention."""

import re

MISSING = "missing"
EMPTY = "empty"
_LONGEST = 80
_RUNS = re.compile(r"`+")
# A space of no width keeps a mention, an address or a reference from being one; the reader sees the same text.
_BREAK = "\u200b"
_LINKS = re.compile(r"(?<=@)|(?=://)|(?<=www)(?=\.)|(?<=#)(?=\d)", re.IGNORECASE)
_SIGNS = re.compile(r"([\\`*_\[\]<>#|~&])")


def printable(text: str, longest: int = _LONGEST) -> str:
    """`text` on one line, cut at `longest`; signs that are not seen, or turn the direction, as their escapes."""
    safe = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text[: 2 * longest])
    return safe if len(safe) <= longest else f"{safe[: longest - 1]}…"


def code_span(text: str | None) -> str:
    """A value in Markdown, also in a table: a code span, in which GitHub makes neither links nor mentions."""
    if not text:
        return f"*{MISSING if text is None else EMPTY}*"
    safe = printable(text)
    fence = "`" * (max(map(len, _RUNS.findall(safe)), default=0) + 1)
    # One space of padding at both ends is dropped by readers of Markdown, unless there is nothing but spaces.
    pad = " " if safe.strip(" ") and (safe[0] in "` " or safe[-1] in "` ") else ""
    # A table ends a cell at every bare pipe; before an escaped one, another backslash must not stand.
    safe = re.sub(r"(\\*)\|", lambda found: f"{found[1]}{_BREAK if found[1] else ''}\\|", safe)
    return f"{fence}{pad}{safe}{pad}{fence}"


def plain_words(text: str) -> str:
    """A sentence in Markdown that may hold foreign text: shown as it is."""
    return _SIGNS.sub(r"\\\1", _LINKS.sub(_BREAK, printable(text, 600))).replace("\\<", "&lt;").replace("\\&", "&amp;")
