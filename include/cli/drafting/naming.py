"""Names of columns that a class of Python and the engine can have."""

import keyword
from collections.abc import Iterable

import pandera.polars as pa

from ...contracts.columns import RESERVED
from ...contracts.names import LONGEST, snake_all

_BUILTIN = frozenset({"str", "int", "float", "bool", "datetime", "pa", "pl", "annotated"})


def columns(headings: Iterable[str]) -> dict[str, str]:
    """Heading to name: the engine's own, or with `_value` where Python, Pandera or the engine use that word."""
    names = snake_all(headings)
    taken = set(names.values())
    return {heading: _free(name, taken) for heading, name in names.items()}


def by_engine(headings: Iterable[str]) -> dict[str, str]:
    """Heading to name as the engine matches them without being told."""
    return snake_all(headings)


def _free(name: str, taken: set[str]) -> str:
    if not (keyword.iskeyword(name) or name in RESERVED | _BUILTIN or hasattr(pa.DataFrameModel, name)):
        return name
    free, number = f"{name[: LONGEST - 9]}_value", 2
    while free in taken:
        free, number = f"{name[: LONGEST - 9]}_value_{number}", number + 1
    taken.add(free)
    return free
