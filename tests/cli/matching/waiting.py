"""A queue of doubtful names, written by hand as matching writes it."""

from pathlib import Path
from typing import Any

import polars as pl

from include.cli.matching import beside

ENEL, ENEL_X, SHELL = "213800CFRBV6B5JRGR86", "3789003CADBAEF5B1693", "2138001BE7467RUBQS88"
COLUMNS: dict[str, Any] = {
    "name": pl.String,
    "given_country": pl.String,
    "country": pl.String,
    "given_lei": pl.String,
    "records": pl.Int64,
    "weight": pl.Float64,
    "rank": pl.UInt32,
    **{f"entity_{key}": pl.String for key in ("id", "name", "country", "category", "legal_form", "status")},
    "method": pl.String,
    "score": pl.Float64,
    "reasons": pl.String,
}


def candidate(name: str, rank: int, lei: str, entity: str, score: float, **more: Any) -> dict[str, Any]:
    """A row of review.parquet: `name` in Italy could be the `entity`."""
    return {
        "name": name, "given_country": "ITA", "country": "IT", "given_lei": None, "records": 1, "weight": None,
        "rank": rank, "entity_id": lei, "entity_name": entity, "entity_country": "IT", "entity_category": "GENERAL",
        "entity_legal_form": None, "entity_status": None, "method": "fuzzy", "score": score, "reasons": "some words",
    } | more  # fmt: skip


def result(place: Path, *rows: dict[str, Any]) -> Path:
    """A result of `commons match` in `place` with these doubtful names beside it."""
    file = place / "matched.csv"
    file.write_text("name\n", encoding="utf-8")
    beside.write(
        pl.DataFrame(list(rows), COLUMNS),
        beside.review(file),
        "commons match names.csv --column name",
        None,
    )
    return file


THREE = (
    candidate("Enel", 1, ENEL, "ENEL SPA", 0.6),
    candidate("Enel", 2, ENEL_X, "ENEL X S.R.L.", 0.3),
    candidate("Shell", 1, SHELL, "SHELL PLC", 0.9, records=7),
    candidate("Aral", 1, SHELL, "SHELL PLC", 0.4, given_country=None, country=None),
)
