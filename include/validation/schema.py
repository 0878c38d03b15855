"""An author's schema.py as a Pandera schema, or everything that is wrong with it at once."""

import ast
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pandera.polars as pa
from pandera.api.polars.components import Column

from ..contracts.authors import fault, load_module
from ..contracts.columns import RESERVED
from ..contracts.names import is_snake, snake
from ..contracts.places import shown
from ..contracts.units import known
from ..errors import ContractError
from ..tables.types import kind_of
from . import identifiers

SENSITIVITIES = ("public", "internal", "restricted")
METADATA = ("unit", "sensitivity", "source", "was", "format")
_TYPES = "str, int, float, bool, datetime.date, datetime.datetime, pl.Int32 and the like, pl.Decimal(P, S)"


def load(folder: Path) -> pa.DataFrameSchema:
    """The Pandera schema of `folder`/schema.py; `schema.metadata["places"]` says where each column stands.

    Raises ContractError with every problem and its line.
    """
    identifiers.register()
    path = folder / "schema.py"
    schema = _schema(path)
    places = dict(_places(path))
    schema.metadata = {**(schema.metadata or {}), "file": shown(path), "places": places}
    if problems := [problem for name, column in schema.columns.items() for problem in _problems(name, column, places)]:
        raise ContractError.of(problems)
    return schema


def where(schema: pa.DataFrameSchema, column: str | None = None) -> str:
    """Where a column, or the schema as a whole, is written down."""
    metadata = schema.metadata or {}
    return str(metadata.get("places", {}).get(column) or metadata.get("file", "schema.py"))


def facts(column: Column) -> dict[str, Any]:
    """What the author says about a column besides type and checks: unit, sensitivity, source, was, format."""
    return dict(column.metadata or {})


def _schema(path: Path) -> pa.DataFrameSchema:
    model = getattr(load_module(path), "Schema", None)
    if not (isinstance(model, type) and issubclass(model, pa.DataFrameModel)):
        raise ContractError(
            f"{shown(path)}: no class 'Schema(pa.DataFrameModel)' found. Write one with a field for each column; "
            "`commons new` drafts it."
        )
    try:
        schema: pa.DataFrameSchema = model.to_schema()
    except Exception as error:  # an author's class: Pandera raises a dozen kinds of its own
        raise fault(path, error) from error
    if not schema.columns:
        raise ContractError(f"{shown(path)}: class Schema has no columns. Write one field for each column.")
    return schema


def _places(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ClassDef) and node.name == "Schema":
            for item in node.body:
                if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                    yield item.target.id, f"{shown(path)}:{item.lineno}"


def _problems(name: str, column: Column, places: dict[str, str]) -> Iterator[str]:
    at = places.get(name, "schema.py")
    if not is_snake(name):
        yield f"{at}: column '{name}' is not snake case. Call it '{snake(name)}', with the heading as metadata source."
    if name in RESERVED or name.startswith("_"):
        yield f"{at}: the name '{name}' is reserved. Choose another and give the heading as metadata source."
    if column.regex:
        yield f"{at}: column '{name}' is a pattern (regex), expected one column. Write each column."
    if column.dtype is None or kind_of(column.dtype.type) is None:
        yield f"{at}: column '{name}' has a type that is not stored ({column.dtype}). Use one of {_TYPES}."
    yield from _metadata_problems(at, name, facts(column))


def _metadata_problems(at: str, name: str, found: dict[str, Any]) -> Iterator[str]:
    for key in found.keys() - set(METADATA):
        close = get_close_matches(str(key), METADATA, 1)
        hint = f"Did you mean '{close[0]}'?" if close else f"Known are {', '.join(METADATA)}."
        yield f"{at}: column '{name}' has unknown metadata '{key}'. {hint}"
    for key in sorted(found.keys() & set(METADATA)):
        if not isinstance(found[key], str):
            yield f"{at}: metadata '{key}' of '{name}' is {found[key]!r}, expected a text. Put it in quotes."
    if isinstance(unit := found.get("unit"), str) and not known(unit):
        yield f"{at}: unit '{unit}' of '{name}' is unknown. Use a unit that pint knows, such as MW, t or percent."
    if found.get("sensitivity", "public") not in SENSITIVITIES:
        yield f"{at}: sensitivity '{found['sensitivity']}' of '{name}' is unknown. Use {', '.join(SENSITIVITIES)}."
