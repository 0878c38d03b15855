"""`commons new`: contract.yaml and schema.py of a dataset, drafted by looking at its data."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import polars as pl

from ..adapters import addresses
from ..adapters.fetch import fetch
from ..contracts import loader
from ..contracts.names import is_snake, snake
from ..errors import EnvironmentFault, SourceError
from ..extraction import author
from ..extraction.raw import RawFile
from ..extraction.read import Reading, read
from ..settings import REPOSITORY
from ..validation import schema as schemas
from ..validation.casting import Casting
from ..validation.render import render
from .drafting import keys, naming, text
from .drafting.files import Look, look
from .drafting.guess import Guess, guess, style_of
from .findings import said
from .progress import progress

ALL_ROWS, SAMPLE = 1_000_000, 200_000
_RECORD = author.RECORD
Style = tuple[str, str | None]


def draft(name: str, source: str, folder: Path) -> list[Path]:
    """Writes contract.yaml and schema.py into the new folder `folder` and returns their paths.

    `source` is a file, or an https, file: or pkg:pypi address. What is written passes `commons check`, and the data
    pass it. Raises EnvironmentFault for a name or folder that can't be used, SourceError for data that can't be read;
    nothing is left then.
    """
    _check_place(name, folder)
    address = address_of(source)
    with tempfile.TemporaryDirectory(prefix="commons-new-") as place, progress(f"Looking at {source}") as told:
        raw = _fetched(address, Path(place) / "raw", told)
        found = look(raw, _made(Path(place) / "look"))
        reading = read([raw], found.source(address), Path(place) / "frames")
        facts, columns, named = _examined(name, address, raw, found, reading)
    texts = {"contract.yaml": text.contract(facts, found, columns), "schema.py": text.schema(facts, columns, named)}
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


def _fetched(address: str, into: Path, told: Callable[[int], None]) -> RawFile:
    fetched = fetch(address, into, progress=lambda _name, _so_far, _all: told(0))
    if fetched.path is None:
        raise SourceError(f"{addresses.shown(address)}: nothing came. Try again later.")
    return RawFile(fetched.address, fetched.name, fetched.path, fetched.sha256, fetched.bytes)


def _examined(
    name: str, address: str, raw: RawFile, found: Look, reading: Reading
) -> tuple[text.Facts, list[Guess], dict[str, str]]:
    table = author.apply(None, {place: pl.scan_parquet(path) for place, path in reading.frames.items()}).table
    rows = int(table.select(pl.len()).collect().item())
    if not rows:
        raise SourceError(f"{raw.name}: has a header but no records. Draft from a file that holds data.")
    sample = table if rows <= ALL_ROWS else table.gather_every(-(-rows // SAMPLE))
    ignored = {h: why for h, dtype in table.collect_schema().items() if (why := _unfit(h, dtype)) and h != _RECORD}
    headings = [h for h in table.collect_schema() if h != _RECORD and h not in ignored]
    style = _style(sample, found)
    names, named = naming.columns(headings), naming.by_engine(headings)
    columns = [_column(h, names[h], sample, table, style, found) for h in headings]
    columns = _checked(columns, table, style, whole=rows <= ALL_ROWS)
    nan = any(_has_nan(table, column) for column in columns)
    if nan:
        columns = [_with_nan(column, table) for column in columns]
    key, repeats, repeated = _identity(columns, table, style, rows)
    looked = (
        f"all {rows:,} records" if rows <= ALL_ROWS else f"{SAMPLE:,} of {rows:,} records, then read in all of them"
    )
    facts = text.Facts(
        name=name, url=address, file=raw.name, rows=rows, looked=looked, owner=said("git", "config", "user.email") or "you@example.org",
        key=key, repeats=repeats, repeated=repeated, rejected=sum(reading.rejected.values()), ignored=ignored, nan=nan,
        decimal=style[0], thousands=style[1],
    )  # fmt: skip
    return facts, columns, named


def _unfit(heading: str, dtype: pl.DataType) -> str:
    """Why a column can't be stored; empty where it can."""
    if dtype.is_nested() or isinstance(dtype, pl.Binary | pl.Duration | pl.Object):
        return f"{heading} holds {dtype}: take it apart in extract.py if it is wanted"
    return ""


def _style(sample: pl.LazyFrame, found: Look) -> Style:
    if found.kind not in ("csv", "excel", "json", "jsonl", "xml"):
        return ".", None
    schema = sample.collect_schema()
    texts = (sample.select(h).collect().to_series() for h, dtype in schema.items() if dtype == pl.String)
    return style_of(texts, found.delimiter)


def _column(heading: str, name: str, sample: pl.LazyFrame, table: pl.LazyFrame, style: Style, found: Look) -> Guess:
    values = sample.select(heading).collect().to_series()
    column = guess(heading, name, values, style, typed=found.kind == "parquet")
    column.nulls = int(table.select(pl.col(heading).null_count()).collect().item())
    return column


def _checked(columns: list[Guess], table: pl.LazyFrame, style: Style, *, whole: bool) -> list[Guess]:
    """`columns`, those that a sample misled as text, and without checks that only a sample passed."""
    if whole:
        return columns
    types = table.collect_schema()
    castings = [column.casting(style) for column in columns]
    unread = table.select(
        (c.given(types[c.heading]) & c.expression(types[c.heading]).is_null()).sum().alias(c.name) for c in castings
    ).collect(engine="streaming")
    return [
        replace(
            column,
            checks={},
            **({"dtype": pl.String(), "format": None, "unit": None} if unread[column.name].item() else {}),
        )
        for column in columns
    ]


def _has_nan(table: pl.LazyFrame, column: Guess) -> bool:
    if not table.collect_schema()[column.heading].is_float():
        return False
    return bool(table.select(pl.col(column.heading).is_nan().any()).collect().item())


def _with_nan(column: Guess, table: pl.LazyFrame) -> Guess:
    """Missing values as they are counted where NaN is one: also the text, in columns of text."""
    values = pl.col(column.heading)
    dtype = table.collect_schema()[column.heading]
    gone = values.is_nan() if dtype.is_float() else values == "NaN" if dtype == pl.String else pl.lit(False)
    more = int(table.select(gone.fill_null(False).sum()).collect().item())
    return replace(column, nulls=column.nulls + more)


def _identity(
    columns: list[Guess], table: pl.LazyFrame, style: Style, rows: int
) -> tuple[tuple[str, ...], str | None, int]:
    """The key, what to do with records that repeat, and how many do."""
    if rows > keys.MOST_ROWS:
        return (), None, 0
    types = table.collect_schema()
    castings: list[Casting] = [column.casting(style) for column in columns]
    typed = table.select(casting.expression(types[casting.heading]) for casting in castings).collect()
    repeated = rows - typed.n_unique()
    key = keys.key_of(typed.unique().lazy() if repeated else typed.lazy(), columns, rows - repeated)
    return key, ("merge" if key else "keep") if repeated else None, repeated


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


__all__ = ["address_of", "draft"]
