"""Parts of objects on S3: only the blocks asked for come, verified, and stay in the cache."""

import os
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from include.adapters.partial import Object, bring, sparse
from include.adapters.remote import Remote, remote
from include.errors import EnvironmentFault
from include.versions import lazily
from tests.cluster import s3
from tests.tables.tables import schema_of
from tests.versions.parts import stored, table

BLOCK, BLOCKS = 65_536, 40


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[s3.S3]:
    if not s3.program():
        pytest.skip("needs versitygw: go install github.com/versity/versitygw/cmd/versitygw@v1.8.0")
    with s3.serve("127.0.0.1", tmp_path_factory.mktemp("s3")) as running:
        yield running


@pytest.fixture
def source(server: s3.S3, monkeypatch: pytest.MonkeyPatch) -> Remote:
    for name, value in server.variables("publish").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return remote("public", None, f"s3://{s3.REMOTE}/deployment")


@pytest.fixture
def made(source: Remote, tmp_path: Path) -> Object:
    """An object of 40 blocks, the last of them short, and its bytes beside it."""
    (tmp_path / "object").write_bytes(os.urandom(BLOCK * (BLOCKS - 1) + 100))
    return stored(tmp_path / "object", source, tmp_path / "cache", BLOCK)


def content(path: Path, block: int) -> bytes:
    return path.read_bytes()[block * BLOCK : (block + 1) * BLOCK]


@pytest.mark.server
def test_only_the_blocks_asked_for_come(made: Object, server: s3.S3, tmp_path: Path) -> None:
    file = bring(made, [3, 4, 39])
    assert file == sparse(made.oid, tmp_path / "cache")
    assert file.stat().st_size == BLOCK * (BLOCKS - 1) + 100
    assert all(content(file, block) == content(tmp_path / "object", block) for block in (3, 4, 39))
    assert content(file, 5) == bytes(BLOCK)
    assert file.stat().st_blocks * 512 <= 4 * BLOCK
    key = f"deployment/public/files/md5/{made.oid[:2]}/{made.oid[2:]}"
    server.client("root").delete_object(Bucket=s3.REMOTE, Key=key)
    assert bring(made, [39, 4]) == file, "what came once is not asked for again"
    with pytest.raises(EnvironmentFault, match=f"object {made.oid} is absent from remote 'public'"):
        bring(made, [5])
    assert all(content(file, block) == content(tmp_path / "object", block) for block in (3, 4, 39))


@pytest.mark.server
def test_all_blocks_together_are_the_object(made: Object, tmp_path: Path) -> None:
    assert bring(made, range(BLOCKS)).read_bytes() == (tmp_path / "object").read_bytes()


@pytest.mark.server
def test_a_block_that_is_damaged_there_is_refused_and_not_kept(made: Object, server: s3.S3, tmp_path: Path) -> None:
    good = (tmp_path / "object").read_bytes()
    key = f"deployment/public/files/md5/{made.oid[:2]}/{made.oid[2:]}"
    rotten = good[: 7 * BLOCK + 9] + bytes([good[7 * BLOCK + 9] ^ 1]) + good[7 * BLOCK + 10 :]
    server.client("root").put_object(Bucket=s3.REMOTE, Key=key, Body=rotten)
    file = bring(made, [6, 8])
    with pytest.raises(EnvironmentFault, match=r"is damaged in the 65,536 bytes from byte 458,752: .*commons verify"):
        bring(made, [6, 7])
    assert content(file, 7) == bytes(BLOCK)
    server.client("root").put_object(Bucket=s3.REMOTE, Key=key, Body=good[:1000])
    for asked in ([0], [39]):
        with pytest.raises(EnvironmentFault, match="is damaged"):
            bring(made, asked)


@pytest.mark.server
def test_what_rots_in_the_cache_comes_again(made: Object, tmp_path: Path) -> None:
    file = bring(made, range(BLOCKS))
    with file.open("rb+") as opened:
        opened.seek(20 * BLOCK)
        opened.write(b"rotten")
    assert bring(made, range(BLOCKS)).read_bytes() == (tmp_path / "object").read_bytes()


@pytest.mark.server
def test_a_query_on_s3_fetches_its_column_and_nothing_else(source: Remote, tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(20)]
    rows = pl.int_range(50_000, eager=True).alias("i").to_frame()
    wide = rows.select(pl.col("i").hash(seed).reinterpret(signed=True).alias(name) for seed, name in enumerate(names))
    made = table([wide], schema_of(dict.fromkeys(names, "int64")), source, tmp_path, group=20_000, block=4_096)
    assert lazily.frame(made).select("c7").collect().equals(wide.select("c7"))
    kept = sparse(made.files[0].oid, tmp_path / "cache")
    column = kept.stat().st_size / 20
    assert kept.stat().st_size > 7_000_000
    assert column * 0.95 < kept.stat().st_blocks * 512 < 1.5 * column
    assert lazily.frame(made).filter(pl.col("c3") == wide["c3"][49_999]).select("c7").collect().height == 1
    assert lazily.frame(made).collect().equals(wide)
    assert not (tmp_path / "cache" / "files").exists(), "the cache holds whole objects there"
