"""From a schema to schema.json, with the field ids that columns had."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

import pandera.polars as pa
from pandera.api.polars.components import Column as Field

from ..contracts.columns import Column, TableSchema
from ..contracts.evolution import widens
from ..contracts.model import Contract
from ..contracts.units import of_column
from ..errors import ContractError
from ..tables.types import kind_of
from .rules import waivable
from .schema import facts, where


def render(
    schema: pa.DataFrameSchema,
    contract: Contract,
    previous: TableSchema | None = None,
    texts: Mapping[str, str] | None = None,
) -> TableSchema:
    """The TableSchema (schema.json) of a version under `schema` and `contract`.

    A column keeps the field id it had in `previous`, by its name or by metadata `was`, as long as its type only widens;
    any other gets the next id never used. `texts` (a codebook) describe, by heading or name, the columns whose Field
    has no description.
    Raises ContractError with every problem.
    """
    ids = _ids(schema, previous)
    texts = texts or {}
    columns = tuple(_column(name, field, ids[name], texts) for name, field in schema.columns.items())
    if problems := [
        *_problems(schema, contract, previous),
        *_unknown_waivers(schema, contract),
        *_undescribed(schema, columns),
    ]:
        raise ContractError.of(problems)
    gone = {column.name: column.id for column in previous.columns if column.id not in ids.values()} if previous else {}
    retired = {**(previous.retired if previous else {}), **gone}
    return TableSchema(columns=columns, key=contract.key, retired=dict(sorted(retired.items())))


def promised(schema: pa.DataFrameSchema, contract: Contract) -> TableSchema:
    """The columns before there is any version; those that a codebook describes count as described: it comes later.

    Raises as `render`.
    """
    return render(
        schema, contract, None, dict.fromkeys(schema.columns, "in the codebook") if contract.dictionary else {}
    )


def _column(name: str, field: Field, number: int, texts: Mapping[str, str]) -> Column:
    said = facts(field)
    source = said.get("source")
    described = field.description or texts.get(source or name) or texts.get(name) or ""
    return Column(
        name=name,
        id=number,
        type=kind_of(field.dtype.type) or "",
        nullable=bool(field.nullable),
        unit=of_column(name, said),
        description=" ".join(described.split()),
        sensitivity=said.get("sensitivity", "public"),
        source=source,
        values=_values(field),
    )


def _values(field: Field) -> tuple[str, ...] | None:
    """What `isin` promises, as text in order; a check that only warns promises nothing."""
    promised = [c.statistics["allowed_values"] for c in field.checks if c.name == "isin" and not c.raise_warning]
    return tuple(sorted(set.intersection(*(set(map(_text, values)) for values in promised)))) if promised else None


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _ids(schema: pa.DataFrameSchema, previous: TableSchema | None) -> dict[str, int]:
    known = {column.name: column for column in previous.columns} if previous else {}
    free = max([0, *(column.id for column in known.values()), *(previous.retired.values() if previous else ())])
    was = {name: facts(field).get("was", "") for name, field in schema.columns.items() if name not in known}
    ids: dict[str, int] = {}
    for name, field in schema.columns.items():
        # A new column may take the name of one that is renamed at the same time: then that one is not the same.
        before = known.get(was[name]) if name in was else known.get(name) if name not in was.values() else None
        if before and before.id not in ids.values() and widens(before.type, kind_of(field.dtype.type) or ""):
            ids[name] = before.id
        else:
            ids[name] = free = free + 1
    return ids


def _problems(schema: pa.DataFrameSchema, contract: Contract, previous: TableSchema | None) -> Iterator[str]:
    for name in contract.key:
        if name not in schema.columns:
            yield f"{where(schema)}: key column '{name}' is not in class Schema. Add it, or correct 'key'."
    nullable = [name for name in contract.key if name in schema.columns and schema.columns[name].nullable]
    if contract.key and len(nullable) == len(contract.key):
        yield (
            f"{where(schema, nullable[0])}: every column of the key ({', '.join(nullable)}) is nullable. "
            "Remove nullable=True from one, or choose another key."
        )
    for place, names in _named(contract):
        for name in names:
            if name not in schema.columns:
                yield f"{where(schema)}: '{place}' names column '{name}', which is not in class Schema. Correct either."
    if contract.key and contract.repeats == "keep":
        yield f"{where(schema)}: 'repeats: keep' needs a table without a key. Remove 'key', or choose merge."
    columns = {column.name for column in previous.columns} if previous else set()
    for name, field in schema.columns.items():
        was = facts(field).get("was")
        if previous and was and was not in columns and name not in columns:
            yield f"{where(schema, name)}: '{name}' was '{was}', but the last version has none such. Correct 'was'."


def _unknown_waivers(schema: pa.DataFrameSchema, contract: Contract) -> Iterator[str]:
    known = waivable(schema, contract)
    for waiver in contract.waive:
        if waiver.rule not in known:
            close = get_close_matches(waiver.rule, sorted(known), 1)
            hint = f"Did you mean '{close[0]}'?" if close else "Name it as the report does."
            yield f"{where(schema)}: 'waive' names rule '{waiver.rule}', which can't be waived or doesn't exist. {hint}"


def _named(contract: Contract) -> Iterator[tuple[str, tuple[str, ...]]]:
    if contract.partition:
        yield "partition", (contract.partition,)
    yield "expect.nulls_pct", tuple(contract.expect.nulls_pct)
    yield "expect.drift", tuple(contract.expect.drift)
    yield "catalogue.terms", tuple(contract.catalogue.terms)
    for reference in contract.expect.references:
        yield "expect.references", reference.columns
    for unique in contract.expect.unique:
        yield "expect.unique", unique.columns
    for sums in contract.expect.sums:
        yield "expect.sums", (sums.column, *sums.by)


def _undescribed(schema: pa.DataFrameSchema, columns: tuple[Column, ...]) -> Iterator[str]:
    for column in columns:
        if not column.description:
            yield (
                f"{where(schema, column.name)}: column '{column.name}' has no description. "
                "Add description=\"…\" to its Field, or name a codebook under 'dictionary' in contract.yaml."
            )
