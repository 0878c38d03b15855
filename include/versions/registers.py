"""From pinned versions of a register and of the list of legal forms to what names are searched in, made once."""

import hashlib
import json
import logging
import os
import shutil
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import get_args

import polars as pl

from ..adapters.progress import busy
from ..adapters.store import Store
from ..contracts import loader
from ..contracts.matching import Kind
from ..contracts.matching import Register as Columns
from ..contracts.words import counted
from ..errors import DataError
from ..matching import index, model, register
from ..matching.folding import fold
from ..matching.forms import COLUMNS, Forms, legal_forms
from ..matching.index import Index
from ..matching.match import Matcher
from ..settings import REPOSITORY
from . import heads, indexes, reading, stored
from .pins import Entry

KINDS: tuple[Kind, ...] = get_args(Kind)
MODEL = Path(model.__file__).with_name("model.json")
_FOLDS = [MODEL.with_name(f"{name}.py") for name in ("designations", "folding", "forms", "letters", "scripts")]
_FOLDS += [MODEL.with_name("forms.yaml")]
log = logging.getLogger("commons")


@dataclass(frozen=True)
class Register:
    """Versions of a register and of the list of legal forms, and which columns of the register say what."""

    entry: Entry
    forms: Entry
    columns: Columns


def newest(store: Store, ref: str, name: str, room: Path) -> Register:
    """The newest versions of register `name`, whose contract is in `room`, and of its list of legal forms.

    Raises DataError where one has no version yet, or the contract doesn't say how the register is searched.
    """
    columns = loader.load(room / name).register
    if columns is None:
        raise DataError(f"{name}: its contract has no key `register:`, so it can't be searched. Add it there.")
    known = {each: heads.read(store, ref, each) for each in (columns.legal_forms, name)}
    entries = {each: head.entry for each, head in known.items() if head}
    if lacking := [each for each in known if each not in entries]:
        raise DataError(
            f"{', '.join(lacking)}: no version is published yet, and names are matched against one. "
            f"`commons run {' '.join(lacking)}` first."
        )
    refuse_withdrawn(entries.values())
    return Register(entries[name], entries[columns.legal_forms], columns)


def refuse_withdrawn(entries: Iterable[Entry]) -> None:
    """Raises DataError where one of these versions, which names are to be matched by, was withdrawn."""
    if gone := [said for entry in entries if (said := heads.withdrawn(entry, "no names are matched by it"))]:
        raise DataError(*gone)


def matcher(
    register: Entry,
    forms: Entry | None,
    columns: Columns,
    folder: Path,
    repository: Path = REPOSITORY,
    store: Store | None = None,
) -> Matcher:
    """Names can be searched in this version of the register: its index is FOLDER/KEY.

    It is opened where it is whole there, else comes from the `store`, else is made of the newest index of the register
    in FOLDER, or anew. The bytes are the same either way, and for processes that do it at the same time. Raises
    DataError where a column is not there, no row can be searched or the version was withdrawn, EnvironmentFault where
    bytes are not to be had.
    """
    reading.refuse_withdrawn(register, repository)
    known = forms_of(forms, repository)
    place = folder / key(register, known, columns)
    if store and not place.exists():
        stored.bring(store, register.name, place)
    found = indexes.opened(place)
    if found is None:
        with busy(f"index of {register.name}"):
            found = _made(register, known, columns, place, repository)
        indexes.tidy(folder)
    else:
        os.utime(place)
    return Matcher(found, known, model.read(MODEL))


def keep(register: Register, store: Store, folder: Path, repository: Path = REPOSITORY) -> str:
    """Sees that the index of a register is in the store, whole; its key. What is built, in FOLDER, extends the newest
    one there. Raises as `matcher`, and EnvironmentFault where the store can't be written."""
    name = register.entry.name
    wanted = key(register.entry, forms_of(register.forms, repository), register.columns)
    reading.refuse_withdrawn(register.entry, repository)
    if stored.bring(store, name, folder / wanted):
        return wanted
    if last := stored.last(store, name):
        stored.bring(store, name, folder / last)
    matcher(register.entry, register.forms, register.columns, folder, repository)
    stored.keep(store, name, folder / wanted)
    return wanted


def key(register: Entry, forms: Forms, columns: Columns) -> str:
    """Which index is that of this version of a register: 16 hexadecimal digits, the name of its folder."""
    what = [register.name, register.meta.content, chosen(columns), folding_of(forms), index.FORMAT]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:16]


def folding_of(forms: Forms) -> str:
    """By what names are folded: names that were folded by something else can't be compared with them."""
    return hashlib.sha256(f"{_code()} {forms.digest}".encode()).hexdigest()[:16]


def forms_of(entry: Entry | None, repository: Path = REPOSITORY) -> Forms:
    """Legal forms of a version of the list (ISO 20275); of no list, only those that are known without one."""
    if entry is None:
        return legal_forms(pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String)))
    return legal_forms(_selected(entry, {name: name for name in COLUMNS}, repository))


def entities(entry: Entry, columns: Columns, repository: Path = REPOSITORY) -> register.Register:
    """The rows of a version of a register that can be matched, and those that can't.

    Columns, all text: id, name, country, and of category, legal_form, status and further identifiers by kind those that
    the contract names. Raises as `matcher`.
    """
    return register.check(_selected(entry, chosen(columns), repository), entry.name)


def chosen(columns: Columns) -> dict[str, str]:
    """The register's column by what it is to matching; without those that the contract doesn't name."""
    fields = ("id", "name", "country", "category", "legal_form", "status")
    own = {field: getattr(columns, field) for field in fields if getattr(columns, field)}
    for kind in KINDS:
        if column := columns.identifiers.get(kind):
            own[kind] = column
    return own


def _made(entry: Entry, forms: Forms, columns: Columns, place: Path, repository: Path) -> Index:
    """The index of a version, put in its place whole or not at all."""
    checked = entities(entry, columns, repository)
    for said in checked.report():
        log.warning("%s: %s", entry.name, said)
    beside = place.with_name(f".partial-{uuid.uuid4().hex[:8]}")
    try:
        found = _extended(entry, checked, forms, columns, place.parent, beside / place.name)
        rows, left_out = entry.meta.rows, checked.counts
        indexes.write(found.folder, dataset=entry.name, columns=chosen(columns), rows=rows, left_out=left_out)
        indexes.placed(found.folder, place)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return replace(found, folder=place)  # what is mapped into memory stays so, wherever its file goes


def _extended(
    entry: Entry, checked: register.Register, forms: Forms, columns: Columns, folder: Path, into: Path
) -> Index:
    """Built of the newest index of the register where there is one, so that only new rows are folded."""
    into.parent.mkdir(parents=True)
    folds, content, rows = folding_of(forms), entry.meta.content, checked.entities
    if last := _newest(folder, entry.name, chosen(columns), folds):
        new = index.unknown_rows(last, rows)
        log.info("index of %s: extended by %s, new or changed", entry.name, counted(new.height, "row"))
        return index.extend(last, rows, fold(new, forms), into, version=content, folding=folds)
    log.info("index of %s: built of %s", entry.name, counted(rows.height, "row"))
    return index.build(fold(rows, forms), into, register=content, folding=folds)


def _newest(folder: Path, dataset: str, columns: dict[str, str], folds: str) -> Index | None:
    for place, known in indexes.made(folder):
        same = (known.dataset, known.columns, known.folding) == (dataset, columns, folds)
        if same and (found := indexes.opened(place, logging.DEBUG)):
            return found
    return None


def _selected(entry: Entry, wanted: Mapping[str, str], repository: Path) -> pl.DataFrame:
    """Columns of a version's table under other names, as text but for those that a register must have as text."""
    rows = reading.rows_of(entry, repository)
    there = rows.collect_schema()
    if lacking := [column for column in wanted.values() if column not in there]:
        raise DataError(
            f"{entry.name}: its version {entry.md5} has no column {', '.join(lacking)}, expected for matching; found "
            f"{', '.join(there)}. Correct `register:` in its contract, or publish it with them."
        )
    kept = ("id", "name", "country")
    return rows.select(
        (pl.col(column) if field in kept else pl.col(column).cast(pl.String)).alias(field)
        for field, column in wanted.items()
    ).collect()


@cache
def _code() -> str:
    """The code that folds, and what it transliterates by: a number that people raise is forgotten some day."""
    texts = [file.read_bytes() for file in _FOLDS]
    return hashlib.sha256(b"".join(texts) + version("anyascii").encode()).hexdigest()
