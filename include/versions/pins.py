"""data.dvc: one entry a dataset, valid for DVC, the same text for the same entries (FORMAT.md, "data.dvc")."""

import hashlib
import re
from collections import Counter
from collections.abc import Hashable
from functools import lru_cache
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import DataError

FILE = "data.dvc"
FOLDER = "data"
SOURCES = 20
_CONFLICT = re.compile(r"^(<{7}|\|{7}|={7}|>{7})( |\r?$)", re.MULTILINE)
_MARKS = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")
_PATH = re.compile(r"[- ]*path: *['\"]?")
_NEXT = re.compile(r"^\S", re.MULTILINE)


class Strict(BaseModel):
    """Unknown keys are errors: a file of a newer format is refused, not half understood."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True)


class Withdrawn(Strict):
    """Why a version's bytes are gone."""

    by: str
    at: str
    why: str
    objects: tuple[str, ...] | None = None
    """The md5 of the files that no other version had: with these gone, so is the version. None: nobody could tell."""


class RolledBack(Strict):
    """That a version is one of before, published again."""

    to: str
    """The md5 of the version whose content came back."""
    instead_of: tuple[str, ...]
    """The content hashes of the versions that it took the place of: a run may not bring them back by itself."""


class Source(Strict):
    """What a source said of the bytes that it sent."""

    etag: str | None = None
    last_modified: str | None = None


class Meta(Strict):
    """What a version is (its hashes and counts) and the facts of the run that made it; None: not known, or none."""

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
    base: str | None = None
    """The md5 of the version that this one followed: its field ids and its rows were looked at."""
    code: str
    environment: str
    image: str | None = None
    run: str
    interval: tuple[str, str] | None = None
    """Start and end of the data interval that the source was asked for."""
    as_of: str | None = None
    """The day by which waivers were judged."""
    fetched: str | None = None
    sources: dict[str, Source] | None = None
    """By address, only those that said something, at most SOURCES of them."""
    published: str
    why: str | None = None
    """A person's reason, where a version is not simply the next one."""
    rolled_back: RolledBack | None = None
    withdrawn: Withdrawn | None = None

    @property
    def mark(self) -> str:
        """What a contract calls the version, whose next one may break readers: its content hash.

        A rollback has one of its own, since its content was followed before.
        """
        mark = hashlib.sha256(f"{self.content} {self.run}".encode()).hexdigest()
        return mark if self.rolled_back else self.content


class Entry(Strict):
    """One dataset's pin: the DVC directory object of its version, the remote that holds it, and its meta."""

    path: str = Field(pattern=rf"^{FOLDER}/[a-z][a-z0-9_]*$")
    hash: Literal["md5"] = "md5"
    md5: str = Field(pattern=r"^[0-9a-f]{32}\.dir$")
    size: int
    nfiles: int
    remote: str = Field(pattern=r"^[A-Za-z0-9_-]+$")  # a name, never a path
    meta: Meta

    @property
    def name(self) -> str:
        """The dataset."""
        return self.path.removeprefix(f"{FOLDER}/")

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes it the version that it is: the dataset, the byte hash, and the remote that guards it."""
        return self.name, self.md5, self.remote

    def document(self) -> dict[str, Any]:
        """The entry as YAML holds it; what is not known is left out."""
        return self.model_dump(mode="json", exclude_none=True)


class Pins(Strict):
    """All entries of one data.dvc by dataset."""

    entries: dict[str, Entry] = {}
    withdrawn: tuple[Entry, ...] = ()
    """Versions that were withdrawn and are no dataset's newest: whoever reads an old commit learns of it here."""

    def having(self, entry: Entry) -> Self:
        """The same pins with `entry` added or in the place of its dataset's last one, whose tombstone stays."""
        last = self.entries.get(entry.name)
        went = (last,) if last and last.meta.withdrawn and last.md5 != entry.md5 else ()
        return self.model_copy(
            update={"entries": {**self.entries, entry.name: entry}, "withdrawn": (*self.withdrawn, *went)}
        )

    def withdrawing(self, entry: Entry, *, last: bool) -> Self:
        """The same pins with `entry`, which says who withdrew it: in its place where it is the newest, else above.

        The `last` one that a dataset had leaves its place, so that the dataset can begin anew.
        """
        newest = self.entries.get(entry.name)
        others = (*(known for known in self.withdrawn if known.identity != entry.identity), entry)
        if newest is None or newest.identity != entry.identity:
            return self.model_copy(update={"withdrawn": others})
        if not last:
            return self.model_copy(update={"entries": {**self.entries, entry.name: entry}})
        left = {name: known for name, known in self.entries.items() if name != entry.name}
        return self.model_copy(update={"entries": left, "withdrawn": others})

    def tombstone(self, entry: Entry) -> Entry | None:
        """The withdrawn version of the dataset that `entry` can't be told from; None where there is none."""
        gone = [*self.withdrawn, *(known for known in self.entries.values() if known.meta.withdrawn)]
        return next((known for known in gone if known.path == entry.path and same(known, entry)), None)


def same(one: Entry, other: Entry) -> bool:
    """Whether a reader can't tell the two versions apart: equal content, kept in the same access class."""
    return one.meta.content == other.meta.content and one.remote == other.remote


def render(pins: Pins) -> str:
    """The text of data.dvc: entries sorted by path, a key a line, nothing that depends on the order they came in."""
    entries = sorted(pins.entries.values(), key=lambda entry: entry.path)
    gone = sorted(pins.withdrawn, key=lambda entry: (entry.path, entry.md5))
    tombstones = {"withdrawn": [entry.document() for entry in gone]} if gone else {}
    document = {"meta": {"format": 1, **tombstones}, "outs": [entry.document() for entry in entries]}
    return yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=2**31 - 1)


def parse(text: str, where: str = FILE) -> Pins:
    """The pins in the text of a data.dvc; an empty text holds none.

    Raises DataError, naming every entry that is not of format 1, or that comes twice.
    """
    document = _load(text, where)
    outs = _outs(document, where) if document else []
    entries = [_entry(item, where) for item in outs]
    if twice := sorted(name for name, number in Counter(entry.name for entry in entries).items() if number > 1):
        raise DataError(*(f"{where}: entry {FOLDER}/{name} comes twice. Keep the one that holds." for name in twice))
    gone = (document["meta"].get("withdrawn") or []) if document else []
    return Pins(entries={entry.name: entry for entry in entries}, withdrawn=tuple(_entry(item, where) for item in gone))


def parse_withdrawn(text: str, where: str = FILE) -> list[Entry]:
    """The versions that were withdrawn, whether still their dataset's newest or not; parses no other entries.

    Raises DataError as `parse`.
    """
    if "withdrawn:" not in text:
        return []
    _refuse_conflicts(text, where)
    top, ours, outs = text.partition("\nouts:\n- ")
    newest = [f"- {block}\n" for block in outs.split("\n- ") if "withdrawn:" in block]
    known = parse(f"{top}\nouts:\n{''.join(newest)}" if ours else text, where)
    return [*known.withdrawn, *(entry for entry in known.entries.values() if entry.meta.withdrawn)]


def parse_one(text: str, name: str, where: str = FILE) -> Entry | None:
    """The entry of one dataset, or None; parses only that entry, so a long file costs no more than a short one.

    Raises DataError as `parse`.
    """
    _refuse_conflicts(text, where)
    path = re.compile(rf"{FOLDER}/{re.escape(name)}['\"]?[ \t\r]*$", re.MULTILINE)  # begins with a text: quick
    found = path.finditer(text, max(text.find("\nouts:"), 0))  # above it are versions that were withdrawn
    mentions = [one for one in found if _PATH.fullmatch(text, text.rfind("\n", 0, one.start()) + 1, one.start())]
    if not mentions:
        return None
    start = text.rfind("\n- ", 0, mentions[0].end())
    if len(mentions) > 1 or start < 0:
        return parse(text, where).entries.get(name)
    end = _NEXT.search(text, mentions[0].end())
    return _entry(_load(text[start : end.start() if end else len(text)], where)[0], where)


@lru_cache(maxsize=64)
def parse_blob(blob: str, text: str) -> Pins:
    """As `parse`, once for each Git blob id."""
    return parse(text, f"{FILE} (blob {blob[:12]})")


class _Loader(yaml.CSafeLoader):
    """Refuses a key that comes twice: the last one would win in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(problem=f"key {key.value!r} twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _load(text: str, where: str) -> Any:
    _refuse_conflicts(text, where)
    try:
        text.encode()
        return yaml.load(text, Loader=_Loader) or {}  # noqa: S506 - a safe loader
    except UnicodeEncodeError as error:
        raise DataError(f"{where}: not UTF-8. Restore it from Git.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DataError(f"{where}: not YAML: {' '.join(str(error).split())}. Restore it from Git.") from error


def _refuse_conflicts(text: str, where: str) -> None:
    if any(mark in text for mark in _MARKS) and (found := _CONFLICT.search(text)):
        line = text.count("\n", 0, found.start()) + 1
        raise DataError(
            f"{where}: conflict markers of a merge at line {line}. Keep every dataset's entry once and take the "
            "markers out, or restore the file from Git."
        )


def _outs(document: Any, where: str) -> list[Any]:
    """The items of `outs` in a document of format 1."""
    if not isinstance(document, dict):
        raise DataError(f"{where}: expected keys 'meta' and 'outs', found {_said(document)}. Restore it from Git.")
    meta, outs = document.get("meta"), document.get("outs")
    if meta is None:
        raise DataError(f"{where}: no 'meta', expected 'meta: format: 1' above 'outs'. Restore it from Git.")
    if not isinstance(meta, dict):
        raise DataError(f"{where}: expected 'meta: format: 1', found {_said(meta)}. Restore it from Git.")
    if (found := meta.get("format")) != 1:
        raise DataError(f"{where}: format {found!r}, expected 1. A newer release reads it: upgrade data-commons.")
    if not isinstance(outs, list | None):
        raise DataError(f"{where}: expected a list of entries in 'outs', found {_said(outs)}. Restore it from Git.")
    return outs or []


def _said(value: Any) -> str:
    return f"{type(value).__name__} {str(value)[:80]!r}"


def _entry(item: Any, where: str) -> Entry:
    try:
        return Entry.model_validate(item)
    except ValidationError as error:
        path = item.get("path", "?") if isinstance(item, dict) else "?"
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise DataError(f"{where}: entry {path}: {problems}. Restore it from Git, or publish it again.") from error
