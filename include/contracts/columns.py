"""schema.json: the columns of one version, readable without running an author's Python."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    ValidationError,
    model_serializer,
    model_validator,
)

from ..errors import DataError
from .types import Name, Strict

Type = Annotated[
    str,
    StringConstraints(
        pattern=r"^(boolean|u?int(8|16|32|64)|float(32|64)|string|date|timestamp|timestamp_naive|time"
        r"|decimal\(([1-9]|[12][0-9]|3[0-8]),([0-9]|[12][0-9]|3[0-8])\))$"
    ),
]
Sensitivity = Literal["public", "internal", "restricted"]
T = TypeVar("T")
Id = Annotated[int, Field(ge=1, le=2**31 - 1)]

# quarantine.parquet has columns of its own by these names.
RESERVED = frozenset({"record", "reasons"})


class Column(Strict):
    """One column."""

    name: Name
    id: Id
    """Its field id: given once, never reused."""
    type: Type
    nullable: bool
    unit: str | None = None
    description: str = ""
    sensitivity: Sensitivity = "public"
    source: str | None = None
    """Its heading in the source; None if that is its name in snake case, or if extract.py makes it."""
    values: tuple[str, ...] | None = None
    """The only values that it takes, as text in order; None for any."""

    @model_serializer(mode="wrap")
    def _without_what_is_not_said(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        said: dict[str, Any] = plain(self)
        return {key: value for key, value in said.items() if key != "values" or value is not None}


class TableSchema(Strict):
    """All columns of a table in their order."""

    columns: tuple[Column, ...]
    key: tuple[Name, ...] = ()
    retired: dict[str, Id] = Field(default={})
    """Field ids of columns that left, by their last name."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = list(self._problems())
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _problems(self) -> list[str]:
        names = [c.name for c in self.columns]
        ids = [*(c.id for c in self.columns), *self.retired.values()]
        key = [k for k in self.key if k not in names]
        return [
            *(f"column {n!r} comes twice" for n in _repeated(names)),
            *(f"field id {i} is given twice" for i in _repeated(ids)),
            *(f"key column {k!r} is not a column" for k in key),
            *(f"key column {k!r} comes twice" for k in _repeated(self.key)),
            *(f"column name {n!r} is reserved for the quarantine" for n in names if n in RESERVED),
            *([] if names else ["a table has at least one column"]),
        ]

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def to_json(self) -> str:
        """Canonical text: sorted keys, two spaces, UTF-8 letters as they are, a newline at the end."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes, where: str = "schema.json") -> Self:
        """Read what `to_json` wrote; raises DataError, which begins with `where`."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            problems = (f"{where}: {_place(e['loc'])}{e['msg']}" for e in error.errors(include_url=False))
            raise DataError(
                *(f"{p}. Restore the file from its version; it is never edited by hand." for p in problems)
            ) from error


def _place(loc: tuple[int | str, ...]) -> str:
    return f"{'.'.join(map(str, loc))}: " if loc else ""


def _repeated(values: Iterable[T]) -> list[T]:
    return [v for v, n in Counter(values).items() if n > 1]
