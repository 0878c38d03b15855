# ruff: noqa: S608 -- names are quoted, values are parameters
"""What can only be seen over a whole table: repeated records and keys, references; in DuckDB, which spills."""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import polars as pl

from ..errors import DataError, EnvironmentFault
from ..tables.database import literal
from ..tables.types import kind_of


def repeated(
    db: duckdb.DuckDBPyConnection, file: Path, names: Sequence[str], missing_repeats: bool = False
) -> pl.DataFrame:
    """Rows of `file` that share all of `names` with an earlier row: `row`, and `first`, the first one that has them.

    A missing value equals nothing, or with `missing_repeats` another missing one. Positions are those of column `_row`.
    """
    columns = ", ".join(_quoted(name) for name in names)
    present = "true" if missing_repeats else " AND ".join(f"{_quoted(name)} IS NOT NULL" for name in names)
    equal = " AND ".join(f"k.{_quoted(name)} IS NOT DISTINCT FROM g.{_quoted(name)}" for name in names)
    return _positions(
        db,
        f"""WITH groups AS (SELECT {columns}, min(_row) AS first FROM {_read("$file")}
                            WHERE {present} GROUP BY {columns} HAVING count(*) > 1)
            SELECT _row AS row, first FROM {_read("$file")} k JOIN groups g ON {equal}
            WHERE _row > first ORDER BY row""",
        {"file": literal(file)},
    )


def missing_total(
    db: duckdb.DuckDBPyConnection, file: Path, column: str, by: Sequence[str], total: float, tolerance: float
) -> pl.DataFrame:
    """Rows of groups `by` in which `column` does not add up to `total`: `row`, and `first`, the first of its group.

    A missing value counts as 0; the sum is compensated, so that it does not depend on threads.
    """
    columns = ", ".join(_quoted(name) for name in by)
    equal = " AND ".join(f"k.{_quoted(name)} IS NOT DISTINCT FROM g.{_quoted(name)}" for name in by)
    return _positions(
        db,
        f"""WITH groups AS (SELECT {columns}, min(_row) AS first FROM {_read("$file")} GROUP BY {columns}
                            HAVING abs(fsum(coalesce({_quoted(column)}, 0)::DOUBLE) - $total) > $tolerance + 1e-9)
            SELECT _row AS row, first FROM {_read("$file")} k JOIN groups g ON {equal} ORDER BY row""",
        {"file": literal(file), "total": total, "tolerance": tolerance},
    )


def identical(
    db: duckdb.DuckDBPyConnection, files: Sequence[Path], names: Sequence[str], among: pl.Series | None
) -> pl.DataFrame:
    """Records of `files` equal in all of `names` (missing values too) to an earlier one: `row` and `first`.

    `among` limits the search to rows at these positions; all of them by default.
    """
    columns = ", ".join(_quoted(name) for name in names)
    records = _records(files, names)
    if among is not None:
        db.register("candidates", among.alias("_row").to_frame().to_arrow())
        records = f"(SELECT * FROM {records} SEMI JOIN candidates USING (_row))"
    else:  # equal hashes first: few records come so far as to be compared
        db.execute(
            "CREATE OR REPLACE TEMP TABLE hashes AS "
            f"SELECT hash({columns}) AS h FROM {records} GROUP BY h HAVING count(*) > 1"
        )
        records = f"(SELECT r.* FROM {records} r SEMI JOIN hashes ON hash({columns}) = hashes.h)"
    return _positions(
        db,
        f"""SELECT row, first FROM (SELECT _row AS row, min(_row) OVER (PARTITION BY {columns}) AS first FROM {records})
            WHERE row > first ORDER BY row""",
    )


def _records(files: Sequence[Path], names: Sequence[str]) -> str:
    """A table expression over all `files` with `_row`, the position of a record over all of them."""
    counts = [int(pl.scan_parquet(file, glob=False).select(pl.len()).collect().item()) for file in files]
    offsets = [sum(counts[:number]) for number in range(len(files))]
    return (
        "("
        + " UNION ALL ".join(
            f"SELECT file_row_number + {offset} AS _row, {_present(file, names)} "
            f"FROM {_read(_text(file), 'file_row_number = true')}"
            for file, offset in zip(files, offsets, strict=True)
        )
        + ")"
    )


def absent(
    db: duckdb.DuckDBPyConnection, file: Path, names: Sequence[str], target: Sequence[Path], to: Sequence[str]
) -> pl.Series:
    """Positions of rows whose `names` have no equal in columns `to` of the `target` files.

    A missing value refers to nothing.

    Raises DataError where the two can't be compared: text never equals a number, though it looks the same.
    """
    present = " AND ".join(f"{_quoted(name)} IS NOT NULL" for name in names)
    columns = ", ".join(f"r.{_quoted(name)}" for name in to)
    equal = " AND ".join(f"k.{_quoted(name)} = r.{_quoted(other)}" for name, other in zip(names, to, strict=True))
    _check_types(file, names, target[0], to)
    try:
        return _positions(
            db,
            f"""SELECT _row AS row FROM {_read("$file")} k
                ANTI JOIN (SELECT DISTINCT {columns} FROM {_read("$target")} r) r ON {equal}
                WHERE {present} ORDER BY row""",
            {"file": literal(file), "target": [literal(path) for path in target]},
        )["row"]
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"reference of {', '.join(names)} to {', '.join(to)} can't be checked: {reason}.") from error


def _positions(db: duckdb.DuckDBPyConnection, query: str, values: dict[str, object] | None = None) -> pl.DataFrame:
    try:
        found = pl.DataFrame(pl.from_arrow(db.sql(query, params=values).to_arrow_table()))
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        raise EnvironmentFault(
            f"comparing all rows: {str(error).splitlines()[0]}. "
            "Give validate more memory or scratch space: a larger 'size' in contract.yaml, or COMMONS_WORK."
        ) from error
    return found.cast(pl.Int64)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _present(file: Path, names: Sequence[str]) -> str:
    """The columns of one file; those it lacks are missing."""
    found = pl.scan_parquet(file, glob=False).collect_schema()
    return ", ".join(_quoted(name) if name in found else f"NULL AS {_quoted(name)}" for name in names)


def _text(path: Path) -> str:
    return "'" + literal(path).replace("'", "''") + "'"


def _read(file: str, *options: str) -> str:
    """A Parquet file as a table; a folder such as year=2020 on its path says nothing about its columns."""
    return f"read_parquet({', '.join((file, 'hive_partitioning = false', *options))})"


def _check_types(file: Path, names: Sequence[str], target: Path, to: Sequence[str]) -> None:
    """Raises DataError for columns of two kinds, which DuckDB would compare after a cast; widths may differ."""
    ours = pl.scan_parquet(file, glob=False).collect_schema()
    theirs = pl.scan_parquet(target, glob=False, hive_partitioning=False).collect_schema()
    problems = []
    for name, other in zip(names, to, strict=True):
        if other not in theirs:
            problems.append(f"there is no column '{other}'. Correct 'to' in contract.yaml.")
        elif _kind(ours[name]) != _kind(theirs[other]):
            found = f"'{name}' is {_type(ours[name])}, '{other}' is {_type(theirs[other])}"
            problems.append(f"{found}, expected one type. Give both the same in schema.py.")
    if problems:
        what = f"reference of {', '.join(names)} to {', '.join(to)} can't be checked"
        raise DataError(*(f"{what}: {problem}" for problem in problems))


def _kind(dtype: pl.DataType) -> tuple[object, ...]:
    """What two types share that compare as they are."""
    if dtype.is_integer():
        return ("integer",)
    if dtype.is_float():
        return ("float",)
    return (dtype.base_type(), isinstance(dtype, pl.Datetime) and dtype.time_zone is not None)


def _type(dtype: pl.DataType) -> str:
    return kind_of(dtype) or str(dtype)
