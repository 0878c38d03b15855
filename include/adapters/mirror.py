"""A folder that answers addresses offline: its mirror.yaml says which file answers which, with size and hash."""

import gzip
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO, cast

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from ..errors import EnvironmentFault, SourceError
from .landing import Landing, chunks


class Answer(BaseModel):
    """The file that answers an address; `bytes` and `sha256` are those of the answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: str
    file: str
    member: str | None = None
    """The file lies inside that zip."""
    gzip: bool = False
    """It is stored compressed and answered plain."""
    bytes: int
    sha256: str


def answer(folder: str, address: str) -> Answer | None:
    """What the mirror in `folder` has for `address`. Raises EnvironmentFault where its mirror.yaml can't be used."""
    listing = Path(folder) / "mirror.yaml"
    try:
        return _listed(listing, listing.stat().st_mtime_ns).get(address)
    except (OSError, ValidationError, yaml.YAMLError) as error:
        raise EnvironmentFault(f"{listing}: not a mirror: {error}. Correct it, or unset COMMONS_MIRROR.") from error


@lru_cache(maxsize=4)
def _listed(listing: Path, _changed: int) -> dict[str, Answer]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    items = yaml.load(listing.read_bytes(), Loader=loader)  # noqa: S506 (both are safe loaders)
    return {item.address: item for item in TypeAdapter(list[Answer]).validate_python(items)}


def take(folder: str, found: Answer, landing: Landing) -> None:
    """The answer's bytes into `landing`. Raises SourceError unless size and hash are those of the listing."""
    place = f"{folder}/{found.file}" + (f" ({found.member})" if found.member else "")
    landing.allow(found.bytes)
    landing.total = found.bytes
    try:
        with _opened(Path(folder), found) as file:
            for piece in chunks(file):
                landing.took(piece)
    except (OSError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise EnvironmentFault(f"{place}: can't be read: {error}. Restore the mirror's file.") from error
    if (landing.size, landing.sha256) != (found.bytes, found.sha256):
        raise SourceError(
            f"{place}: not what mirror.yaml lists for {found.address}: expected {found.bytes:,} bytes, "
            f"SHA-256 {found.sha256}; found {landing.size:,} bytes, {landing.sha256}. Restore the file."
        )


@contextmanager
def _opened(folder: Path, found: Answer) -> Iterator[IO[bytes]]:
    path = (folder / found.file).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise EnvironmentFault(f"{folder}/mirror.yaml: {found.file!r} lies outside the mirror. Correct it.")
    if found.member:
        with zipfile.ZipFile(path) as archive, archive.open(found.member) as file:
            yield file
    elif found.gzip:
        with gzip.open(path) as file:
            yield cast(IO[bytes], file)
    else:
        with path.open("rb") as file:
            yield file
