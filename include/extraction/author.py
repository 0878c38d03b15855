"""The author's own function over the frames, or the union of their columns where there is none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import polars as pl

from ..errors import ContractError
from .sink import RECORD

COUNTS = ("rejected", "merged", "added")


@dataclass(frozen=True)
class Extracted:
    """One table under the source's headings, and why it has other rows than the records read."""

    table: pl.LazyFrame
    rejected: dict[str, int] = field(default_factory=dict)
    merged: dict[str, int] = field(default_factory=dict)
    added: dict[str, int] = field(default_factory=dict)


def apply(module: ModuleType | None, frames: Mapping[str, pl.LazyFrame]) -> Extracted:
    """The table that extract.py makes of `frames`; without an `extract` there, their rows under the union of columns.

    Each count in the result is of rows, by reason. Raises ContractError for what extract.py does wrong.
    """
    extract = getattr(module, "extract", None)
    if extract is None:
        return Extracted(pl.concat(list(frames.values()), how="diagonal_relaxed"))
    try:
        result = extract(dict(frames))
        table, counts = result if isinstance(result, tuple) and len(result) == 2 else (result, {})
        columns = _columns(table)
    except (Exception, SystemExit) as error:
        raise ContractError(_blame(module, error)) from error
    if problems := [*_wrong_table(module, table, columns), *_wrong_counts(module, counts)]:
        raise ContractError(*problems)
    return Extracted(table.lazy(), **{name: dict(counts[name]) for name in COUNTS if name in counts})


def _columns(table: object) -> list[str]:
    """The columns of a table, found without computing it; a wrong name in its plan is found here."""
    return table.lazy().collect_schema().names() if isinstance(table, pl.LazyFrame | pl.DataFrame) else []


def _wrong_table(module: ModuleType | None, table: object, columns: list[str]) -> list[str]:
    where = f"{_file(module)}: extract()"
    if not isinstance(table, pl.LazyFrame | pl.DataFrame):
        return [f"{where} returned {type(table).__name__}, expected a polars LazyFrame. Return the table."]
    if RECORD not in columns:
        return [f"{where} dropped the column '{RECORD}'. Keep it: it says which record a row came from."]
    return []


def _wrong_counts(module: ModuleType | None, counts: object) -> list[str]:
    where = f"{_file(module)}: extract()"
    if not isinstance(counts, dict) or set(counts) - set(COUNTS):
        return [
            f"{where} returned counts {counts!r}, expected a dict with any of {', '.join(COUNTS)}. Use these names."
        ]
    return [
        f"{where} counted {kind} {value!r}, expected {{reason: number of rows}}. Give each count its reason."
        for kind, value in counts.items()
        if not _is_count(value)
    ]


def _is_count(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(reason, str) and isinstance(n, int) and n >= 0 for reason, n in value.items()
    )


def _file(module: ModuleType | None) -> str:
    return str(getattr(module, "__file__", None) or "extract.py")


def _blame(module: ModuleType | None, error: BaseException) -> str:
    """The deepest line of the author's file in the traceback, which is where to look."""
    file, line, step = _file(module), None, error.__traceback__
    while step:
        if step.tb_frame.f_code.co_filename == file:
            line = step.tb_lineno
        step = step.tb_next
    said = next(iter(str(error).splitlines()), "no message")
    return f"{file}:{line or 1}: extract() failed with {type(error).__name__}: {said}. Correct it."
