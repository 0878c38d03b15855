"""Addresses answered offline by a folder."""

import gzip
import hashlib
import zipfile
from pathlib import Path

import pytest
import yaml

from include.adapters.fetch import fetch, fetch_all
from include.adapters.network import Policy
from include.errors import EnvironmentFault, SourceError

BODY = b"plant,mw\nA,1\n"
SHA = hashlib.sha256(BODY).hexdigest()
ADDRESS = "https://data.example.org/plants.csv"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A mirror with BODY plain, compressed and in a zip."""
    place = tmp_path / "mirror"
    place.mkdir()
    (place / "plain.csv").write_bytes(BODY)
    (place / "packed.csv.gz").write_bytes(gzip.compress(BODY))
    with zipfile.ZipFile(place / "all.zip", "w") as archive:
        archive.writestr("in/plants.csv", BODY)
    return place


def listing(folder: Path, **item: object) -> str:
    whole = {"address": ADDRESS, "file": "plain.csv", "bytes": len(BODY), "sha256": SHA, **item}
    (folder / "mirror.yaml").write_text(yaml.safe_dump([whole]))
    return str(folder)


@pytest.mark.parametrize(
    "item", [{}, {"file": "packed.csv.gz", "gzip": True}, {"file": "all.zip", "member": "in/plants.csv"}]
)
def test_a_listed_address_needs_no_network(folder: Path, tmp_path: Path, item: dict[str, object]) -> None:
    got = fetch(ADDRESS, tmp_path / "raw", mirror=listing(folder, **item))
    assert (got.sha256, got.bytes, got.name, got.address) == (SHA, len(BODY), "plants.csv", ADDRESS)
    assert got.path == tmp_path / "raw" / SHA
    assert got.path.read_bytes() == BODY
    again = fetch(ADDRESS, tmp_path / "again", mirror=str(folder), previous={"etag": got.etag})
    assert (again.not_modified, again.path, again.sha256) == (True, None, SHA)


@pytest.mark.parametrize("item", [{"sha256": "0" * 64}, {"bytes": 5}, {"file": "packed.csv.gz"}])
def test_another_hash_or_size_is_refused(folder: Path, tmp_path: Path, item: dict[str, object]) -> None:
    with pytest.raises(SourceError, match=r"not what mirror.yaml lists") as error:
        fetch(ADDRESS, tmp_path / "raw", mirror=listing(folder, **item))
    assert str(item.get("sha256", SHA)) in str(error.value)
    assert str(folder / str(item.get("file", "plain.csv"))) in str(error.value)
    assert list((tmp_path / "raw").iterdir()) == []


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"file": "gone.csv"}, r"gone.csv: can't be read"),
        ({"file": "all.zip", "member": "gone.csv"}, r"all.zip \(gone.csv\): can't be read"),
        ({"file": "../secret.csv"}, "lies outside the mirror"),
        ({"bytes": "many"}, "not a mirror"),
        ({"fil": "plain.csv"}, "not a mirror"),
    ],
)
def test_a_broken_mirror_is_told(folder: Path, tmp_path: Path, item: dict[str, object], reason: str) -> None:
    (tmp_path / "secret.csv").write_bytes(BODY)
    with pytest.raises(EnvironmentFault, match=reason):
        fetch(ADDRESS, tmp_path / "raw", mirror=listing(folder, **item))


def test_a_folder_without_listing_is_no_mirror(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match=r"mirror.yaml: not a mirror.*COMMONS_MIRROR"):
        fetch(ADDRESS, tmp_path / "raw", mirror=str(tmp_path))


def test_an_address_that_is_not_listed_goes_to_its_server(folder: Path, tmp_path: Path) -> None:
    here = Policy(resolve=lambda host, port: ["127.0.0.1"], proxy=lambda host: None)
    with pytest.raises(SourceError, match="not a public address"):
        fetch(ADDRESS + "?x", tmp_path / "raw", mirror=listing(folder), policy=here)


def test_caps_hold_for_the_mirror(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"larger than .*source.max_mb"):
        fetch(ADDRESS, tmp_path / "raw", mirror=listing(folder), max_bytes=3)


def test_real_files_come_as_they_are_listed(shared: Path, tmp_path: Path) -> None:
    """A file inside a zip, a plain one and one of a package; the listing has no address twice."""
    listed = yaml.safe_load((shared / "mirror.yaml").read_text())
    assert len({item["address"] for item in listed}) == len(listed) > 50
    kinds = {(bool(item.get("member")), bool(item.get("gzip")), item["address"][:3]): item for item in listed}
    assert len(kinds) >= 3
    got = fetch_all([item["address"] for item in kinds.values()], tmp_path / "raw", mirror=str(shared))
    assert [(file.sha256, file.bytes) for file in got] == [(item["sha256"], item["bytes"]) for item in kinds.values()]
