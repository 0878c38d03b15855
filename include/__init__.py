"""Data Commons: data as code."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def open(name: str, at: str | None = None, repository: Path | str | None = None) -> "pl.LazyFrame":
    """The rows of dataset `name` as a Polars lazy frame, its bytes verified against the pin.

    `at` is a Git revision (a commit, tag or branch), the working tree by default; `repository` is a clone, this folder
    or the nearest one above it by default. Raises DataError where there is no such version.
    """
    from .settings import repository_of
    from .versions.reading import open_version

    return open_version(name, at, repository_of(Path(repository or Path.cwd())))
