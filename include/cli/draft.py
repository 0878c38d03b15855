"""`commons new`: contract.yaml and schema.py of a dataset, drafted by looking at its data."""

import re
import shutil
import tempfile
from pathlib import Path
from urllib.parse import quote

from ..adapters import addresses
from ..adapters.fetch import fetch
from ..contracts import loader
from ..contracts.addresses import address as permitted
from ..contracts.names import is_snake, snake
from ..contracts.scalars import header_rows
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

_KEPT = re.compile(r"; its bytes are kept as refused/.*?(?=\. [A-Z])")


def draft(
    name: str,
    source: str,
    folder: Path,
    *,
    header: tuple[int, ...] | None = None,
    sheet: str | None = None,
    replace: bool = False,
) -> list[Path]:
    """Writes contract.yaml and schema.py into the folder `folder` and returns their paths.

    `source` is a file, or an https, file: or pkg:pypi address; `header` (rows from 1, (0,) for none) and `sheet` say
    what is not to be guessed; with `replace` both files of an existing folder are written anew, its others stay. What
    is written passes `commons check`, and the data pass it, but for LEIs that a comment counts. Raises EnvironmentFault
    for a name or folder that can't be used, SourceError for data that can't be read so; nothing is changed then.
    """
    _check_place(name, folder, replace)
    address, rows = address_of(source), _checked_header(header)
    with tempfile.TemporaryDirectory(prefix="commons-new-") as place, progress(f"Looking at {source}"):
        raw = _fetched(address, Path(place) / "raw")
        found = look(raw, _made(Path(place) / "look"), rows, sheet)
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

    Raises EnvironmentFault where there is no such file, SourceError for an address that `commons check` refuses.
    """
    if addresses.kind(source) in ("https", "http", "pkg", "file", "s3", "ftp"):
        return _accepted(source)
    file = Path(source).expanduser().resolve()
    if not file.is_file():
        what = "is a folder" if file.is_dir() else "there is no such file"
        raise EnvironmentFault(f"{source}: {what}. Give a file, or an https, file: or pkg:pypi address.")
    inside = file.is_relative_to(REPOSITORY)
    return f"file:{quote(file.relative_to(REPOSITORY).as_posix())}" if inside else f"file://{quote(file.as_posix())}"


def _accepted(address: str) -> str:
    try:
        return permitted(address)
    except ValueError as error:
        raise SourceError(f"source.url: {error}") from error


def _checked_header(header: tuple[int, ...] | None) -> tuple[int, ...] | None:
    try:
        rows = header_rows(header if header != (0,) else 0)
    except ValueError as error:
        raise EnvironmentFault(f"header: {error}") from error
    return (rows,) if isinstance(rows, int) else rows


def _check_place(name: str, folder: Path, replace: bool) -> None:
    if not is_snake(name):
        raise EnvironmentFault(f"{name!r}: not a dataset's name, expected snake case. Call it {snake(name)!r}.")
    if folder.exists() and not (replace and folder.is_dir()):
        how = "add --force to draft it anew" if folder.is_dir() else "move that file away"
        raise EnvironmentFault(f"{folder}: is there already. Choose another name, or {how}.")


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _fetched(address: str, into: Path) -> RawFile:
    try:
        fetched = fetch(address, into)
    except SourceError as error:  # what came is not kept here
        raise SourceError.of(_KEPT.sub("", problem) for problem in error.problems) from error
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
        if folder.exists():
            for file in texts:
                (new / file).replace(folder / file)
        else:
            new.rename(folder)
    return [folder / file for file in texts]
