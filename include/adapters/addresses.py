"""Addresses of sources: which service answers one, what its file is called, and how it may be shown."""

import re
from pathlib import PurePosixPath
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

_SECRET = re.compile(r"tok|key|secret|sig|pass|pwd|auth|cred|session|jwt|sas|code", re.IGNORECASE)


def kind(address: str) -> str:
    """The scheme in lower case: https, pkg, file …; empty where there is none."""
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]+):", address)
    return found.group(1).lower() if found else ""


def name(address: str) -> str:
    """The last part of the path, decoded, without anything that a file name can't hold; "data" where there is none."""
    where = address.partition("#")[2] if kind(address) == "pkg" else urlsplit(address).path
    return plain(unquote(where))


def plain(text: str) -> str:
    """`text` as the name of a file: its last part, printable."""
    last = PurePosixPath(text.replace("\\", "/")).name
    return "".join(c for c in last if c.isprintable())[:200] or "data"


def shown(address: str) -> str:
    """The address without user, password, fragment and the values of query parameters that look like secrets."""
    if kind(address) in ("pkg", "file"):
        return address
    try:
        parts = urlsplit(address)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return "an address that can't be read"
    query = urlencode([(k, "***" if _SECRET.search(k) else v) for k, v in pairs], safe="*/:,", quote_via=quote)
    same = len(pairs) and not any(_SECRET.search(k) for k, _ in pairs)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query if same else query, ""))


def origin(address: str) -> tuple[str, str, int]:
    """Scheme, host and port: who answers an address, and who may see its secret."""
    parts = urlsplit(address)
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or 443


def target(address: str) -> str:
    """Where a redirect leads, without its query: servers sign addresses there."""
    return shown(address).partition("?")[0]
