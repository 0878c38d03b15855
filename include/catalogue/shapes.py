"""The columns of each table that a version publishes, in OpenMetadata's shape."""

from dataclasses import dataclass
from typing import Any

from ..contracts.columns import Sensitivity
from .model import Described
from .naming import LONGEST, entity_name
from .nodes import Kind

_TYPES = {
    "boolean": "BOOLEAN",
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INT",
    "int64": "BIGINT",
    "float32": "FLOAT",
    "float64": "DOUBLE",
    "string": "STRING",
    "date": "DATE",
    "timestamp": "TIMESTAMPZ",
    "timestamp_naive": "TIMESTAMP",
    "time": "TIME",
}
_LINKS = {
    "name": "The name as published.",
    "given_country": "Its country as published.",
    "country": "Its country, ISO 3166-1 alpha-2.",
    "given_lei": "The LEI as published.",
    "given_isin": "The ISIN as published.",
    "given_cik": "The CIK as published.",
    "given_other": "Another identifier as published.",
    "records": "Rows that have it.",
    "weight": "Sum of the weight over them.",
    "entity_id": "The link: the candidate, where the decision is accept.",
    "candidate_id": "The likeliest entity.",
    "candidate_name": "Its name, as the register says.",
    "candidate_country": "Its country, as the register says.",
    "candidate_category": "Its category, as the register says.",
    "candidate_legal_form": "Its legal form, as the register says.",
    "candidate_status": "Its status, as the register says.",
    "method": "identifier, exact, fuzzy, reviewed or none.",
    "score": "The probability that the candidate is right.",
    "runner_up": "The next likely entity.",
    "runner_up_name": "Its name, as the register says.",
    "runner_up_score": "The probability that it is right.",
    "gap": "Distance of the two scores.",
    "tied": "How many others are as likely.",
    "decision": "accept, review, reject or none.",
    "reasons": "Why, in words.",
    "judged_by": "Who judged it.",
    "judged_on": "When it was judged.",
    "direct_parent": "Direct parent by accounting consolidation.",
    "ultimate_parent": "Ultimate parent by accounting consolidation.",
    "parent_reason": "Why there is no parent.",
    "parent_path": "The ids on the way up.",
    "register_version": "Content hash of the register at which this row was compared.",
}
"""Columns of matches.parquet (FORMAT.md, "Matches")."""
_LINK_TYPES = {"records": "int64", "tied": "uint32"} | dict.fromkeys(
    ("weight", "score", "runner_up_score", "gap"), "float64"
)
_OWNERS = {
    "company": ("string", "The entity where linked, else the name as published."),
    "linked": ("boolean", "Whether it is linked."),
    "name": ("string", "The register's name where linked."),
    "ultimate_parent": ("string", "Ultimate parent by accounting consolidation."),
    "facilities": ("uint32", "Facilities that it owns a part of."),
}
"""Columns of rollup.parquet, but for the keys and the quantity."""
TEXT = 50_000
"""Characters of a description at most; the whole of it is in the contract."""


@dataclass(frozen=True)
class Shape:
    """A column as catalogues are told of it."""

    name: str
    type: str
    description: str = ""
    unit: str | None = None
    nullable: bool = True
    sensitivity: Sensitivity = "public"


def shapes(one: Described, kind: Kind) -> list[Shape]:
    """The columns of a table of the newest version; none where they are not known."""
    if one.schema is None:
        return []
    if kind == "table":
        return [Shape(c.name, c.type, c.description, c.unit, c.nullable, c.sensitivity) for c in one.schema.columns]
    return _links(one) if kind == "matches" else _rollup(one)


def _links(one: Described) -> list[Shape]:
    match = one.contract.match
    given = {f"given_{kind}": column for kind, column in (match.identifiers if match else {}).items()}
    named = {**given, "name": match.entity if match else "", "weight": match and match.weight}
    named |= dict.fromkeys(("given_country", "country"), match and match.country_column)
    levels = _levels(one)
    absent = {"given_lei", "given_isin", "given_cik", "given_other"} - {*given}
    return [
        Shape(name, _LINK_TYPES.get(name, "string"), said, sensitivity=levels.get(named.get(name) or "", "public"))
        for name, said in _LINKS.items()
        if name not in absent
    ]


def _rollup(one: Described) -> list[Shape]:
    match = one.contract.match
    own = match.ownership if match else None
    if match is None or own is None or one.schema is None:
        return []
    known, levels = {column.name: column for column in one.schema.columns}, _levels(one)
    keys = [
        Shape(by, known[by].type, known[by].description, known[by].unit, sensitivity=levels[by])
        for by in own.by
        if by in known
    ]
    unit = known[own.quantity].unit if own.quantity in known else None
    from_ = {"company": match.entity, "name": match.entity, "facilities": own.facility}
    *first, last = (
        Shape(name, type_, said, sensitivity=levels.get(from_.get(name, ""), "public"))
        for name, (type_, said) in _OWNERS.items()
    )
    owned = Shape(
        own.quantity, "decimal(38,18)", "The quantity that it owns.", unit,
        sensitivity=levels.get(own.quantity, "public"),
    )  # fmt: skip
    return [*keys, *first, owned, last]


def _levels(one: Described) -> dict[str, Sensitivity]:
    return {column.name: column.sensitivity for column in one.schema.columns} if one.schema else {}


def column(shape: Shape, primary: bool = False) -> dict[str, Any]:
    """`shape` as a column of a table."""
    made: dict[str, Any] = {
        "name": entity_name(shape.name),
        "dataType": _data_type(shape.type),
        "dataTypeDisplay": shape.type,
        "description": text(shape.description, f"Unit: {shape.unit}." if shape.unit else ""),
    }
    if shape.type.startswith("decimal"):
        made["precision"], made["scale"] = (int(part) for part in shape.type[8:-1].split(","))
    if primary or not shape.nullable:
        made["constraint"] = "PRIMARY_KEY" if primary else "NOT_NULL"
    return made | {"tags": [] if shape.sensitivity == "public" else [label(f"Sensitivity.{shape.sensitivity}")]}


def _data_type(name: str) -> str:
    if name.startswith("uint"):
        return "UINT"
    return _TYPES.get(name, "DECIMAL")


def text(*parts: str) -> str:
    """Markdown that shows `parts` as they were written: markup in them is text, and what is too long is cut."""
    whole = "\n\n".join(filter(None, parts)).replace("<", "&lt;")
    return whole if len(whole) <= TEXT else f"{whole[:TEXT]} …\n\nCut here; the contract has the rest."


def label(tag: str, source: str = "Classification") -> dict[str, str]:
    """A tag, or a term of a glossary, as an entity carries it."""
    return {"tagFQN": tag, "source": source, "labelType": "Automated", "state": "Confirmed"}


def heading(name: str) -> dict[str, Any]:
    """A heading of a source as a column of its archived bytes."""
    return {"name": entity_name(name), "displayName": name[:LONGEST], "dataType": "STRING", "dataTypeDisplay": "text"}
