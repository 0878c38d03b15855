"""The contract's JSON Schema, with which editors complete and check it; `python -m include.contracts.editor` writes it.

A contract names it in its first line, and editors with a YAML language server read it there:
`# yaml-language-server: $schema=../../contracts/contract.schema.json`
"""

import json
from pathlib import Path
from typing import Any

from .model import Contract

FILE = Path(__file__).parent / "contract.schema.json"


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of contract.yaml, each key with its meaning."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Contract.model_json_schema(mode="validation")}


def text() -> str:
    """The content of contract.schema.json."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
