"""The columns that `register:` and `match:` name are there, and of a type that they can be."""

from collections.abc import Iterator
from typing import Literal

from .columns import Column, TableSchema
from .document import Place
from .matching import Match, Register
from .model import Contract
from .words import nearest

Use = Literal["text", "a number", "text or a whole number", "any"]
_NUMBERS = ("int", "uint", "float", "decimal")
_FITS: dict[Use, tuple[str, ...]] = {
    "text": ("string",),
    "a number": _NUMBERS,
    "text or a whole number": ("string", "int", "uint"),
    "any": ("",),
}


def problems(contract: Contract, schema: TableSchema) -> list[tuple[Place, str]]:
    """What is wrong with the columns that the contract names for matching, each with its place in the document."""
    known = {column.name: column for column in schema.columns}
    named = [*_of_register(contract.register), *_of_match(contract.match)]
    return [(place, text) for place, name, use in named if (text := _problem(place, name, use, known))]


def _of_register(register: Register | None) -> Iterator[tuple[Place, str, Use]]:
    if register:
        for key in ("id", "name", "country", "category", "legal_form", "status"):
            if name := getattr(register, key):
                yield ("register", key), name, "text"
        for kind, name in register.identifiers.items():
            yield ("register", "identifiers", kind), name, "text or a whole number"


def _of_match(match: Match | None) -> Iterator[tuple[Place, str, Use]]:
    if match is None:
        return
    yield ("match", "entity"), match.entity, "text"
    if match.country_column:
        yield ("match", "country"), match.country_column, "text"
    for kind, name in match.identifiers.items():
        yield ("match", "identifiers", kind), name, "text or a whole number"
    if match.weight:
        yield ("match", "weight"), match.weight, "a number"
    if owned := match.ownership:
        yield ("match", "ownership", "facility"), owned.facility, "any"
        for number, name in enumerate(owned.by):
            yield ("match", "ownership", "by", number), name, "any"
        yield ("match", "ownership", "share"), owned.share, "a number"
        yield ("match", "ownership", "quantity"), owned.quantity, "a number"


def _problem(place: Place, name: str, use: Use, known: dict[str, Column]) -> str | None:
    key = ".".join(str(part) for part in place if isinstance(part, str))
    column = known.get(name)
    if column is None:
        return f"{key}: no column {name!r} in schema.py{nearest(name, known)}. Name one of its columns."
    if column.type.startswith(_FITS[use]):
        return None
    return f"{key}: column {name!r} is {column.type}, expected {use}. Name another column, or read it as that."
