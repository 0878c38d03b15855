"""FORMAT.md is kept: golden files are read as they were written, and written as they are."""

import hashlib
import json
import re

import pytest
from pydantic import ValidationError

from include.contracts.layout import attempt_folder
from include.settings import REPOSITORY
from include.tasks.receipts import Receipt

GOLDEN = REPOSITORY / "tests" / "golden"
FORMAT = (REPOSITORY / "FORMAT.md").read_text(encoding="utf-8")


def test_a_receipt_is_written_as_it_was() -> None:
    text = (GOLDEN / "receipt.json").read_bytes()
    receipt = Receipt.model_validate_json(text)
    assert receipt.canonical() == text
    assert receipt.sha256 == hashlib.sha256(text).hexdigest()
    assert receipt.folder.startswith(attempt_folder(receipt.dataset, receipt.run, receipt.verb, receipt.attempt) + "/")
    receipt.counts.check("golden")


def test_a_receipt_of_a_newer_format_is_refused_not_half_understood() -> None:
    newer = json.loads((GOLDEN / "receipt.json").read_text()) | {"format": 2}
    with pytest.raises(ValidationError):
        Receipt.model_validate(newer)
    unknown = json.loads((GOLDEN / "receipt.json").read_text()) | {"surprise": 1}
    with pytest.raises(ValidationError):
        Receipt.model_validate(unknown)


def test_the_receipt_of_format_md_has_the_fields_of_a_receipt() -> None:
    (example,) = re.findall(r"^```json\n(.*?)^```", FORMAT, re.MULTILINE | re.DOTALL)
    assert set(json.loads(example)) == set(Receipt.model_fields)
    assert set(json.loads(example)["counts"]) == set(Receipt.model_fields["counts"].annotation.model_fields)  # type: ignore[union-attr]


def test_what_is_written_only_in_tests_is_small() -> None:
    files = [path for path in GOLDEN.rglob("*") if path.is_file()]
    assert len(files) >= 3
    assert sum(path.stat().st_size for path in files) < 100_000
