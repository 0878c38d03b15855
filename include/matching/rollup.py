"""A table's quantities to the companies that own its facilities: by entity where the owner is linked, else by name."""

from decimal import Decimal, localcontext
from typing import Any

import polars as pl

from ..contracts.matching import Match, Ownership
from ..errors import ContractError, DataError
from .ownership import EXACT, RollUp, printed, roll_up

COLUMNS = ("company", "linked", "name", "ultimate_parent", "facilities")
"""What rollup.parquet has beside the further keys, which come first, and the quantity, before `facilities`."""
_OWNER, _ENTITY, _NAME = "owner", "entity:", "name:"  # so that a name which reads like an identifier stays a name
_SHOWN = 5


def rollup(table: pl.DataFrame, matches: pl.DataFrame, match: Match) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Who holds how much of the table's quantities, and the totals as match.json tells them.

    `table` has the columns that `match` names, a row a holding; `matches` are those of matches.parquet. One row a
    company and further key, sorted: the keys of `ownership.by`, company (entity_id where the owner is linked, else its
    name as published; null: the unallocated part), linked (whether it is an entity_id), name (the entity's in the
    register, else as published), ultimate_parent, the quantity (a decimal in its own unit), facilities (how many).
    The quantities add up to those of the facilities, to the last digit.

    Totals are texts of exact numbers: given, allocated, linked (of it, to entities), unallocated, and unallocated_by
    reason; facilities, companies, and how many findings of each reason (`ownership.roll_up`).
    Raises ContractError where `match` has no ownership, DataError where a facility has two quantities, and as
    `roll_up`.
    """
    settings = match.ownership
    if settings is None:
        raise ContractError("match: expected ownership, found none. Name the columns that say who owns what.")
    _refuse(table, settings)
    keys = [settings.facility, *settings.by]
    holdings = table.select(*keys, settings.share).with_columns(_owners(table, matches, match).alias(_OWNER))
    quantities = _quantities(table, settings)
    found = roll_up(
        holdings, quantities, quantity=settings.quantity, keys=keys, owner=_OWNER,
        share=settings.share, rest=settings.rest,
    )  # fmt: skip
    frame = _companies(found, matches, settings)
    totals = {"given": _said(_sum(quantities, settings.quantity)), **_totals(found, frame, settings)}
    assert totals["given"] == _said(frame[settings.quantity].sum())
    return frame, {"quantity": settings.quantity, "rest": settings.rest, "facilities": quantities.height} | totals


def _refuse(table: pl.DataFrame, settings: Ownership) -> None:
    """Raises DataError where the result can't be told from its keys, or a facility has more than one quantity."""
    taken = [name for name in (*settings.by, settings.quantity) if name in (*COLUMNS, _OWNER)]
    keys = [settings.facility, *settings.by]
    several = table.drop_nulls([*keys, settings.quantity]).group_by(keys).agg(pl.col(settings.quantity).n_unique())
    several = several.filter(pl.col(settings.quantity) > 1).select(keys).sort(keys)
    problems = [f"ownership: rollup.parquet has a column {name} too. Rename it in the table." for name in taken]
    if several.height:
        some = "; ".join(" ".join(map(str, row)) for row in several.head(_SHOWN).iter_rows())
        problems.append(
            f"ownership: {settings.quantity} differs within {several.height:,} of {', '.join(keys)}, such as {some}; "
            "expected the same in all of its rows. Correct them in extract.py, or name another column."
        )
    if problems:
        raise DataError(*problems)


def _quantities(table: pl.DataFrame, settings: Ownership) -> pl.DataFrame:
    """One row a facility; its quantity is null where no row has one."""
    keys = [settings.facility, *settings.by]
    missing = pl.col(settings.quantity).is_null()
    return table.select(*keys, settings.quantity).unique().filter(~missing | missing.all().over(keys))


def _owners(table: pl.DataFrame, matches: pl.DataFrame, match: Match) -> pl.Series:
    """The owner of each row: its entity or its name, told apart by what stands before; null without a name."""
    given = {f"given_{kind}": pl.col(column) for kind, column in match.identifiers.items()}
    keys = {"name": pl.col(match.entity), "given_country": _country(match), **given}
    asked = table.select(expression.cast(pl.String).alias(name) for name, expression in keys.items())
    links = matches.select(*keys, "entity_id").cast(pl.String)
    known = asked.join(links, on=list(keys), how="left", nulls_equal=True, maintain_order="left", validate="m:1")
    name = pl.when(pl.col("name").str.strip_chars() != "").then(pl.lit(_NAME) + pl.col("name"))
    return known.select(pl.coalesce(pl.lit(_ENTITY) + pl.col("entity_id"), name)).to_series()


def _country(match: Match) -> pl.Expr:
    """The country as it is published with a name: a column's, or the same in all rows."""
    column = match.country_column
    return pl.col(column) if column else pl.lit(match.country, pl.String)


def _companies(found: RollUp, matches: pl.DataFrame, settings: Ownership) -> pl.DataFrame:
    linked = pl.col(_OWNER).str.starts_with(_ENTITY)
    company = pl.when(linked).then(pl.col(_OWNER).str.strip_prefix(_ENTITY)).otherwise(
        pl.col(_OWNER).str.strip_prefix(_NAME)
    )  # fmt: skip
    entities = matches.drop_nulls("entity_id").sort("entity_id", "candidate_name", "ultimate_parent", nulls_last=True)
    entities = entities.unique("entity_id", keep="first", maintain_order=True).select(
        pl.col("entity_id", "candidate_name", "ultimate_parent").cast(pl.String), linked=True
    )
    told = found.companies.with_columns(company.alias("company"), linked.alias("linked")).join(
        entities, left_on=["company", "linked"], right_on=["entity_id", "linked"], how="left", maintain_order="left"
    )
    told = told.with_columns(name=pl.coalesce("candidate_name", "company"))
    *first, last = COLUMNS
    return told.select(*settings.by, *first, settings.quantity, last).sort(*settings.by, *first, nulls_last=True)


def _totals(found: RollUp, frame: pl.DataFrame, settings: Ownership) -> dict[str, Any]:
    quantity = pl.col(settings.quantity)
    nobody, entity = pl.col("company").is_null(), pl.col("linked").fill_null(False)
    parts = {"allocated": ~nobody, "linked": entity, "unallocated": nobody}
    left = found.holdings.filter(pl.col(_OWNER).is_null()).group_by("reason").agg(quantity.sum()).sort("reason")
    return {
        **{part: _said(frame.filter(condition)[settings.quantity].sum()) for part, condition in parts.items()},
        "unallocated_by": {reason: _said(amount) for reason, amount in left.iter_rows()},
        "companies": frame.drop_nulls("company").select("company", "linked").n_unique(),
        "findings": dict(found.counts().iter_rows()),
    }


def _sum(quantities: pl.DataFrame, quantity: str) -> Decimal:
    """Exact, of the numbers as they print."""
    texts = quantities.select(printed(quantity, quantities)).to_series().drop_nulls()
    with localcontext(EXACT):
        return sum(map(Decimal, texts), Decimal())


def _said(amount: Any) -> str:
    """An exact number without the zeros at its end."""
    text = f"{Decimal(amount or 0):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
