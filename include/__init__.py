"""Data Commons: data as code."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl
    import pyarrow.dataset as ds

    from .versions.pins import Entry


def open(
    name: str, at: str | None = None, repository: Path | str | None = None, *, source_date: str | None = None
) -> "pl.LazyFrame":
    """The rows of dataset `name` as a Polars lazy frame, its bytes verified against the pin.

    `at` is a commit, tag, branch, proposal or date, the working tree by default; `source_date` takes the version that
    its source dated last by then. `repository` is a clone, this folder or the nearest one above it by default.
    A query reads only the columns and row groups that it asks for, from the remote where this machine lacks them.
    Raises DataError where there is no such version, EnvironmentFault, also when a query runs, where bytes are not to be
    had or not those that were published.
    """
    from .versions.reading import rows_of

    found, entry = _entry(name, at, repository, source_date)
    return rows_of(entry, found)


def dataset(
    name: str,
    at: str | None = None,
    repository: Path | str | None = None,
    *,
    source_date: str | None = None,
    columns: Sequence[str] | None = None,
    where: "pl.Expr | None" = None,
) -> "ds.Dataset":
    """The same as an Arrow dataset of local files, with `columns` only (all by default), fetched and verified now.

    With `where`, row groups that can't meet it are left out; the other rows are for the reader to filter.
    Raises as `open`, and DataError where there is no such column.
    """
    from .versions.reading import dataset_of

    found, entry = _entry(name, at, repository, source_date)
    return dataset_of(entry, columns, where, found)


def _entry(name: str, at: str | None, repository: Path | str | None, source_date: str | None) -> "tuple[Path, Entry]":
    from .errors import EnvironmentFault
    from .settings import repository_of
    from .versions import reading

    found = repository_of(Path(repository or Path.cwd()))
    if not (found / ".dvc").is_dir():
        raise EnvironmentFault(f"{found}: no clone of the datasets, neither here nor above. Name one: repository='…'.")
    return found, reading.entry_at(found, name, at, source_date)
