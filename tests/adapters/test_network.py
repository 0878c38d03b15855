"""Which hosts are public, by number and by name."""

import pytest

from include.adapters.network import Policy, environment_proxy, public
from include.errors import SourceError

PRIVATE = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "169.254.170.2", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.1", "192.0.2.1",
    "198.18.0.1", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::808:808",
    "64:ff9b:1::1", "2002:7f00:1::", "2001:0:4136:e378::1", "::127.0.0.1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "93.184.215.14", "172.32.0.1", "100.128.0.1", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "2a00::1"]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses(address: str) -> None:
    """Fault 18: what no name may lead to, and no address may be."""
    assert not public(address)
    with pytest.raises(SourceError, match="is not a public address"):
        Policy(resolve=lambda host, port: ["8.8.8.8", address]).addresses("data.example.org", 443)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address: str) -> None:
    assert public(address)
    assert Policy(resolve=lambda host, port: [address]).addresses("data.example.org", 443) == [address]


INSIDE = [
    "localhost", "LOCALHOST.", "x.localhost", "kubernetes", "db.svc", "api.default.svc",
    "api.default.svc.cluster.local", "printer.local", "metadata.google.internal", "router.lan", "a.home.arpa",
    "127.1", "2130706433", "0x7f.1", "1.2.0x7f", "0177.0.0.01", "127.0.0.1", "[::1]", "169.254.169.254",
]  # fmt: skip


@pytest.mark.parametrize("name", INSIDE)
def test_names_of_machines_inside(name: str) -> None:
    """Fault 18: a proxy resolves names itself, so they are checked as they are written."""
    with pytest.raises(SourceError, match="refused"):
        Policy().check_name(name)


@pytest.mark.parametrize(
    "name", ["data.example.org", "xn--bcher-kva.example", "8.8.8.8", "[2a00::1]", "a.local.example.org"]
)
def test_names_of_the_public_internet(name: str) -> None:
    Policy().check_name(name)


def test_one_permitted_address_permits_no_other() -> None:
    policy = Policy(resolve=lambda host, port: ["127.0.0.1"], permitted=frozenset({("127.0.0.1", 4443)}))
    assert policy.addresses("x.example.org", 4443) == ["127.0.0.1"]
    with pytest.raises(SourceError, match=r"127\.0\.0\.1"):
        policy.addresses("x.example.org", 4444)


def test_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://egress:3128")
    monkeypatch.setenv("no_proxy", "own.example.org")
    assert environment_proxy("data.example.org") == "http://egress:3128"
    assert environment_proxy("own.example.org") is None
    monkeypatch.delenv("https_proxy")
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    assert environment_proxy("data.example.org") is None
