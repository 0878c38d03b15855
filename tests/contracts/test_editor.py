"""The exported JSON Schema: fresh, explained, and of one mind with the loader."""

from pathlib import Path

import jsonschema
import pytest
import yaml

from include.contracts import editor

DATASETS = Path(__file__).resolve().parents[2] / "include" / "datasets"


def test_the_file_is_fresh() -> None:
    assert editor.FILE.read_text(encoding="utf-8") == editor.text(), "run python -m include.contracts.editor"


def test_every_key_is_explained() -> None:
    schema = editor.json_schema()
    models = [schema, *schema["$defs"].values()]
    keys = [(m["title"], k, v) for m in models for k, v in m.get("properties", {}).items()]
    assert len(keys) > 40
    assert [(m, k) for m, k, v in keys if not v.get("description")] == []


def test_the_houses_contracts_fit() -> None:
    validator = jsonschema.Draft202012Validator(editor.json_schema())
    contracts = [yaml.load(p.read_text(), yaml.BaseLoader) for p in DATASETS.glob("*/contract.yaml")]
    assert len(contracts) >= 8
    for contract in contracts:
        assert [
            e.message for e in validator.iter_errors(contract) if e.validator in ("additionalProperties", "required")
        ] == []


@pytest.mark.parametrize(
    "change",
    [{"titel": "x"}, {"access": "pubic"}, {"key": ["Plant ID"]}, {"expect": {"rows": [-1, 2]}}, {"source": {"url": 7}}],
)
def test_editors_mark_what_the_loader_refuses(change: dict[str, object]) -> None:
    good = {
        "title": "a",
        "description": "b",
        "owner": "a@b.org",
        "licence": "MIT",
        "source": {"url": "https://a.org/b"},
    }
    validator = jsonschema.Draft202012Validator(editor.json_schema())
    assert validator.is_valid(good)
    assert not validator.is_valid(good | change)
