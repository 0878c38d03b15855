"""What data.dvc and its history say: datasets, versions, their rows and names."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import polars as pl

from ..adapters.cache import cache_folder
from ..adapters.remote import remote
from ..contracts import loader
from ..contracts.columns import TableSchema
from ..contracts.names import Names
from ..errors import ContractError, DataError
from ..settings import REPOSITORY, settings
from ..versions import checkout, presence, reading, worktree
from .local import dataset_folder

Row = dict[str, Any]
Told = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


def datasets() -> list[Row]:
    """One item a dataset: name, title, and the version that the working tree pins, None where there is none."""
    room = Path(settings().datasets)
    pins = worktree.pins(REPOSITORY).entries
    rows = []
    for name in sorted({*loader.names(room), *pins}):
        meta = pins[name].meta if name in pins else None
        title, access = _title(room / name)
        facts = {"rows": meta and meta.rows, "quarantined": meta and meta.quarantined}
        rows.append({"dataset": name, "title": title, **facts, "published": meta and meta.published, "access": access})
    return rows


def opened(name: str, at: str | None, source_date: str | None = None) -> tuple[pl.LazyFrame, TableSchema]:
    """The rows of a version and its schema."""
    if at is None and source_date is None and f"data/{name}\n" not in worktree.text(REPOSITORY):
        dataset_folder(name)
        raise DataError(f"{name}: has no version yet. `commons run {name}` makes one.")
    entry = reading.entry_at(REPOSITORY, name, at, source_date)
    schema = reading.file_of(entry, "schema.json", cache_folder(REPOSITORY))
    return reading.rows_of(entry), TableSchema.from_json(schema.read_text(encoding="utf-8"))


def checked_out(revision: str, folder: Path, names: Sequence[str], told: Told) -> list[Row]:
    """One item a dataset that was put into `folder`, or why it was not."""
    begun = checkout.begin(REPOSITORY, revision, folder, names)
    with told("Checking out", sum(entry.size for entry in begun.entries)) as tell:
        return [
            {
                "dataset": placed.entry.name,
                "rows": placed.entry.meta.rows,
                "files": placed.files,
                "bytes": placed.entry.size if placed.files else 0,
                "withdrawn": placed.withdrawn,
                "problem": placed.problem,
                "note": placed.note,
            }
            for placed in checkout.fill(begun, tell)
        ]


def stated(placed: Row) -> Row:
    """An item of `checked_out` as a line of a table."""
    state = "withdrawn" if placed["withdrawn"] else "failed" if placed["problem"] else "whole"
    told = {key: value for key, value in placed.items() if key not in ("withdrawn", "problem", "note")}
    return told | {"state": state}


def names() -> list[Row]:
    """What each dataset is called in this environment."""
    here = Names(settings().environment, settings().developer)
    return [
        {
            "dataset": name,
            "table": ".".join(here.table(name)),
            "path": here.path(name),
            "topic": here.topic(name),
            "dag": here.dag_id(name),
            "asset": here.asset(name),
        }
        for name in loader.names(Path(settings().datasets))
    ]


def unpushed() -> list[str]:
    """One sentence for each pin of the working tree whose bytes its remote lacks."""
    entries = worktree.pins(REPOSITORY).entries.values()
    return presence.missing(entries, lambda name: remote(name, REPOSITORY, settings().remote), cache_folder(REPOSITORY))


def _title(folder: Path) -> tuple[str, str]:
    try:
        contract = loader.load(folder)
    except ContractError:
        return "(commons check says what is wrong)", ""
    return contract.title, contract.access
