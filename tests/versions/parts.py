"""Tables whose files lie on a remote, cut into blocks as small as a test wants."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from include.adapters.partial import Object
from include.adapters.remote import Remote, md5_of
from include.contracts.columns import TableSchema
from include.tables import parquet
from include.versions.lazily import Table


def stored(file: Path, source: Remote, cache: Path, block: int) -> Object:
    """The file put on a remote as an object of its own, with the hashes of its blocks."""
    content = file.read_bytes()
    oid = md5_of(file)
    source.fs.makedirs(source.path(oid).rpartition("/")[0], exist_ok=True)
    source.fs.put_file(str(file), source.path(oid))
    hashes = (hashlib.sha256(content[at : at + block]).digest() for at in range(0, len(content), block))
    return Object(oid, block, tuple(hashes), source, cache)


def table(
    frames: Iterable[pl.DataFrame], schema: TableSchema, source: Remote, place: Path, *, group: int, block: int
) -> Table:
    """Each frame as one file with row groups of `group` rows, on the remote `source`; the cache is below `place`."""
    place.mkdir(parents=True, exist_ok=True)
    files = []
    for number, frame in enumerate(frames):
        file = place / f"part-{number:05d}.parquet"
        frame.write_parquet(file, row_group_size=group, statistics=True, compression="zstd")
        files.append(stored(file, source, place / "cache", block))
    return Table(tuple(files), schema)


def native(table: Table, place: Path) -> pl.LazyFrame:
    """The same rows as Polars reads them by itself."""
    return parquet.scan([place / f"part-{number:05d}.parquet" for number in range(len(table.files))])
