"""FORMAT.md is kept: golden files are read as they were written, and written as they are."""

import hashlib
import json
import re

import polars as pl
import pytest
from pydantic import ValidationError

from include.contracts.columns import TableSchema
from include.contracts.layout import attempt_folder
from include.matching.settle import QUEUE
from include.settings import REPOSITORY
from include.tables.content import content_hash
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


def test_a_version_with_matches_is_read_as_it_was_written() -> None:
    """The golden folder was written once; its links must stay readable, and hash the same, for ever."""
    folder = GOLDEN / "matched"
    schema = TableSchema.from_json((folder / "schema.json").read_text())
    assert content_hash(folder, schema) == (folder / "content.txt").read_text().strip()
    matches = pl.read_parquet(folder / "matches.parquet")
    told = json.loads((folder / "match.json").read_text())
    assert (matches.height, told["format"]) == (44, 1)
    assert sum(part["mentions"] for part in told["decisions"].values()) == matches.height
    assert set(matches["register_version"]) == {told["register"]["content"]}
    assert told["register"].keys() == {"dataset", "content", "md5", "remote", "rows", "left_out"}


def test_the_keys_of_the_report_of_matching_are_those_of_format_md() -> None:
    (table,) = re.findall(r"^`match.json` .*?\n\n(\|.*?)\n\n", FORMAT, re.MULTILINE | re.DOTALL)
    keys = {name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    told = json.loads((GOLDEN / "matched" / "match.json").read_text())
    assert told.keys() - {"format"} == keys - {"changes", "parents", "ownership", "reasons"}


def test_the_columns_of_matches_are_those_of_format_md_in_its_order() -> None:
    (table,) = re.findall(r"^## Matches\n.*?\n\n(\|.*?)\n\n", FORMAT, re.MULTILINE | re.DOTALL)
    said = [name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    matches = pl.read_parquet(GOLDEN / "matched" / "matches.parquet")
    assert [
        name for name in said if name not in ("given_lei", "given_isin", "given_cik", "given_other")
    ] == matches.columns
    waiting = FORMAT.partition("the mention's own columns, ")[2].partition(", and a float32")[0]
    assert re.findall(r"`(\w+)`", waiting) == [name for name in QUEUE if not name.startswith("feature_")]


def test_what_is_written_only_in_tests_is_small() -> None:
    files = [path for path in GOLDEN.rglob("*") if path.is_file()]
    assert len(files) >= 3
    assert sum(path.stat().st_size for path in files) < 100_000
