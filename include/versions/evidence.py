"""What a version's own files say of it, verified; its entry in data.dvc only claims it."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import yaml

from ..contracts.columns import Sensitivity, TableSchema
from ..contracts.model import Contract
from ..diff.compare import Side
from . import reading
from .pins import FILE, Entry

_CLASSES: tuple[Sensitivity, ...] = get_args(Sensitivity)
_DEFAULT: str = Contract.model_fields["access"].default
_FILES = ("schema.json", "contract.yaml", "quality.json", "raw/sources.json")


@dataclass(frozen=True)
class Evidence:
    """The table as the engine takes it, and what else tells how the version came about."""

    side: Side
    fingerprint: str
    """SHA-256 of schema.json."""
    access: Sensitivity
    quality: dict[str, Any]
    raw: frozenset[str]
    """SHA-256s of the bytes as fetched."""


def evidence(entry: Entry, cache: Path, repository: Path) -> Evidence:
    """Reads the files of a version; `cache` keeps what has to be downloaded.

    Raises DataError, EnvironmentFault as `reading.file_of`; LookupError, TypeError or ValueError where a file is not
    what a publication writes.
    """
    texts = {name: reading.file_of(entry, name, cache, repository).read_text(encoding="utf-8") for name in _FILES}
    return Evidence(
        side=Side(
            reading.table_files(entry, cache, repository),
            TableSchema.from_json(texts["schema.json"], f"{entry.name}: schema.json"),
        ),
        fingerprint=hashlib.sha256(texts["schema.json"].encode()).hexdigest(),
        access=access_class((yaml.safe_load(texts["contract.yaml"]) or {}).get("access", _DEFAULT)),
        quality=json.loads(texts["quality.json"]),
        raw=frozenset(item["sha256"] for item in json.loads(texts["raw/sources.json"])),
    )


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
