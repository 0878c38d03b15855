"""What tests of validation share: an author's folder, a table of text, and the way through."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from include.contracts.columns import TableSchema
from include.contracts.model import Contract
from include.validation.expectations import Previous
from include.validation.render import render
from include.validation.run import validate
from include.validation.schema import load
from include.validation.verdict import Counted, Verdict

TODAY = dt.date(2026, 1, 1)
HEAD = """import datetime as dt

import pandera.polars as pa
import polars as pl


class Schema(pa.DataFrameModel):
"""


def author(folder: Path, fields: str) -> Path:
    """A dataset's folder whose class Schema has `fields`, one a line."""
    folder.mkdir(parents=True, exist_ok=True)
    body = "".join(f"    {line}\n" for line in fields.strip().splitlines())
    (folder / "schema.py").write_text(HEAD + body, encoding="utf-8")
    return folder


def contract(**given: Any) -> Contract:
    """A contract with nothing but `given` of interest."""
    content = {"title": "Plants", "description": "Plants.", "owner": "data@example.org", "licence": "CC0-1.0", **given}
    return Contract.model_validate(_tuples(content))


def _tuples(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_tuples, value))
    return {k: _tuples(v) for k, v in value.items()} if isinstance(value, dict) else value


def extracted(path: Path, columns: Mapping[str, Sequence[Any]] | pl.DataFrame) -> Path:
    """A Parquet file as extract leaves it: `_record`, then `columns`."""
    frame = columns if isinstance(columns, pl.DataFrame) else pl.DataFrame(dict(columns), strict=False)
    frame.with_row_index("_record", 1).with_columns(pl.col("_record").cast(pl.Int64)).write_parquet(path)
    return path


def table_schema(folder: Path, promised: Contract, previous: TableSchema | None = None) -> TableSchema:
    """schema.json of the author's folder; columns without a text are called by their name."""
    schema = load(folder)
    return render(schema, promised, previous, {name: name for name in schema.columns})


def run(
    folder: Path,
    columns: Mapping[str, Sequence[Any]] | pl.DataFrame,
    into: str = "version",
    *,
    previous: Previous | None = None,
    references: Mapping[str, Sequence[Path]] | None = None,
    counted: Counted | None = None,
    memory_mb: int = 512,
    **given: Any,
) -> Verdict:
    """Validate `columns` under the schema in `folder` and a contract of `given`; the result lies in `folder`/`into`."""
    promised = contract(**given)
    table = table_schema(folder, promised, previous.schema if previous else None)
    file = extracted(folder / f"{into}.parquet", columns)
    schema = load(folder)
    return validate(
        file,
        schema,
        table,
        promised,
        previous,
        references or {},
        folder / into,
        memory_mb,
        today=TODAY,
        counted=counted,
    )


def last(folder: Path, into: str = "version", **given: Any) -> Previous:
    """The version in `folder`/`into` as the one before the next."""
    return Previous(
        table_schema(folder, contract(**given)), tuple(sorted((folder / into / "table").rglob("*.parquet")))
    )


def published(folder: Path, into: str = "version") -> pl.DataFrame:
    """The rows of the table."""
    return pl.concat(
        pl.read_parquet(part, hive_partitioning=False, glob=False)
        for part in sorted((folder / into / "table").rglob("*.parquet"))
    )


def quarantined(folder: Path, into: str = "version") -> pl.DataFrame:
    """The rows kept back."""
    return pl.read_parquet(folder / into / "quarantine.parquet", glob=False)


def quality(folder: Path, into: str = "version") -> dict[str, Any]:
    """The content of quality.json."""
    found: dict[str, Any] = json.loads((folder / into / "quality.json").read_text(encoding="utf-8"))
    return found


def rule(folder: Path, identity: str, into: str = "version") -> dict[str, Any]:
    """What quality.json says of one rule."""
    return next(item for item in quality(folder, into)["rules"] if item["rule"] == identity)
