"""Which addresses a source may have: https, a file in a package, and file: while developing."""

import re
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, StringConstraints

from .scalars import show

_NAMES = (
    "accesskey accesskeyid accesstoken apikey apisecret apitoken appid appkey applicationkey appsecret auth authkey "
    "authorization authtoken awsaccesskeyid bearer bearertoken clientsecret code credential credentials hmac idtoken "
    "jwt key keypairid ocpapimsubscriptionkey pass passphrase passwd password privatekey pwd refreshtoken sas secret "
    "secretkey securitytoken session sessionid sessiontoken sig signature subscriptionkey token userkey usertoken "
    "xaccesstoken xapikey xapitoken xauthtoken"
)
_SECRETS = frozenset(_NAMES.split())
"""Names of query parameters that carry secrets, without case and separators."""
_SIGNED = ("xamz", "xgoog")
"""What the parameters of a signed address begin with."""
_FORMS = "https://…, pkg:pypi/NAME@VERSION#PATH, or file:PATH while developing"


def is_secret(parameter: str) -> bool:
    """Whether a query parameter of this name carries a secret: `api_key`, `Access-Token`; not `country_code`."""
    plain = re.sub(r"[^a-z0-9]", "", parameter.lower())
    return plain in _SECRETS or plain.startswith(_SIGNED)


def address(url: str) -> str:
    """`url` if a source may have it; raises ValueError in plain words."""
    if re.search(r"[\s\x00-\x20\x7f]", url):
        raise ValueError(f"expected an address, found a space in {show(url, 120)}. Write it as %20, or take it out.")
    if "{{" in url or "{%" in url:
        raise ValueError(
            f"expected an address, found a template: {show(url, 120)}. Write `addresses()` in extract.py instead."
        )
    scheme = url.partition(":")[0].lower()
    if scheme not in _CHECKS:
        raise ValueError(f"expected {_FORMS}, found {show(url, 120)}.{_WHY.get(scheme, ' Give the whole address.')}")
    _CHECKS[scheme](url)
    return url


_WHY = {
    "http": " Write https: over http, anybody on the way could change the data.",
    "ftp": " Look for the same file over https: ftp does not protect the data on the way.",
    "s3": " Give the bucket's https address.",
}


def _https(url: str) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError(f"expected an https address, found {show(url, 120)} ({error}). Correct it.") from error
    if not host:
        raise ValueError(f"expected https://HOST/PATH, found no host in {show(url, 120)}. Give the whole address.")
    if not host.isascii():
        raise ValueError(
            f"expected a host in ASCII, found {show(host)}: letters of another script may only look the same. "
            "Type the host anew, or write its xn-- form."
        )
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            "expected an address without user and password, found both in it. A contract holds no secret: "
            "name it in `addresses()` of extract.py."
        )
    if found := [name for name, value in parse_qsl(parts.query) if value and is_secret(name)]:
        raise ValueError(
            f"expected an address without secrets, found a value for {found[0]!r}. A contract holds no secret: "
            "name it in `addresses()` of extract.py."
        )


def _package(url: str) -> None:
    from packageurl import PackageURL

    try:
        package = PackageURL.from_string(url)
    except ValueError as error:
        raise ValueError(
            f"expected pkg:pypi/NAME@VERSION#PATH, found {show(url, 120)} ({error}). Correct it."
        ) from error
    if package.type != "pypi":
        raise ValueError(f"expected pkg:pypi/…, found pkg:{package.type}/…. Only Python packages can be read.")
    if not package.version:
        raise ValueError(
            f"expected a version, found none in {show(url, 120)}. Write pkg:pypi/{package.name}@VERSION#PATH."
        )
    if not package.subpath:
        raise ValueError(f"expected the path of a file, found none in {show(url, 120)}. Write it after a #.")


def _file(url: str) -> None:
    if not urlsplit(url).path or urlsplit(url).netloc not in ("", "localhost"):
        raise ValueError(f"expected file:PATH on this machine, found {show(url, 120)}. Write file:/path/to/file.")


_CHECKS = {"https": _https, "pkg": _package, "file": _file}
Address = Annotated[str, StringConstraints(min_length=1, max_length=4000), AfterValidator(address)]
