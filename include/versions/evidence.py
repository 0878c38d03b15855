"""What a version's own files say of it, verified; its entry in data.dvc only claims it."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import yaml

from ..contracts.columns import Sensitivity, TableSchema
from ..contracts.model import Contract
from ..diff.compare import Side
from ..errors import DataError
from . import reading
from .pins import FILE, Entry

_CLASSES: tuple[Sensitivity, ...] = get_args(Sensitivity)
_DEFAULT: str = Contract.model_fields["access"].default
Rules = Mapping[str, tuple[int, str]]
"""Failures and verdict of each rule."""
_FILES = ("schema.json", "contract.yaml", "quality.json", "raw/sources.json")


@dataclass(frozen=True)
class Evidence:
    """The table as the engine takes it, and what else tells how the version came about."""

    side: Side
    fingerprint: str
    """SHA-256 of schema.json."""
    access: Sensitivity
    rules: Rules
    raw: frozenset[str]
    """SHA-256s of the bytes as fetched."""
    match: Mapping[str, Any]
    """What the contract says of matching; nothing where it says none."""


def evidence(entry: Entry, cache: Path, repository: Path) -> Evidence:
    """Reads the files of a version; `cache` keeps what has to be downloaded.

    Raises DataError, EnvironmentFault as `reading.file_of`; DataError too where a file is not what a publication
    writes.
    """
    texts = {name: reading.file_of(entry, name, cache, repository).read_text(encoding="utf-8") for name in _FILES}
    schema = TableSchema.from_json(texts["schema.json"], f"{entry.name}: schema.json")
    side = Side(reading.table_files(entry, cache, repository), schema)
    fingerprint = hashlib.sha256(texts["schema.json"].encode()).hexdigest()
    try:
        contract = yaml.safe_load(texts["contract.yaml"]) or {}
        said, match = contract.get("access", _DEFAULT), dict(contract.get("match") or {})
        rules = _rules(json.loads(texts["quality.json"]))
        raw = frozenset(str(item["sha256"]) for item in json.loads(texts["raw/sources.json"]))
    except (AttributeError, LookupError, TypeError, ValueError, yaml.YAMLError) as error:
        raise DataError(
            f"{entry.name}: contract.yaml, quality.json or raw/sources.json of version {entry.md5} is not what a "
            f"publication writes: {' '.join(str(error).split())[:200]}. Publish the dataset again."
        ) from error
    return Evidence(side, fingerprint, access_class(said), rules, raw, match)


def _rules(quality: dict[str, Any]) -> Rules:
    return {str(rule["rule"]): (int(rule["failures"]), str(rule["verdict"])) for rule in quality.get("rules", ())}


def access_class(said: str) -> Sensitivity:
    """The class of that name; the most guarded one where there is none."""
    return next((known for known in _CLASSES if known == said), "restricted")


def contradictions(entry: Entry, found: Evidence, rows: int) -> Iterator[str]:
    """What data.dvc says of a version that its files, whose table has `rows` rows, don't bear out."""
    if entry.meta.rows != rows:
        yield f"{FILE} says {entry.meta.rows:,} rows of {entry.name}, its table has {rows:,}."
    if entry.meta.schema_ != found.fingerprint:
        says = f"{FILE} says schema {entry.meta.schema_[:12]} of {entry.name}"
        yield f"{says}, its schema.json is {found.fingerprint[:12]}."
