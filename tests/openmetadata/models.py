"""The models of what is sent, as their JSON schemas; `python -m tests.openmetadata.models` writes the golden file.

Descriptions are left out: their wording changes nothing that is sent.
"""

import json
from pathlib import Path
from typing import Any

from .kinds import KINDS, model

GOLDEN = Path(__file__).parent / "models.json"
OTHERS = (
    "api.lineage.addLineage.AddLineageRequest",
    "api.data.createTableProfile.CreateTableProfileRequest",
    "api.data.createCustomProperty.CreateCustomPropertyRequest",
    "api.tests.createTestCaseResult.CreateTestCaseResult",
    "entity.data.pipeline.PipelineStatus",
    "entity.data.table.TableData",
)


def properties() -> dict[str, dict[str, str]]:
    """Of each model, the properties with their types, and which must be there."""
    names = [*(kind.create for kind in KINDS.values()), *OTHERS]
    found: dict[str, dict[str, str]] = {}
    for name in names:
        schema = model(name).model_json_schema()
        found[name] = _said(schema)
        for inner, of in schema.get("$defs", {}).items():
            if "Connection" not in inner and "Auth" not in inner and "Config" not in inner:
                found.setdefault(inner, _said(of))
    return found


def _said(schema: dict[str, Any]) -> dict[str, str]:
    must = schema.get("required", [])
    said = {key: _type(of) + (" (required)" if key in must else "") for key, of in schema.get("properties", {}).items()}
    return said or {"": _type(schema)}


def _type(of: dict[str, Any]) -> str:
    """A type in short: "string, at most 256 | null"."""
    if "$ref" in of:
        return str(of["$ref"]).rpartition("/")[2]
    for key in ("anyOf", "allOf", "oneOf"):
        if key in of:
            return " | ".join(_type(one) for one in of[key])
    if "enum" in of:
        return " | ".join(map(str, of["enum"]))
    if of.get("type") == "array":
        return f"[{_type(of.get('items', {}))}]"
    limits = [f"{key} {of[key]}" for key in ("format", "pattern", "minLength", "maxLength", "minimum") if key in of]
    return ", ".join([str(of.get("type", "any")), *limits])


def text() -> str:
    """The content of the golden file."""
    return json.dumps(properties(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    GOLDEN.write_text(text(), encoding="utf-8")
