"""Addresses of sources: which service answers one, what its file is called, and how it may be shown."""

import re
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from ..contracts.addresses import is_secret


def kind(address: str) -> str:
    """The scheme in lower case: https, pkg, file …; empty where there is none."""
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]+):", address)
    return found.group(1).lower() if found else ""


def name(address: str) -> str:
    """The last part of the path, decoded, without anything that a file name can't hold; "data" where there is none."""
    return plain(unquote(address.partition("#")[2] if kind(address) == "pkg" else _split(address).path))


def plain(text: str) -> str:
    """`text` as the name of a file: its last part, printable, not hidden."""
    last = PurePosixPath(text.replace("\\", "/")).name
    return "".join(c for c in last if c.isprintable()).lstrip(".")[:200] or "data"


def shown(address: str) -> str:
    """The address without user, password, fragment and the values of query parameters that look like secrets."""
    if kind(address) in ("pkg", "file"):
        return address
    parts = _split(address)
    query = "&".join(_masked(pair) for pair in parts.query.split("&"))
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))


def _masked(pair: str) -> str:
    key, equals, _ = pair.partition("=")
    return f"{key}=***" if equals and is_secret(unquote(key)) else pair


def hidden(address: str) -> list[str]:
    """The values that `shown` leaves out of the query, as written and decoded."""
    pairs = [(k, v) for k, v in parse_qsl(_split(address).query) if is_secret(k)]
    return [form for _, value in pairs for form in (value, quote(value, safe=""))]


def origin(address: str) -> tuple[str, str, int]:
    """Scheme, host and port: who answers an address, and who may see its secret."""
    parts = _split(address)
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or 443


def target(address: str) -> str:
    """Where a redirect leads, without its query: servers sign addresses there."""
    return shown(address).partition("?")[0] or "nowhere"


def with_query(address: str, values: Mapping[str, str]) -> str:
    """`address` with these query parameters set; the others stay as they are written."""
    if not values:
        return address
    parts = _split(without_query(address, values))
    return urlunsplit(parts._replace(query="&".join(filter(None, [parts.query, urlencode(values)]))))


def without_query(address: str, names: Collection[str]) -> str:
    """`address` without these query parameters; the others stay as they are written."""
    parts = _split(address)
    kept = [pair for pair in parts.query.split("&") if pair and unquote(pair.partition("=")[0]) not in names]
    return urlunsplit(parts._replace(query="&".join(kept)))


def _split(address: str) -> SplitResult:
    """The parts of `address`; none where it can't be read, which whoever asks for it refuses."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return SplitResult("", "", "an-address-that-cannot-be-read", "", "")
    return parts
