"""Checks that authors name in a Field: `lei=True` (ISO 17442) and `isin_code=True` (ISO 6166)."""

from collections.abc import Callable
from functools import partial
from typing import Any

import polars as pl
from pandera.api.checks import Check
from pandera.api.polars.types import PolarsData

from ..tables.checkdigits import isin_code, lei


def register() -> None:
    """Make both checks known to Pandera."""
    for name, rule in {"lei": lei, "isin_code": isin_code}.items():
        Check.REGISTERED_CUSTOM_CHECKS.setdefault(name, partial(_check, name, rule))


def _check(name: str, rule: Callable[[pl.Expr], pl.Expr], wanted: bool = True, **options: Any) -> Check:
    def holds(data: PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(rule(pl.col(str(data.key))) if wanted else pl.lit(True))

    return Check(holds, name=name, statistics={"wanted": wanted}, **options)
