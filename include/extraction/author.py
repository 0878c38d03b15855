"""The author's own function over the frames, or the union of their columns where there is none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import polars as pl

from ..errors import ContractError

RECORD = "_record"
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
    except Exception as error:
        raise ContractError(_blame(module, error)) from error
    table, counts = result if isinstance(result, tuple) and len(result) == 2 else (result, {})
    _judge(module, table, counts)
    return Extracted(table.lazy(), **{name: dict(counts[name]) for name in COUNTS if name in counts})


def _judge(module: ModuleType | None, table: object, counts: object) -> None:
    """Raises ContractError with all that is wrong with what `extract` returned."""
    where = f"{_file(module)}: extract()"
    problems = []
    if not isinstance(table, pl.LazyFrame | pl.DataFrame):
        problems.append(f"{where} returned {type(table).__name__}, expected a polars LazyFrame. Return the table.")
    elif RECORD not in table.lazy().collect_schema():
        problems.append(f"{where} dropped the column '{RECORD}'. Keep it: it says which record a row came from.")
    problems += _wrong_counts(where, counts)
    if problems:
        raise ContractError(*problems)


def _wrong_counts(where: str, counts: object) -> list[str]:
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


def _blame(module: ModuleType | None, error: Exception) -> str:
    """The deepest line of the author's file in the traceback, which is where to look."""
    file, line, step = _file(module), None, error.__traceback__
    while step:
        if step.tb_frame.f_code.co_filename == file:
            line = step.tb_lineno
        step = step.tb_next
    return f"{file}:{line or 1}: extract() failed with {type(error).__name__}: {error}. Correct that line."
