"""The encoding of a text file: UTF-8 where it is, else the one that all its bytes and letters agree with."""

import codecs
from pathlib import Path

from charset_normalizer import from_bytes

from ...errors import SourceError
from ...extraction.text import check_utf8, decoded

_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
# Letters and signs of western European texts; other encodings of the same bytes give others.
_WESTERN = frozenset(
    "\u00e4\u00f6\u00fc\u00df\u00c4\u00d6\u00dc\u00e9\u00e8\u00ea\u00eb\u00e0\u00e2\u00e7\u00f1\u00f3\u00fa\u00ed\u00e1"
    "\u00ee\u00ef\u00f4\u0153\u00e5\u00e6\u00f8\u00c5\u00c6\u00d8\u20ac\u2013\u2014\u2019\u2018\u201c\u201d\u201e\u00b0"
    "\u00b2\u00b3\u00b5\u00a7\u00bd\u00ab\u00bb\u2026\u00e3\u00f5\u00c9\u00c8\u00c7\u00d1\u00b7\u00a0\u00d3\u00c1\u00cd"
)


def encoding_of(path: Path, place: str) -> str | None:
    """What `source.encoding` must say; None for UTF-8, and for a file that begins with its byte order mark.

    Raises SourceError where no encoding fits all bytes.
    """
    with path.open("rb") as file:
        head = file.read(1 << 20)
    if any(head.startswith(mark) for mark in _MARKS):
        return None
    wide = _wide(head)
    if wide is None:
        try:
            check_utf8(path, 0, place, None)
        except SourceError as error:
            fault = error
        else:
            return None
    for name in [wide] if wide else _candidates(head):
        if _fits(path, place, name):
            return name
    raise SourceError(f"{place}: no encoding fits all its bytes. Ask the source which it is in.") from (
        None if wide else fault
    )


def text_of(path: Path, encoding: str | None, head: int, tail: int) -> tuple[str, str, int]:
    """The first `head` bytes and the last `tail` ones as text, and how many lines of the latter may be cut off."""
    with path.open("rb") as file:
        first = file.read(head)
        size = file.seek(0, 2)
        start = max(0, size - tail) // 4 * 4
        file.seek(start)
        last = file.read()
    mark = next((mark for mark in _MARKS if first.startswith(mark)), b"")
    name = encoding or _MARKS.get(mark, "utf-8-sig")
    texts = [part.decode(name, "ignore").removeprefix("\ufeff") for part in (first, last)]
    if size > head:  # the last line is not whole
        texts[0] = texts[0][: texts[0].rfind("\n") + 1]
    return texts[0], texts[1], 1 if start else 0


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: every other byte is 0."""
    for name, offset in (("utf-16-le", 1), ("utf-16-be", 0)):
        if len(head) > 3 and head[offset::2].count(0) > 0.4 * len(head[offset::2]):
            return name
    return None


def _candidates(head: bytes) -> list[str]:
    best = from_bytes(head).best()
    proposed = [best.encoding.replace("cp125", "windows-125").replace("_", "-")] if best else []
    strange = [c for c in head.decode("windows-1252", "replace") if not c.isascii()]
    western = sum(c in _WESTERN for c in strange) >= 0.9 * len(strange)
    return ["windows-1252", *proposed] if western else [*proposed, "windows-1252"]


def _fits(path: Path, place: str, name: str) -> bool:
    try:
        for _ in decoded(path, 0, codecs.lookup(name).name, place, name):
            pass
    except SourceError:
        return False
    return True
