"""What does not depend on a server: local files, a proxy, and the secrets' folder."""

import hashlib
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from include.adapters import secrets
from include.adapters.fetch import fetch, fetch_all
from include.adapters.network import Policy
from include.errors import EnvironmentFault, SourceError
from include.settings import settings

Serve = Callable[[Callable[[Any], None]], Any]
BODY = b"plant,mw\nA,1\n"


@pytest.mark.parametrize("form", ["file:my%20plants.csv", "file:./my%20plants.csv", "file://{base}/my%20plants.csv"])
def test_a_file_of_the_dataset_while_developing(tmp_path: Path, form: str) -> None:
    (tmp_path / "my plants.csv").write_bytes(BODY)
    address = form.format(base=tmp_path)
    got = fetch(address, tmp_path / "raw", mirror="", base=tmp_path, allow_files=True)
    assert (got.name, got.sha256, got.address) == ("my plants.csv", hashlib.sha256(BODY).hexdigest(), address)
    assert got.path is not None
    assert got.path.read_bytes() == BODY


def test_files_are_refused_where_nobody_develops(tmp_path: Path) -> None:
    (tmp_path / "plants.csv").write_bytes(BODY)
    with pytest.raises(SourceError, match=r"file: is for development \(COMMONS_ENVIRONMENT=dev\)"):
        fetch("file:plants.csv", tmp_path / "raw", mirror="", base=tmp_path, allow_files=False)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("file:gone.csv", r"no file at .*gone.csv"),
        ("file:.", "no file at"),
        ("file://server/share/x.csv", "a file of the host 'server'"),
        ("file:///etc/passwd", "hidden or system folder"),
        ("file:../../../../../../../../etc/passwd", "hidden or system folder"),
        ("file:///proc/self/environ", "hidden or system folder"),
        ("file:link.csv", "hidden or system folder"),
        ("file:.keys/token", "hidden or system folder"),
        ("file:pipe", "no file at"),
    ],
)
def test_files_that_are_never_read(tmp_path: Path, address: str, reason: str) -> None:
    """Fault 18: a file: address that leads to keys, the system or a device."""
    (tmp_path / "link.csv").symlink_to("/etc/passwd")
    (tmp_path / ".keys").mkdir()
    (tmp_path / ".keys" / "token").write_text("secret")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match=reason):
        fetch(address, tmp_path / "raw", mirror="", base=tmp_path, allow_files=True)
    assert list((tmp_path / "raw").iterdir()) == []


def test_a_page_on_disk_is_no_data(tmp_path: Path) -> None:
    """Fault 14: a download by browser is checked too."""
    (tmp_path / "plants.csv").write_bytes(b"<!doctype html><title>Log in</title>")
    with pytest.raises(SourceError, match="an HTML page titled 'Log in' came, expected csv"):
        fetch("file:plants.csv", tmp_path / "raw", mirror="", base=tmp_path, allow_files=True, expects="csv")


def test_several_addresses_keep_their_order(serve: Serve, tmp_path: Path) -> None:
    server = serve(
        lambda h: h.send(h.path.encode(), ETag=f'"{h.path}"') if "If-None-Match" not in h.headers else h.send(b"", 304)
    )
    wanted = [server.url("/b"), server.url("/a"), server.url("/c")]
    got = server.fetch_all(wanted, tmp_path / "raw")
    assert [file.address for file in got] == wanted
    assert [file.path.read_bytes() for file in got] == [b"/b", b"/a", b"/c"]
    last = {file.address: {"etag": file.etag, "sha256": file.sha256} for file in got[:2]}
    again = server.fetch_all(wanted, tmp_path / "again", previous=last)
    assert [file.not_modified for file in again] == [True, True, False]
    assert [file.sha256 for file in again] == [file.sha256 for file in got]


class Proxy(threading.Thread):
    """An egress proxy: notes what it is asked to CONNECT to, and connects to one server instead of resolving."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.behind = port
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.asked: list[str] = []
        self.refuses = False
        self.start()

    def run(self) -> None:
        while True:
            try:
                client, _ = self.listening.accept()
            except OSError:
                return
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            self.asked.append(head.decode())
            if self.refuses:
                client.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")
                client.close()
                continue
            inner = socket.create_connection(("127.0.0.1", self.behind))
            client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            for one, other in ((client, inner), (inner, client)):
                threading.Thread(target=self.copy, args=(one, other), daemon=True).start()

    @staticmethod
    def copy(one: socket.socket, other: socket.socket) -> None:
        try:
            while piece := one.recv(65536):
                other.sendall(piece)
        except OSError:
            pass
        other.close()


def test_behind_a_proxy_it_is_the_proxy_that_resolves(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 18: names are checked all the same, and the certificate is the source's own."""
    server = serve(lambda h: h.send(BODY))
    proxy = Proxy(server.port)
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://egress:pass-9@127.0.0.1:{proxy.port}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)

    def resolve(host: str, port: int) -> list[str]:
        raise AssertionError(f"{host} was resolved here")

    policy = Policy(resolve=resolve)
    got = fetch(server.url("/plants.csv"), tmp_path / "raw", mirror="", policy=policy)
    assert got.sha256 == hashlib.sha256(BODY).hexdigest()
    assert proxy.asked[0].startswith(f"CONNECT data.example.org:{server.port} ")
    assert "Proxy-Authorization: Basic" in proxy.asked[0]
    assert "Authorization" not in server.asked[0][1]
    for address in ("https://169.254.169.254/x", "https://localhost/x", "https://kubernetes.default.svc/x"):
        with pytest.raises(SourceError, match="refused"):
            fetch(address, tmp_path / "raw", mirror="", policy=policy)
    assert len(proxy.asked) == 1
    proxy.refuses = True
    with pytest.raises(SourceError, match=r"the proxy refused it \(403 Forbidden\). Ask your operators"):
        fetch(server.url("/plants.csv"), tmp_path / "raw", mirror="", policy=policy)
    assert len(proxy.asked) == 2
    proxy.listening.close()


def test_a_proxy_that_is_no_address_is_told_without_it(tmp_path: Path) -> None:
    policy = Policy(proxy=lambda host: "egress:pass-9")
    with pytest.raises(EnvironmentFault, match="HTTPS_PROXY: not a proxy's address") as error:
        fetch("https://data.example.org/x", tmp_path, mirror="", policy=policy)
    assert "pass-9" not in str(error.value)


@pytest.mark.server
def test_a_full_volume_is_named(tmp_path: Path) -> None:
    """Fault 8: the file does not fit, nothing of it stays."""
    (tmp_path / "big.csv").write_bytes(b"x" * 300_000)
    small = tmp_path / "small"
    small.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)], capture_output=True, text=True
    )
    if made.returncode:
        pytest.skip(f"no small volume can be made here: {made.stderr.strip()}")
    try:
        with pytest.raises(EnvironmentFault, match=f"{small}: its volume is full"):
            fetch("file:big.csv", small, mirror="", base=tmp_path, allow_files=True)
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The mounted secret."""
    monkeypatch.setenv("COMMONS_SECRETS", str(tmp_path))
    settings.cache_clear()
    yield tmp_path
    monkeypatch.undo()
    settings.cache_clear()


def test_a_secret_is_a_file_before_it_is_a_variable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMONS_SECRET_GRID_API", "of-the-laptop")
    assert secrets.value("GRID_API") == "of-the-laptop"
    (folder / "GRID_API").write_text("of-the-mount\n")
    assert secrets.value("GRID_API") == "of-the-mount"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("GRID_API", None, "COMMONS_SECRET_GRID_API is not set"),
        ("GRID_API", "", "COMMONS_SECRET_GRID_API is not set"),
        ("GRID_API", "canary-1\nX-Admin: yes", "line breaks"),
        ("GRID_API", "canary-1é", "no header can carry"),
        ("../GRID_API", None, "no name|not a name"),
    ],
)
def test_secrets_that_cannot_be_sent(folder: Path, name: str, content: str | None, reason: str) -> None:
    """Fault 27: the message names the secret and never shows it."""
    if content is not None:
        (folder / name).write_text(content)
    with pytest.raises(EnvironmentFault, match=reason) as error:
        secrets.value(name)
    assert "canary" not in str(error.value)


def test_files_in_secrets_are_no_sources(folder: Path) -> None:
    (folder / "token").write_text("canary")
    with pytest.raises(SourceError, match="hidden or system folder"):
        fetch_all(["file:token"], folder / "raw", mirror="", base=folder, allow_files=True)
