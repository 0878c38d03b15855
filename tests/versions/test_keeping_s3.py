"""The same on a real S3 server: bytes are streamed, moved, found in quarantine and brought back; marks are seen."""

import datetime as dt
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from include.adapters import lease, objects
from include.adapters.remote import Remote, is_whole, listing_of, remote
from include.adapters.store import Store
from include.errors import EnvironmentFault
from include.versions import collecting
from tests.cluster import s3
from tests.versions.house import House, facts, git, house, version
from tests.versions.keeper import collect, older, places, push, series, whole
from tests.versions.test_dvc import files
from tests.versions.test_verify import flip

pytestmark = pytest.mark.server


Keeps = tuple[s3.S3, Path]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeps]:
    """The server, and the folder where it keeps everything."""
    if not s3.program():
        pytest.skip("needs versitygw: go install github.com/versity/versitygw/cmd/versitygw@v1.8.0")
    place = tmp_path_factory.mktemp("s3")
    with s3.serve("127.0.0.1", place) as running:
        yield running, place / "data" / s3.REMOTE


@dataclass(frozen=True)
class InBucket(House):
    """A deployment whose remotes lie in a bucket."""

    address: str = ""

    def remote(self, name: str) -> Remote:
        return remote(name, None, self.address)

    def clone(self, name: str = "clone") -> Path:
        place = super().clone(name)
        classes = ("public", "internal", "restricted")
        sections = [f"['remote \"{which}\"']\n    url = {self.address}/{which}\n" for which in classes]
        (place / ".dvc/config.local").write_text("".join(sections))
        return place


@pytest.fixture
def deployment(server: Keeps, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> InBucket:
    for name, value in server[0].variables("publish").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return InBucket(house(tmp_path / "house").root, f"s3://{s3.REMOTE}/{tmp_path.name}")


@pytest.fixture
def disk(server: Keeps, tmp_path: Path) -> Path:
    """Where the server keeps the public remote."""
    return server[1] / tmp_path.name / "public"


def test_a_flipped_bit_that_the_server_does_not_know_of_is_found_and_mended(
    deployment: InBucket, disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 10: size and ETag are right, so that only reading it tells; read without a copy on this machine."""
    folder = version(tmp_path / "v", {"a": 1.0})
    (folder / "quality.json").write_bytes(os.urandom(9_000_000))
    published = deployment.publish(folder, facts(1))
    oid = listing_of(folder).files["quality.json"]
    stored, where = disk / "files/md5" / oid[:2] / oid[2:], deployment.remote("public")
    good = flip(stored, 5_000_000)
    assert is_whole(where, oid, 9_000_000), "what the server says of it"
    clone = deployment.clone()
    with monkeypatch.context() as nowhere:
        nowhere.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
        (problem,) = whole(clone).problems
    assert (problem.kind, problem.object, problem.files) == ("damaged", oid, ("data/shares/quality.json",))
    assert problem.versions[0].startswith(f"shares {published.entry.md5[:12]} (commit {str(published.commit)[:12]}")
    (clone / "data").mkdir()
    shutil.copytree(folder, clone / "data/shares")
    report = whole(clone, repair=True)
    assert report.problems[0].repaired.startswith("working tree (")
    assert stored.read_bytes() == good
    assert [item.why for item in objects.aside(where)] == ["damaged"]
    assert whole(clone).problems == []


def test_garbage_goes_aside_and_comes_back(deployment: InBucket, disk: Path, tmp_path: Path) -> None:
    done = series(deployment, tmp_path, [1.0, 2.0])
    clone = deployment.clone()
    all_of_it = files(disk / "files")
    git("update-ref", "refs/heads/main", str(done[0].commit), at=deployment.origin)
    git("reset", "-q", "--hard", str(done[0].commit), at=clone)
    git("fetch", "-q", at=clone)
    assert collect(deployment, clone) == {}, "an upload of today may be pinned tomorrow"
    older(disk, 8)
    moved = collect(deployment, clone)["move"]
    assert len(files(disk / "files")) == len(all_of_it) - moved
    assert whole(clone).exit_code == 0
    git("update-ref", "refs/heads/main", str(done[1].commit), at=deployment.origin)
    assert collect(deployment, clone) == {"restore": moved}
    assert files(disk / "files") == all_of_it
    git("update-ref", "refs/heads/main", str(done[0].commit), at=deployment.origin)
    git("fetch", "-q", at=clone)
    older(disk, 8)
    collect(deployment, clone)
    later = places(clone)
    known = collecting.roots((deployment.origin, clone), "refs/heads/main", later)
    items = collecting.plan(known, later, dt.datetime.now(dt.UTC) + dt.timedelta(days=8))
    assert [item.act for item in items].count("delete") == moved
    assert collecting.apply(items, ("delete",))
    assert objects.aside(deployment.remote("public")) == []
    assert whole(clone).exit_code == 0


def test_publishers_and_collectors_see_each_others_marks(deployment: InBucket, tmp_path: Path) -> None:
    """Fault 12: in a bucket, by the clock of its server."""
    series(deployment, tmp_path, [1.0])
    clone, where = deployment.clone(), deployment.remote("public")
    with lease.publishing(where), pytest.raises(EnvironmentFault, match="publishes to it since"):
        collect(deployment, clone)
    with lease.collecting(where), pytest.raises(EnvironmentFault, match="collects its garbage since"):
        collect(deployment, clone)
    assert collect(deployment, clone) == {}
    assert list(objects.found_below(where, lease.FOLDER)) == []


def test_a_copy_from_a_bucket_is_whole(deployment: InBucket, disk: Path, tmp_path: Path) -> None:
    series(deployment, tmp_path, [1.0, 2.0])
    report = push(deployment.clone(), tmp_path / "home")
    assert (report.versions, report.problems) == (2, [])
    assert files(tmp_path / "home/public/files") == files(disk / "files")


def test_a_store_in_a_bucket_tells_the_age_of_runs(server: Keeps, deployment: InBucket, tmp_path: Path) -> None:
    store = Store(f"s3://{s3.REMOTE}/{tmp_path.name}/store")
    store.put("runs/shares/r1/extract/0000/w/raw/a", b"12345")
    ((path, modified, size),) = store.ages("runs")
    assert (path, size) == ("runs/shares/r1/extract/0000/w/raw/a", 5)
    assert abs(dt.datetime.now(dt.UTC) - modified) < dt.timedelta(minutes=1)
    assert store.ages("logs") == []
    store.remove(path)
    store.remove(path)
    assert store.list("") == []
