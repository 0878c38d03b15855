"""Excel workbooks, written row by row: texts stay texts, numbers keep every digit."""

import datetime as dt
import decimal
import math
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter  # type: ignore[import-untyped]

from ..errors import DataError

ROWS, COLUMNS, CHARACTERS = 1_048_576, 16_384, 32_767
_DIGITS = 15
_DAY = "yyyy-mm-dd"
# Excel takes 1900 for a leap year, so earlier days are off by one.
_FIRST_DAY = dt.date(1900, 3, 1)
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "remove_timezone": True,
}


class _Exact(float):
    """A float that is written with all its digits; xlsxwriter's own 16 lose the last one."""

    def __format__(self, _: str) -> str:
        return repr(float(self))


def write(
    batches: Iterable[pl.DataFrame], schema: pl.Schema, rows: int, path: Path, told: Callable[[int], None]
) -> None:
    """Writes `batches` of `rows` rows in all to the workbook `path`; `told` hears how many are done.

    Raises DataError where Excel's limits on rows, columns or characters of a cell are passed.
    """
    _check(rows, len(schema))
    with xlsxwriter.Workbook(path, _OPTIONS) as book:
        sheet = book.add_worksheet("data")
        sheet.freeze_panes(1, 0)
        bold = book.add_format({"bold": True})
        for at, heading in enumerate(schema):
            _text(sheet, 0, at, heading, heading, bold)
        writers = [_writer(sheet, at, name, dtype, book) for at, (name, dtype) in enumerate(schema.items())]
        row = 0
        for batch in batches:
            for values in batch.iter_rows():
                row += 1
                for put, value in zip(writers, values, strict=True):
                    if value is not None:
                        put(row, value)
            told(batch.height)


def _check(rows: int, columns: int) -> None:
    for found, most, what in ((rows, ROWS - 1, "rows below its header"), (columns, COLUMNS, "columns")):
        if found > most:
            raise DataError(f"{found:,} {what}: an Excel sheet holds {most:,}. Export to .csv or .parquet.")


def _writer(sheet: Any, at: int, name: str, dtype: pl.DataType, book: Any) -> Callable[[int, Any], None]:
    """What puts a value of this type into column `at` of a row."""
    held: Callable[[Any], Any] = _number if dtype.is_numeric() else _none
    put = sheet.write_number
    if isinstance(dtype, pl.Boolean):
        return lambda row, value: sheet.write_boolean(row, at, value)
    if isinstance(dtype, pl.Date | pl.Datetime):
        style = book.add_format({"num_format": _DAY if isinstance(dtype, pl.Date) else f"{_DAY} hh:mm:ss"})
        held, put = _day, partial(_put_day, sheet, style)

    def write_cell(row: int, value: Any) -> None:
        if (exact := held(value)) is None:
            _text(sheet, row, at, str(value), name)
        else:
            put(row, at, exact)

    return write_cell


def _put_day(sheet: Any, style: Any, row: int, at: int, value: dt.date) -> None:
    sheet.write_datetime(row, at, value, style)


def _none(_: Any) -> None:
    """Texts are no numbers."""


def _number(value: Any) -> float | decimal.Decimal | None:
    """`value` as Excel can hold it, or None."""
    if isinstance(value, float):
        return _Exact(value) if math.isfinite(value) else None
    digits = value.as_tuple().digits if isinstance(value, decimal.Decimal) else str(abs(value))
    return value if len(digits) <= _DIGITS else None


def _day(value: dt.date | dt.datetime) -> dt.date | dt.datetime | None:
    """`value` as Excel can hold it, or None."""
    if isinstance(value, dt.datetime):
        return value if value.microsecond % 1000 == 0 and value.date() >= _FIRST_DAY else None
    return value if value >= _FIRST_DAY else None


def _text(sheet: Any, row: int, at: int, value: str, name: str, style: Any = None) -> None:
    if value.startswith("<r>") and value.endswith("</r>"):
        # xlsxwriter takes such a text for its own markup, unless it comes in parts.
        failed = sheet.write_rich_string(row, at, value[0], value[1], value[2:])
    else:
        failed = sheet.write_string(row, at, value, style)
    if failed:
        raise DataError(
            f"row {row}, column '{name}': {len(value):,} characters, an Excel cell holds {CHARACTERS:,}. "
            "Export to .csv or .parquet."
        )
