"""Hashes from one reading: those of the bytes, whatever their number, and of a copy that is written meanwhile."""

import hashlib
from pathlib import Path

import pytest

from include.adapters.hashing import Hashes, hashes

NOTHING = Hashes("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "d41d8cd98f00b204e9800998ecf8427e")
ABC = Hashes("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "900150983cd24fb0d6963f7d28e17f72")
"""Of b"abc": FIPS 180-2, appendix B.1, and RFC 1321, appendix A.5."""


@pytest.mark.parametrize(("content", "expected"), [(b"", NOTHING), (b"abc", ABC)])
def test_known_values(content: bytes, expected: Hashes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(content)
    assert hashes(tmp_path / "a") == hashes(tmp_path / "a", tmp_path / "b") == expected
    assert (tmp_path / "b").read_bytes() == content


def test_a_file_of_several_pieces_is_copied_in_order(tmp_path: Path) -> None:
    content = bytes(range(251)) * 20_000
    (tmp_path / "a").write_bytes(content)
    found = hashes(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == content
    assert found == Hashes(hashlib.sha256(content).hexdigest(), hashlib.md5(content).hexdigest())
