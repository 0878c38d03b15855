"""blocks.json: the hash of every block of a version's table, so that a part of a big file can be trusted alone."""

import hashlib
import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ..errors import DataError

FILE = "blocks.json"
SIZE = 1 << 20


def write(folder: Path) -> None:
    """Write `folder/blocks.json` for the files of its table (FORMAT.md, "A version"): equal for equal files."""
    files = sorted((file for file in folder.glob("table/**/*") if file.is_file()), key=lambda f: f.as_posix().encode())
    with ThreadPoolExecutor(2) as pool:
        hashes = list(pool.map(lambda file: list(_hashes(file)), files))
    named = dict(zip((file.relative_to(folder).as_posix() for file in files), hashes, strict=True))
    text = json.dumps({"format": 1, "size": SIZE, "files": named}, indent=0, ensure_ascii=False) + "\n"
    part = folder.with_name(f".{folder.name}-{uuid.uuid4().hex}")  # two processes may do this at once
    part.write_text(text, encoding="utf-8")
    part.replace(folder / FILE)


def _hashes(file: Path) -> Iterator[str]:
    with file.open("rb") as opened:
        while block := opened.read(SIZE):
            yield hashlib.sha256(block).hexdigest()


def parse(content: bytes, where: str) -> tuple[int, dict[str, list[bytes]]]:
    """Size of a block, and the SHA-256 of each by file. Raises DataError where `content` is not of format 1."""
    try:
        document: dict[str, Any] = json.loads(content)
        size, files = document["size"], document["files"]
        known = {path: [bytes.fromhex(digest) for digest in digests] for path, digests in files.items()}
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise DataError(f"{where}: is not a list of blocks: {error}. Publish the version again.") from error
    if document.get("format") != 1 or not isinstance(size, int) or size < 1:
        raise DataError(f"{where}: format {document.get('format')!r}, expected 1. Upgrade data-commons.")
    return size, known
