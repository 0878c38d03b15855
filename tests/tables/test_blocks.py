"""blocks.json: the hashes of a table's blocks, by hand and as they were first written."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from include.errors import DataError
from include.tables import blocks

GOLDEN = Path(__file__).parents[1] / "golden" / "version"


def test_every_mebibyte_of_every_part_has_its_hash(tmp_path: Path) -> None:
    parts = {
        "table/part-00000.parquet": os.urandom(2_500_000),
        "table/year=1/part-00000.parquet": os.urandom(1 << 20),
        "table/year=2/part-00000.parquet": b"",
    }
    for name, content in {**parts, "schema.json": b"{}", "raw/x": b"raw"}.items():
        (tmp_path / "v" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "v" / name).write_bytes(content)
    blocks.write(tmp_path / "v")
    document = json.loads((tmp_path / "v" / "blocks.json").read_text())
    assert list(document["files"]) == sorted(parts)
    assert (document["format"], document["size"]) == (1, 1_048_576)
    by_hand = {
        name: [hashlib.sha256(content[at : at + 1_048_576]).hexdigest() for at in range(0, len(content), 1_048_576)]
        for name, content in parts.items()
    }
    assert document["files"] == by_hand
    assert [len(hashes) for hashes in by_hand.values()] == [3, 1, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["v"]
    size, read = blocks.parse((tmp_path / "v" / "blocks.json").read_bytes(), "here")
    assert size == 1_048_576
    assert {name: [digest.hex() for digest in digests] for name, digests in read.items()} == by_hand


def test_it_is_written_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "v" / "table").mkdir(parents=True)
    for part in (GOLDEN / "table").iterdir():
        (tmp_path / "v" / "table" / part.name).write_bytes(part.read_bytes())
    blocks.write(tmp_path / "v")
    assert (tmp_path / "v" / "blocks.json").read_bytes() == (GOLDEN / "blocks.json").read_bytes()


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b"\xff", b'{"format": 1, "size": 1, "files": {"a": ["zz"]}}', b'{"format": 1, "files": {}}'],
)
def test_what_is_no_list_of_blocks_is_refused(content: bytes) -> None:
    with pytest.raises(DataError, match=r"blocks.json of x: is not a list of blocks"):
        blocks.parse(content, "blocks.json of x")


def test_a_newer_format_is_refused() -> None:
    with pytest.raises(DataError, match="format 2, expected 1"):
        blocks.parse(b'{"format": 2, "size": 1, "files": {}}', "here")
