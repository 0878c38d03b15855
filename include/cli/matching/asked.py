"""What a person asked of `commons match`: which columns of which file, and when a link counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import typer


@dataclass(frozen=True)
class Asked:
    """A file and its columns, as typed; empty where not said."""

    file: Path
    column: str
    country: str
    """A column, or a code for all rows."""
    identifiers: Mapping[str, str]
    """Columns by their kind: lei, isin, cik."""
    weight: str
    sheet: str | None
    header: tuple[int, ...] | None


@dataclass(frozen=True)
class Bands:
    """From which probability a link counts, from which a person is asked, and whether an entity takes one name."""

    accept: float
    review: float
    single: bool


def header_rows(text: str) -> tuple[int, ...] | None:
    """Row numbers such as 3 or 2,3; None for none. Raises BadParameter."""
    try:
        return tuple(int(row) for row in text.split(",")) if text else None
    except ValueError as error:
        raise typer.BadParameter(f"{text!r}: expected row numbers such as 3 or 2,3.", param_hint="--header") from error
