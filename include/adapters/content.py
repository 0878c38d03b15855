"""Whether what came is a page for people where data were expected."""

import codecs
import html
import re

from ..errors import SourceError
from .landing import Landing

_PAGE = re.compile(r"(\s|<\?xml[^>]*>|<!--.*?-->)*<(!doctype\s+html|html|head|body|title|script|meta)\b", re.I | re.S)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.I | re.S)
_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def refuse_page(landing: Landing, expects: str | None) -> None:
    """Raises SourceError for an HTML page, unless `expects` or its name says html; the bytes go to `refused/`."""
    if expects == "html" or (expects is None and landing.name.lower().endswith((".html", ".htm", ".xhtml"))):
        return
    head = landing.head(65_536)
    text = head.decode(_MARKS.get(head[:2], "utf-8-sig"), errors="replace")
    if not _PAGE.match(text):
        return
    found = _TITLE.search(text)
    title = f" titled {' '.join(html.unescape(found[1]).split())[:120]!r}" if found else ""
    kept = landing.keep("refused")
    raise SourceError(
        f"{landing.address}: an HTML page{title} came, expected {expects or 'data'}; its bytes are kept as "
        f"refused/{kept.name}. Open the address: it may want a login, have moved, or be down."
    )
