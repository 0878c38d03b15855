"""Words of a draft that depend on numbers."""


def times(number: int) -> str:
    """ "once", "2 times"."""
    return "once" if number == 1 else f"{number:,} times"


def shortened(text: str, width: int) -> str:
    """`text` on one line, at most `width` characters."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= width else f"{line[: width - 1]}…"
