"""`commons new`: contract.yaml and schema.py of a dataset, drafted by looking at its data."""

import shutil
import tempfile
from pathlib import Path
from urllib.parse import quote

from ..adapters import addresses
from ..adapters.fetch import fetch
from ..contracts import loader
from ..contracts.names import is_snake, snake
from ..errors import EnvironmentFault, SourceError
from ..extraction.raw import RawFile
from ..extraction.read import read
from ..settings import REPOSITORY
from ..validation import schema as schemas
from ..validation.render import render
from .drafting import text
from .drafting.examine import examine
from .drafting.files import look
from .findings import said
from .progress import progress


def draft(name: str, source: str, folder: Path) -> list[Path]:
    """Writes contract.yaml and schema.py into the new folder `folder` and returns their paths.

    `source` is a file, or an https, file: or pkg:pypi address. What is written passes `commons check`, and the data
    pass it. Raises EnvironmentFault for a name or folder that can't be used, SourceError for data that can't be read;
    nothing is left then.
    """
    _check_place(name, folder)
    address = address_of(source)
    with tempfile.TemporaryDirectory(prefix="commons-new-") as place, progress(f"Looking at {source}"):
        raw = _fetched(address, Path(place) / "raw")
        found = look(raw, _made(Path(place) / "look"))
        reading = read([raw], found.source(address), Path(place) / "frames")
        if not reading.records - sum(reading.rejected.values()):
            raise SourceError(f"{raw.name}: has a header but no records. Draft from a file that holds data.")
        seen = examine(reading, found)
    owner = said("git", "config", "user.email") or "you@example.org"
    facts = text.Facts(name, address, raw.name, owner, sum(reading.rejected.values()))
    texts = {"contract.yaml": text.contract(facts, found, seen), "schema.py": text.schema(facts, seen)}
    return _written(folder, texts)


def address_of(source: str) -> str:
    """The address that a contract gives for `source`: a file of the repository relative to it, any other absolute.

    Raises EnvironmentFault where there is no such file.
    """
    if addresses.kind(source) in ("https", "http", "pkg", "file", "s3", "ftp"):
        return source
    file = Path(source).expanduser().resolve()
    if not file.is_file():
        what = "is a folder" if file.is_dir() else "there is no such file"
        raise EnvironmentFault(f"{source}: {what}. Give a file, or an https, file: or pkg:pypi address.")
    inside = file.is_relative_to(REPOSITORY)
    return f"file:{quote(file.relative_to(REPOSITORY).as_posix())}" if inside else f"file://{quote(file.as_posix())}"


def _check_place(name: str, folder: Path) -> None:
    if not is_snake(name):
        raise EnvironmentFault(f"{name!r}: not a dataset's name, expected snake case. Call it {snake(name)!r}.")
    if folder.exists():
        raise EnvironmentFault(f"{folder}: is there already. Choose another name, or change the files in it.")


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _fetched(address: str, into: Path) -> RawFile:
    fetched = fetch(address, into)
    if fetched.path is None:
        raise SourceError(f"{addresses.shown(address)}: nothing came. Try again later.")
    return RawFile(fetched.address, fetched.name, fetched.path, fetched.sha256, fetched.bytes)


def _written(folder: Path, texts: dict[str, str]) -> list[Path]:
    """The files in their place, all or none, after the engine itself accepted them."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as place:
        new = _made(Path(place) / folder.name)
        for file, content in texts.items():
            (new / file).write_text(content, encoding="utf-8")
        render(schemas.load(new), loader.load(new))
        shutil.rmtree(new / "__pycache__", ignore_errors=True)
        new.rename(folder)
    return [folder / file for file in texts]
