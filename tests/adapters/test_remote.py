"""Remotes: an S3 server that works, and servers that refuse, fill up, or cut answers short."""

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from include.adapters import remote as remotes
from include.adapters.cache import fetch, listing
from include.adapters.remote import Listing, Remote, listing_of, point_remotes, put_version, remote
from include.errors import EnvironmentFault

GATEWAY = shutil.which("versitygw") or str(Path.home() / "go" / "bin" / "versitygw")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a small, an empty and a large file (more than one part of an upload)."""
    place = tmp_path / "version"
    (place / "table").mkdir(parents=True)
    (place / "schema.json").write_text("{}\n")
    (place / "empty").touch()
    (place / "table" / "part-00000.parquet").write_bytes(os.urandom(1 << 20) * 55)
    return place


def s3(monkeypatch: pytest.MonkeyPatch, endpoint: str, bucket: str = "bucket") -> Remote:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "canary-secret", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint, "AWS_MAX_ATTEMPTS": "2",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    return remote("public", None, f"s3://{bucket}/prefix")


def round_trip(target: Remote, folder: Path, cache: Path) -> Listing:
    """Publish twice, read all of it back."""
    wanted = listing_of(folder)
    put_version(folder, wanted, target)
    put_version(folder, wanted, target)
    found = listing(wanted.md5, target, cache)
    assert found.files == wanted.files
    assert len(found.files) == 3
    for path, oid in found.files.items():
        assert fetch(oid, target, cache).read_bytes() == (folder / path).read_bytes()
    return wanted


def test_a_bucket_may_take_the_place_of_a_folder_and_the_other_way_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deployment names its remotes by COMMONS_REMOTE, whatever kind a clone's .dvc/config names."""
    s3(monkeypatch, "http://127.0.0.1:1")
    (tmp_path / ".dvc").mkdir()
    point_remotes(tmp_path, tmp_path / "remotes")
    there = remote("public", tmp_path, "s3://bucket")
    assert (there.is_local, there.path("0123")) == (False, "bucket/public/files/md5/01/23")
    assert remote("public", tmp_path).is_local
    with (tmp_path / ".dvc" / "config").open("w") as config:
        config.write("['remote \"public\"']\n    url = s3://other/public\n    endpointurl = http://127.0.0.1:2\n")
    here = remote("public", tmp_path, f"file://{tmp_path}/elsewhere")
    assert (here.is_local, here.root) == (True, f"{tmp_path}/elsewhere/public")
    same = remote("public", tmp_path, "s3://third")
    assert same.fs.fs_args["client_kwargs"]["endpoint_url"] == "http://127.0.0.1:2"  # of one kind: options hold


def test_a_folder_of_this_machine(folder: Path, tmp_path: Path) -> None:
    target = remote("public", None, f"file://{tmp_path}/remotes")
    wanted = round_trip(target, folder, tmp_path / "cache")
    assert sorted(wanted.sizes.values()) == [0, 3, 55 << 20]
    assert not (tmp_path / "cache" / "files").exists(), "what lies on this machine is not copied"
    assert {p.stat().st_mode & 0o222 for p in (tmp_path / "remotes").rglob("files/md5/*/*")} == {0}


def test_what_is_there_in_part_is_written_again(folder: Path, tmp_path: Path) -> None:
    target = remote("public", None, str(tmp_path / "remotes"))
    wanted = listing_of(folder)
    torn = Path(target.path(wanted.files["table/part-00000.parquet"]))
    torn.parent.mkdir(parents=True)
    torn.write_bytes(b"half")
    rotten = Path(target.path(wanted.files["schema.json"]))
    rotten.parent.mkdir(parents=True)
    rotten.write_bytes(b"{]\n")
    round_trip(target, folder, tmp_path / "cache")


def test_own_files_become_the_objects_of_a_local_remote_and_others_never_do(folder: Path, tmp_path: Path) -> None:
    target = remote("public", None, str(tmp_path / "remotes"))
    wanted = listing_of(folder)
    put_version(folder, wanted, target, own=["table/part-00000.parquet"])
    same = {path: (folder / path).samefile(target.path(oid)) for path, oid in wanted.files.items()}
    assert same == {"empty": False, "schema.json": False, "table/part-00000.parquet": True}
    assert {p.stat().st_mode & 0o222 for p in (tmp_path / "remotes").rglob("files/md5/*/*")} == {0}


def test_own_files_are_copied_to_a_remote_on_another_volume(folder: Path, tmp_path: Path) -> None:
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs a second volume at /dev/shm")
    with tempfile.TemporaryDirectory(dir=memory) as other:
        target = remote("public", None, other)
        wanted = listing_of(folder)
        put_version(folder, wanted, target, own=wanted.files)
        for path, oid in wanted.files.items():
            assert Path(target.path(oid)).read_bytes() == (folder / path).read_bytes()


def test_a_remote_that_nobody_configured(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match=r"no remote named 'internal'.*dvc remote add internal"):
        remote("internal", tmp_path)


@pytest.mark.server
def test_a_real_s3_server(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path(GATEWAY).exists():
        pytest.skip("needs versitygw: go install github.com/versity/versitygw/cmd/versitygw@v1.8.0")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    (tmp_path / "s3" / "bucket").mkdir(parents=True)
    environment = os.environ | {"ROOT_ACCESS_KEY": "key", "ROOT_SECRET_KEY": "canary-secret"}
    command = [GATEWAY, "--port", address, "posix", str(tmp_path / "s3")]
    gateway = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _answers(f"http://{address}")
        target = s3(monkeypatch, f"http://{address}")
        wanted = round_trip(target, folder, tmp_path / "cache")
        stored = tmp_path / "s3" / "bucket" / "prefix" / "public" / "files" / "md5"
        oid = wanted.files["table/part-00000.parquet"]
        assert (stored / oid[:2] / oid[2:]).read_bytes() == (folder / "table" / "part-00000.parquet").read_bytes()
        (stored / oid[:2] / oid[2:]).write_bytes(b"cut")
        with pytest.raises(EnvironmentFault, match=f"object {oid}.*(checksum|is damaged)"):
            fetch(oid, target, tmp_path / "other")
        assert not list((tmp_path / "other").rglob("*/md5/*/*")), "damaged bytes are never cached"
        with pytest.raises(EnvironmentFault, match="absent from remote 'public'"):
            fetch("0" * 32, target, tmp_path / "other")
    finally:
        gateway.terminate()
        gateway.wait()


def _answers(url: str) -> None:
    for _ in range(200):
        try:
            urllib.request.urlopen(url)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"{url} does not answer")


Serve = Callable[[int, str], str]


@pytest.fixture
def refusing() -> Iterator[Serve]:
    """Starts an S3 server that answers every write with one status and error code; reads find nothing."""
    servers: list[ThreadingHTTPServer] = []

    def start(status: int, code: str) -> str:
        class Refusing(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                body = f"<Error><Code>{code}</Code><Message>{code} here</Message></Error>".encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_HEAD(self) -> None:
                self.send_response(404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self) -> None:
                body = b"<ListBucketResult><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>"
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "code"), [(507, "InsufficientStorage"), (403, "QuotaExceeded"), (503, "SlowDown"), (403, "AccessDenied")]
)
def test_a_store_that_is_full_or_refuses(
    status: int, code: str, refusing: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 8: a clean failure after bounded tries that names the bucket, and no key."""
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / "schema.json").write_text("{}\n")
    target = s3(monkeypatch, refusing(status, code))
    said = r"s3://bucket/prefix/public: can't write object .*bucket bucket"
    with pytest.raises(EnvironmentFault, match=said) as caught:
        put_version(tmp_path / "v", listing_of(tmp_path / "v"), target)
    assert "Nothing was published" in str(caught.value)
    assert "canary-secret" not in str(caught.value)
    assert remotes.absent([listing_of(tmp_path / "v").md5], target) != []
