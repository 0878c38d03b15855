"""A table as a file for people: Parquet exactly, CSV and Excel without a cell that a spreadsheet would run."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import polars as pl
from xlsxwriter.exceptions import FileCreateError  # type: ignore[import-untyped]

from ..errors import DataError, EnvironmentFault
from . import excel
from .preview import head
from .progress import progress

__all__ = ["export", "guarded", "head"]

BATCH = 50_000
# Blanks and invisible characters that spreadsheets skip or strip before they look for a formula.
_UNSEEN = r"[\s\x00-\x1f\u200b-\u200f\u2060\ufeff]*"
_RUNS = rf"^'*({_UNSEEN}[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])"
_NUMBER = r"^ *[+-]?(\d+([.,]\d+)*|[.,]\d+)([eE][+-]?\d+)? ?%?$"

Write = Callable[[pl.LazyFrame, Path, int], None]


def export(frame: pl.LazyFrame, target: Path, *, separator: str = ",", marked: bool = False) -> int:
    """Writes `frame` to `target` as its suffix says (.parquet, .csv, .xlsx) and returns the number of rows.

    CSV has `separator` between fields and, `marked`, begins with UTF-8's byte order mark, by which Excel knows it.
    In CSV and Excel a text that a spreadsheet would take for a formula (see `guarded`) gets a leading apostrophe;
    taking that away gives the text back. Lists of texts are joined by newlines. What Excel can't hold exactly is
    text there: integers and decimals of more than 15 digits, NaN and infinities, times, moments finer than a
    millisecond, dates before March 1900. Moments are in UTC. Parquet holds every value as it is.
    Raises EnvironmentFault for another suffix or a place that can't be written, DataError for what Excel's limits
    or a text file can't hold. An older file at `target` stays until the new one is whole.
    """
    write = _writer(target, separator, marked)
    rows: int = frame.select(pl.len()).collect(engine="streaming").item()
    with _whole(target) as part:
        write(frame, part, rows)
    return rows


def guarded(text: pl.Expr) -> pl.Expr:
    """`text` with an apostrophe before what a spreadsheet would run.

    That is a text whose first visible character is = + - or @ (full-width ones too), or that starts with a tab or
    line break, unless it is a plain number such as -1.5 or +3 %. A text that only looks guarded gets one more
    apostrophe, so that removing one from every match gives all texts back.
    """
    runs = text.str.contains(_RUNS) & ~text.str.contains(_NUMBER)
    return pl.when(~runs).then(text).otherwise(pl.concat_str(pl.lit("'"), text))


def _writer(target: Path, separator: str, marked: bool) -> Write:
    text = partial(_csv, separator=separator, marked=marked)
    writers: dict[str, Write] = {".parquet": _parquet, ".csv": text, ".xlsx": _excel}
    suffix = target.suffix.lower()
    if suffix not in writers:
        raise EnvironmentFault(
            f"{target}: can't tell the format from {suffix or 'a name without suffix'!r}, expected "
            f"{', '.join(writers)}. Name the file accordingly."
        )
    return writers[suffix]


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """A file beside `target` that takes its place when it is complete, and leaves nothing when it is not."""
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
    try:
        yield part
        part.replace(target)
    except (OSError, FileCreateError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise EnvironmentFault(f"{target}: can't be written: {why}. Choose another place, or make room.") from error
    finally:
        part.unlink(missing_ok=True)


def _parquet(frame: pl.LazyFrame, path: Path, _rows: int) -> None:
    with progress("Writing Parquet"):
        frame.sink_parquet(path)


def _csv(frame: pl.LazyFrame, path: Path, rows: int, *, separator: str, marked: bool) -> None:
    with path.open("wb") as file, progress("Writing CSV", rows) as told:
        plain = _plain(frame)
        header = plain.clear().collect().write_csv(quote_style="non_numeric", separator=separator)
        file.write(header.encode("utf-8-sig" if marked else "utf-8"))
        for batch in plain.collect_batches(chunk_size=BATCH):
            batch.write_csv(file, include_header=False, quote_style="non_numeric", separator=separator)
            told(batch.height)


def _excel(frame: pl.LazyFrame, path: Path, rows: int) -> None:
    plain = _plain(frame)
    with progress("Writing Excel", rows) as told:
        excel.write(plain.collect_batches(chunk_size=BATCH), plain.collect_schema(), rows, path, told)


def _plain(frame: pl.LazyFrame) -> pl.LazyFrame:
    """`frame` with flat columns only, texts and headings guarded. Raises DataError for a column that is not flat."""
    schema = frame.collect_schema()
    frame = frame.select(_flat(name, dtype) for name, dtype in schema.items())
    headings = pl.Series(schema.names(), dtype=pl.String).to_frame("heading").select(guarded(pl.col("heading")))
    return frame.rename(dict(zip(schema.names(), headings["heading"], strict=True)))


def _flat(name: str, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.List(pl.String):
        return guarded(pl.col(name).list.join("\n")).alias(name)
    if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        return guarded(pl.col(name).cast(pl.String)).alias(name)
    if dtype.is_nested() or isinstance(dtype, pl.Binary | pl.Object):
        raise DataError(f"column '{name}': {dtype} fits no cell of CSV or Excel. Export to .parquet.")
    return pl.col(name)
