"""Which hosts may be asked: public ones, at the very address that was checked."""

import ipaddress
import re
import socket
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..errors import SourceError

_INSIDE = (".local", ".localhost", ".internal", ".svc", ".lan", ".home.arpa", ".intranet", ".corp")
_REFUSED = tuple(
    ipaddress.ip_network(block)
    for block in (
        "168.63.129.16/32",  # a cloud's platform address, public by its number
        "192.88.99.0/24",  # 6to4 relays
        "2002::/16",  # 6to4, an IPv4 address in disguise
        "2001::/32",  # Teredo, likewise
        "64:ff9b::/96",  # NAT64, likewise
        "64:ff9b:1::/48",
    )
)
_NEXT = "Sources are on the public internet: correct the address."


def system(host: str, port: int) -> list[str]:
    """The addresses of `host` by the system's resolver; OSError where it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def environment_proxy(host: str) -> str | None:
    """The proxy that HTTPS_PROXY and NO_PROXY name for `host`."""
    return None if urllib.request.proxy_bypass(host) else urllib.request.getproxies().get("https")


@dataclass(frozen=True)
class Policy:
    """Public hosts only. Behind an egress proxy it is the proxy that resolves and holds the list of hosts."""

    resolve: Callable[[str, int], Sequence[str]] = system
    proxy: Callable[[str], str | None] = environment_proxy
    permitted: frozenset[tuple[str, int]] = frozenset()
    """Addresses with ports that are allowed all the same: a server of one's own."""

    def check_name(self, host: str, port: int = 443) -> None:
        """Raises SourceError for a name or a literal address that can only mean a machine inside."""
        bare = host.strip("[]").rstrip(".").lower()
        if literal(bare):
            self._check(host, bare, port)
            return
        last = bare.rpartition(".")[2]
        if last == bare or bare.endswith(_INSIDE) or re.fullmatch(r"\d+|0x[0-9a-f]*", last):
            raise SourceError(f"{host}: refused, a name of a private network. {_NEXT}")

    def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of `host`, resolved once. Raises SourceError where one of them is not public."""
        found = list(self.resolve(host, port))
        for address in found:
            self._check(host, address, port)
        return found

    def _check(self, host: str, address: str, port: int) -> None:
        if (address, port) not in self.permitted and not public(address):
            raise SourceError(f"{host}: refused, {address} is not a public address. {_NEXT}")


def literal(host: str) -> bool:
    """Whether `host` is an IP address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def public(address: str) -> bool:
    """Whether `address` is one of the public internet: no private, loopback, link-local, multicast, reserved or
    metadata address, and none that carries an IPv4 address within an IPv6 one."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address) and (parsed.ipv4_mapped or parsed.is_site_local):
        return False
    inside = parsed.is_multicast or parsed.is_reserved or parsed.is_unspecified or not parsed.is_global
    return not inside and not any(parsed in block for block in _REFUSED if block.version == parsed.version)
