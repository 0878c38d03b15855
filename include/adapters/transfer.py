"""One try at a file over https: its redirects, its status, its bytes."""

import datetime as dt
import re
import ssl
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import responses

import httpcore
import httpx

from ..errors import SourceError
from . import addresses
from .landing import Landing

_AGAIN = {408, 425, 429}
_REDIRECTS = {301, 302, 303, 307, 308}
_MOST_REDIRECTS = 10
_ADVICE = {
    401: "It wants a secret: name one in addresses(), or renew it.",
    403: "It refuses us: name a secret in addresses(), renew it, or ask its publisher.",
    404: "Correct the address, or find where its publisher moved it.",
    410: "Its publisher took it away: find where it went.",
}


class Fault(Exception):
    """Something that may pass: worth another try, after `wait` seconds where the server says so."""

    def __init__(self, what: str, wait: float | None = None) -> None:
        self.wait = wait
        super().__init__(what)


@dataclass(frozen=True)
class Question:
    """What is asked: `own` headers carry the secret, for the address's own origin only."""

    address: str
    own: dict[str, str] = field(default_factory=dict)
    conditions: dict[str, str] = field(default_factory=dict)


class Transfer:
    """The tries at one file; it remembers how a transfer that broke may be resumed."""

    def __init__(self, client: httpx.Client, question: Question, landing: Landing) -> None:
        self._client = client
        self._question = question
        self._landing = landing
        self._validator: str | None = None
        self._whole: int | None = None

    def once(self) -> httpx.Response:
        """One try. Raises Fault where another may help, SourceError where none will."""
        self._landing.in_time()
        try:
            with self._asked() as response:
                if response.status_code != HTTPStatus.NOT_MODIFIED:
                    self._body(response)
                return response
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, httpcore.ProxyError) as error:
            self._landing.in_time()
            raise broken(error, self._landing.address) from error

    @contextmanager
    def _asked(self) -> Iterator[httpx.Response]:
        """The answer that is no redirect, with a status that means a file, or no change."""
        headers = self._question.conditions
        if self._landing.size and self._validator:
            headers = {"Range": f"bytes={self._landing.size}-", "If-Range": self._validator}
        with followed(self._client, self._question, headers, self._landing.address) as response:
            if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                self._forget()
            judge(response, self._landing.address, bool(self._question.conditions))
            yield response

    def _body(self, response: httpx.Response) -> None:
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if response.status_code == HTTPStatus.PARTIAL_CONTENT:
            self._whole = self._resumed(response)
        else:
            self._landing.restart()
            self._validator = resumable(response.headers) if encoding == "identity" else None
            length = response.headers.get("content-length", "")
            self._whole = int(length) if length.isdecimal() and encoding == "identity" else None
        if self._whole is not None:
            self._landing.allow(self._whole)
        self._landing.total = self._whole
        for piece in decoded(response.iter_raw(), encoding, self._landing.address):
            self._landing.took(piece)
        if self._whole not in (None, self._landing.size):
            raise Fault(f"cut short: {self._landing.size:,} of {self._whole:,} bytes came")

    def _forget(self) -> None:
        """What came so far can't be built on: the next try begins anew."""
        self._validator = None
        self._landing.restart()

    def _resumed(self, response: httpx.Response) -> int:
        """The size of the whole file. Raises Fault where the part is not the one that is missing."""
        found = re.fullmatch(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", response.headers.get("content-range", ""))
        same = response.headers.get("etag") in (None, self._validator) or not (self._validator or "").startswith('"')
        if not found or int(found[1]) != self._landing.size or not same:
            self._forget()
            raise Fault("it sent another part than the one that is missing")
        return int(found[3])


def broken(error: Exception, shown: str) -> Exception:
    """What a connection's fault means: SourceError where trying again is no use, else Fault."""
    reason = error.args[0] if error.args else None  # the pool drops the cause, httpcore keeps it here
    if isinstance(reason, ssl.SSLCertVerificationError):
        return SourceError(
            f"{shown}: its certificate is not trusted ({reason.verify_message}). "
            "If it should be, name the authority's file in SSL_CERT_FILE."
        )
    if isinstance(error, httpcore.ProxyError) and str(error).startswith("4"):
        return SourceError(f"{shown}: the proxy refused it ({error}). Ask your operators to allow this host.")
    return Fault(f"the connection failed ({str(error) or type(error).__name__})")


@contextmanager
def followed(client: httpx.Client, question: Question, headers: dict[str, str], shown: str) -> Iterator[httpx.Response]:
    """The open answer at the end of at most ten redirects, each checked like the address itself."""
    url = start = checked(question.address, shown)
    own = question.own
    for _ in range(_MOST_REDIRECTS + 1):
        response = client.send(client.build_request("GET", url, headers={**headers, **own}), stream=True)
        try:
            if response.status_code not in _REDIRECTS:
                yield response
                return
            where = f"{shown}: redirected to {addresses.target(response.headers.get('location', ''))}"
            url = checked(response.headers.get("location", ""), where, url)
            if (url.port or 443) not in (443, start.port):
                raise SourceError(f"{where}: refused, an odd port. Correct the address.")
            if addresses.origin(str(url)) != addresses.origin(str(start)):
                own = {}
        finally:
            response.close()
    raise SourceError(f"{shown}: redirected more than {_MOST_REDIRECTS} times. Correct the address.")


def checked(address: str, shown: str, base: httpx.URL | None = None) -> httpx.URL:
    """`address` as a URL. Raises SourceError unless it is https, names a host, and holds no user or password."""
    try:
        url = base.join(address) if base else httpx.URL(address)
    except (httpx.InvalidURL, ValueError) as error:
        raise SourceError(f"{shown}: not an address that can be read. Correct it.") from error
    if url.scheme != "https" or not url.host or (base and not address):
        raise SourceError(f"{shown}: refused, only https with a host is fetched. Correct the address.")
    if url.userinfo:
        raise SourceError(f"{shown}: refused, it holds a user or password. Name a secret in addresses() instead.")
    return url.copy_with(fragment=None)


def judge(response: httpx.Response, shown: str, conditional: bool) -> None:
    """Raises Fault for a status that may pass, SourceError for one that means neither a file nor no change."""
    status = response.status_code
    ranged = "range" in response.request.headers
    if status == HTTPStatus.OK or (status == HTTPStatus.PARTIAL_CONTENT and ranged):
        return
    if status == HTTPStatus.NOT_MODIFIED and conditional and not ranged:
        return
    phrase = responses.get(status, "no known status")
    if status in _AGAIN or status >= 500 or status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        raise Fault(f"answered {status} ({phrase})", retry_after(response.headers))
    raise SourceError(f"{shown}: answered {status} ({phrase}). {_ADVICE.get(status, 'Open it to see why.')}")


def retry_after(headers: httpx.Headers) -> float | None:
    """Seconds that Retry-After asks for, given in seconds or as a date."""
    value = headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value)
    date = http_date(value)
    return (date - dt.datetime.now(dt.UTC)).total_seconds() if date else None


def http_date(value: str | None) -> dt.datetime | None:
    """The date of a header in UTC; None for anything else."""
    try:
        date = parsedate_to_datetime(value or "")
        return date.replace(tzinfo=dt.UTC) if date.tzinfo is None else date.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def resumable(headers: httpx.Headers) -> str | None:
    """The strong validator for If-Range, where the server takes ranges (RFC 9110, 8.8.2.2 and 13.1.5)."""
    if headers.get("accept-ranges", "").strip().lower() != "bytes":
        return None
    if (etag := str(headers.get("etag", ""))).startswith('"'):
        return etag
    changed, now = http_date(headers.get("last-modified")), http_date(headers.get("date"))
    strong = not etag and changed and now and now - changed >= dt.timedelta(seconds=60)
    return str(headers["last-modified"]) if strong else None


def decoded(pieces: Iterable[bytes], encoding: str, shown: str) -> Iterator[bytes]:
    """The body without its content encoding, at most a megabyte at once. Raises Fault where it ends early."""
    if encoding in ("", "identity"):
        yield from pieces
        return
    if encoding not in ("gzip", "x-gzip"):
        raise SourceError(
            f"{shown}: answered in the encoding {encoding!r}, though none was asked for. Tell its publisher."
        )
    unpack = zlib.decompressobj(31)
    try:
        for piece in pieces:
            left = piece
            while left:
                yield unpack.decompress(left, 1 << 20)
                left = unpack.unconsumed_tail
    except zlib.error as error:
        raise Fault(f"its gzip encoding is damaged ({error})") from error
    if not unpack.eof:
        raise Fault("cut short within its gzip encoding")
