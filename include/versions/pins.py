"""data.dvc: one entry a dataset, valid for DVC, the same text for the same entries (FORMAT.md, "data.dvc")."""

import re
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import DataError

FILE = "data.dvc"
FOLDER = "data"
_ITEM = re.compile(r"^- ", re.MULTILINE)


class Strict(BaseModel):
    """Unknown keys are errors: a file of a newer format is refused, not half understood."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True)


class Withdrawn(Strict):
    """Why a version's bytes are gone."""

    by: str
    at: str
    why: str


class Meta(Strict):
    """What a version is (its hashes and counts) and the facts of the run that made it."""

    format: Literal[1] = 1
    content: str
    schema_: str = Field(alias="schema")
    rows: int
    records: int
    added: int = 0
    quarantined: int = 0
    rejected: int = 0
    merged: int = 0
    source_version: str
    source_date: str | None = None
    inputs: dict[str, str] = {}
    code: str
    environment: str
    run: str
    published: str
    withdrawn: Withdrawn | None = None


class Entry(Strict):
    """One dataset's pin: the DVC directory object of its version, the remote that holds it, and its meta."""

    path: str = Field(pattern=rf"^{FOLDER}/[a-z][a-z0-9_]*$")
    hash: Literal["md5"] = "md5"
    md5: str = Field(pattern=r"^[0-9a-f]{32}\.dir$")
    size: int
    nfiles: int
    remote: str
    meta: Meta

    @property
    def name(self) -> str:
        """The dataset."""
        return self.path.removeprefix(f"{FOLDER}/")

    def document(self) -> dict[str, Any]:
        """The entry as YAML holds it; what is not known is left out."""
        return self.model_dump(exclude_none=True)


class Pins(Strict):
    """All entries of one data.dvc by dataset."""

    entries: dict[str, Entry] = {}

    def having(self, entry: Entry) -> Self:
        """The same pins with `entry` added or in the place of its dataset's last one."""
        return self.model_copy(update={"entries": {**self.entries, entry.name: entry}})


def render(pins: Pins) -> str:
    """The text of data.dvc: entries sorted by path, a key a line, nothing that depends on the order they came in."""
    entries = sorted(pins.entries.values(), key=lambda entry: entry.path)
    document = {"meta": {"format": 1}, "outs": [entry.document() for entry in entries]}
    return yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=2**31 - 1)


def parse(text: str, where: str = FILE) -> Pins:
    """The pins in the text of a data.dvc; an empty text holds none.

    Raises DataError, naming every entry that is not of format 1.
    """
    document = _load(text, where)
    if document and (found := (document.get("meta") or {}).get("format")) != 1:
        raise DataError(f"{where}: format {found!r}, expected 1. A newer release reads it: upgrade data-commons.")
    entries = [_entry(item, where) for item in document.get("outs") or []]
    return Pins(entries={entry.name: entry for entry in entries})


def parse_one(text: str, name: str, where: str = FILE) -> Entry | None:
    """The entry of one dataset, or None; parses only that entry, so a long file costs no more than a short one."""
    starts = [match.start() for match in _ITEM.finditer(text)]
    for start, end in pairwise([*starts, len(text)]):
        if f"path: {FOLDER}/{name}\n" in text[start:end]:
            return _entry(_load(text[start:end], where)[0], where)
    return None


@lru_cache(maxsize=64)
def parse_blob(blob: str, text: str) -> Pins:
    """As `parse`, once for each Git blob id."""
    return parse(text, f"{FILE} (blob {blob[:12]})")


def _load(text: str, where: str) -> Any:
    try:
        return yaml.load(text, Loader=yaml.CSafeLoader) or {}
    except yaml.YAMLError as error:
        raise DataError(f"{where}: not YAML: {error}. Restore it from Git.") from error


def _entry(item: Any, where: str) -> Entry:
    try:
        return Entry.model_validate(item)
    except ValidationError as error:
        path = item.get("path", "?") if isinstance(item, dict) else "?"
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise DataError(f"{where}: entry {path}: {problems}. Restore it from Git, or publish it again.") from error
