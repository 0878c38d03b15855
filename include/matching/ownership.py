"""Facilities' quantities go to their owners by share, and every total stays as published, to its last digit."""

from collections.abc import Sequence
from decimal import Context, Decimal, localcontext
from typing import Any, Literal, NamedTuple

import polars as pl

from ..errors import DataError

Rest = Literal["unallocated", "scale"]
_Row = tuple[Any, ...]
_Fields = dict[str, pl.DataType]
EXACT = Context(prec=2_000)  # more digits than any float64 written out, so that nothing ever rounds
_DIGITS = 38  # of Polars' and Arrow's decimals
_HUNDRED = Decimal(100)
_OURS = ("share_pct", "value", "reason", "facilities", "repeated", "given", "held")


class RollUp(NamedTuple):
    """Who holds what; the quantities of `holdings`, and those of `companies`, add up to what came in.

    holdings   one row a facility and owner: the keys, the owner, share_pct, the quantity, reason. A row without an
               owner is the part that is unallocated, and its reason says why; else reason is null.
    companies  one row a company and further key, such as the year: the key, the owner, the quantity, facilities (how
               many). The row without an owner is the unallocated part.
    findings   one row a fault: the keys, the owner, value (the share, or the facility's sum of shares), reason.
    """

    holdings: pl.DataFrame
    companies: pl.DataFrame
    findings: pl.DataFrame

    def counts(self) -> pl.DataFrame:
        """How many findings there are of each reason: columns reason, count."""
        return self.findings.group_by("reason").agg(pl.len().alias("count")).sort("reason")


def roll_up(
    shares: pl.DataFrame,
    quantities: pl.DataFrame,
    *,
    quantity: str,
    keys: Sequence[str] = ("facility_id", "reporting_year"),
    owner: str = "parent_name",
    share: str = "ownership_pct",
    rest: Rest = "unallocated",
    decimals: int = 6,
) -> RollUp:
    """The column `quantity` (any unit; one row a facility) shared out by `shares` (per cent; one row a holding).

    `keys` name a facility in both tables; companies are totalled by those after the first. Shares that add to less than
    100 leave the rest unallocated or are scaled to 100, as `rest` says; more than 100 is always scaled. A share that is
    missing, negative or above 100 counts as none. Holdings of one owner in a facility are added up. The part of a
    holding without an owner is unallocated under either rule. Numbers are taken as they print, a float as its shortest
    decimal; parts have the digits of the facility's quantity after the point, at least `decimals`.

    Reasons of findings: facility_missing, share_missing, share_negative, share_over_100, owner_missing,
    repeated_holding, shares_below_100, shares_above_100, no_share, no_owners, no_quantity, quantity_missing.
    Raises DataError for absent columns, columns that are not numbers, keys of unlike types, facilities with two
    quantities (which one holds?), infinite quantities, and quantities that do not fit 38 digits.
    """
    problems = _wrong_columns(shares, quantities, (*keys, owner, share), (*keys, quantity), rest)
    if problems or (problems := _wrong_rows(quantities, keys, quantity)):
        raise DataError(*problems)
    marked = _marked(shares, keys, owner, share)
    facilities = _facilities(marked, quantities, keys, quantity)
    parts, faults = _shared_out(facilities, len(keys), rest, decimals)
    fields = {**{key: quantities.schema[key] for key in keys}, "owner": pl.String()}
    holdings = _holdings(parts, fields, quantity, decimals)
    found = (holdings, _companies(holdings, keys, quantity), _findings(marked, faults, fields))
    return RollUp(*(table.rename({"owner": owner}) for table in found))


def allocate(quantity: Decimal, weights: Sequence[Decimal], decimals: int = 6) -> list[Decimal]:
    """`quantity` in proportion to `weights` (0 or more, not all 0), in units of its last digit or of `decimals` digits.

    The parts add up to `quantity` exactly: each gets its whole units, and what is left goes one unit each to the
    largest remainders, among equals to the larger weight, then to the earlier (Hamilton's method).
    """
    last = min(_last_digit(quantity), -decimals)
    units, whole = abs(_units(quantity, last)), [_units(weight, min(map(_last_digit, weights))) for weight in weights]
    shares = [divmod(units * weight, sum(whole)) for weight in whole]
    left = units - sum(share for share, _ in shares)
    order = sorted(range(len(whole)), key=lambda index: (-shares[index][1], -whole[index], index))
    extra, sign = set(order[:left]), -1 if quantity < 0 else 1
    return [Decimal(sign * (share + (index in extra))).scaleb(last, EXACT) for index, (share, _) in enumerate(shares)]


def _last_digit(number: Decimal) -> int:
    return int(number.as_tuple().exponent)


def _units(number: Decimal, last: int) -> int:
    return int(number.scaleb(-last, EXACT))


def _wrong_columns(
    shares: pl.DataFrame, quantities: pl.DataFrame, held: Sequence[str], given: Sequence[str], rest: str
) -> list[str]:
    """What is wrong with the tables' columns; in both, the last one named is the number."""
    problems = [] if rest in ("unallocated", "scale") else [f"rest: expected unallocated or scale, found {rest!r}."]
    clash = [name for name in (*held[:-1], given[-1]) if name in _OURS]
    problems += [f"{name}: the result has a column of that name too. Rename it." for name in clash]
    for place, table, names in (("shares", shares, held), ("quantities", quantities, given)):
        absent = [name for name in names if name not in table.columns]
        problems += [f"{place}: no column {name!r}; there are {', '.join(table.columns)}." for name in absent]
        number = names[-1]
        if not absent and not table.schema[number].is_numeric():
            problems.append(f"{place}: {number} is {table.schema[number]}, expected a number. Cast it in the schema.")
    for key in given[:-1]:
        types = [table.schema[key] for table in (shares, quantities) if key in table.columns]
        if len(types) == 2 and types[0] != types[1]:
            problems.append(f"{key}: {types[0]} in shares, {types[1]} in quantities. Give both one type.")
    return problems


def _wrong_rows(quantities: pl.DataFrame, keys: Sequence[str], quantity: str) -> list[str]:
    named = quantities.drop_nulls(list(keys))
    twice = named.group_by(list(keys)).len().filter(pl.col("len") > 1).sort(list(keys))
    some = "; ".join(str(row[:-1]) for row in twice.head(5).iter_rows())
    problems = [f"quantities: {twice.height} facilities stand there twice, such as {some}. Leave one row of each."]
    infinite = quantities.filter(pl.col(quantity).cast(pl.Float64).is_infinite())
    some = "; ".join(map(str, infinite.select(keys).sort(list(keys)).head(5).iter_rows()))
    problems += [f"quantities: {quantity} is infinite in {infinite.height} rows, such as {some}. Leave it empty there."]
    return [problem for problem, found in zip(problems, (twice, infinite), strict=True) if found.height]


def printed(column: str, table: pl.DataFrame) -> pl.Expr:
    """A number as it prints, a whole float without its ".0"; null for what is not a number."""
    text = pl.col(column).cast(pl.String)
    text = text.str.strip_suffix(".0") if table.schema[column].is_float() else text
    return pl.when(~pl.col(column).cast(pl.Float64).is_nan()).then(text)


def _marked(shares: pl.DataFrame, keys: Sequence[str], owner: str, share: str) -> pl.DataFrame:
    """The keys, owner (null where blank), value (the share as text), reason (why it counts as none) and repeated."""
    number = pl.col(share).cast(pl.Float64)
    reason = (
        pl.when(pl.any_horizontal(pl.col(keys).is_null()))
        .then(pl.lit("facility_missing"))
        .when(number.is_null() | number.is_nan())
        .then(pl.lit("share_missing"))
        .when(number < 0)
        .then(pl.lit("share_negative"))
        .when(number > 100)
        .then(pl.lit("share_over_100"))
    )
    name = pl.col(owner).cast(pl.String)
    name = pl.when(name.str.strip_chars() != "").then(name)
    rows = shares.select(*keys, name.alias("owner"), printed(share, shares).alias("value"), reason.alias("reason"))
    ordered = rows.sort(*keys, "owner", pl.col("value").cast(pl.Float64), "value", nulls_last=True)
    known = pl.all_horizontal(pl.col(*keys, "owner").is_not_null())
    return ordered.with_columns(repeated=~pl.struct(*keys, "owner").is_first_distinct() & known)


def _facilities(marked: pl.DataFrame, quantities: pl.DataFrame, keys: Sequence[str], quantity: str) -> pl.DataFrame:
    """One row a facility of either table: the keys, quantity as text, whether it has a row, owners and their shares."""
    held = marked.filter(pl.all_horizontal(pl.col(keys).is_not_null())).group_by(list(keys), maintain_order=True)
    usable = pl.col("reason").is_null()
    owners = held.agg(pl.col("owner", "value").filter(usable), held=True)
    given = quantities.select(*keys, printed(quantity, quantities).alias("quantity"), given=True)
    return given.join(owners, on=list(keys), how="full", coalesce=True).sort(*keys, "quantity", nulls_last=True)


def _shared_out(facilities: pl.DataFrame, width: int, rest: Rest, decimals: int) -> tuple[list[_Row], list[_Row]]:
    """Rows of holdings, and of findings about facilities; `width` keys stand first in both."""
    parts: list[_Row] = []
    faults: list[_Row] = []
    with localcontext(EXACT):
        for row in facilities.iter_rows():
            key, (quantity, given, owners, values, held) = row[:width], row[width:]
            claims = _claims(owners or (), values or ())
            total = sum(claims.values(), Decimal())
            why = "facility_missing" if None in key else _balance(total) if held else "no_owners"
            if why:
                faults.append((*key, None, f"{total:f}" if held else None, why))
            if quantity is None:
                faults.append((*key, None, None, "quantity_missing" if given else "no_quantity"))
            else:
                parts += [(*key, *part) for part in _parts(Decimal(quantity), claims, total, why, rest, decimals)]
    return parts, faults


def _claims(owners: Sequence[str | None], values: Sequence[str]) -> dict[str | None, Decimal]:
    """The share of each owner, those of one added up, in the order that they come in."""
    claims: dict[str | None, Decimal] = {}
    for owner, value in zip(owners, values, strict=True):
        claims[owner] = claims.get(owner, Decimal()) + Decimal(value)
    return claims


def _balance(total: Decimal) -> str | None:
    if not total:
        return "no_share"
    return None if total == _HUNDRED else "shares_below_100" if total < _HUNDRED else "shares_above_100"


def _parts(
    quantity: Decimal, claims: dict[str | None, Decimal], total: Decimal, why: str | None, rest: Rest, decimals: int
) -> list[tuple[str | None, float, Decimal, str | None]]:
    """Owner, share, quantity and reason of each part of a facility's quantity."""
    rows = [(owner, share, None if owner else "owner_missing") for owner, share in claims.items()]
    if not total or (total < _HUNDRED and rest == "unallocated"):
        rows.append((None, _HUNDRED - total, why))
    parts = allocate(quantity, [share for _, share, _ in rows], decimals)
    return [(owner, float(share), part, reason) for (owner, share, reason), part in zip(rows, parts, strict=True)]


def _holdings(parts: list[_Row], fields: _Fields, quantity: str, decimals: int) -> pl.DataFrame:
    """The parts as a table, the quantity as a decimal that holds all of its digits and any sum of its values."""
    amounts = [part[-2] for part in parts]
    scale = max([decimals, *(-_last_digit(amount) for amount in amounts)])
    digits = len(str(sum(abs(_units(amount, -scale)) for amount in amounts)))
    if digits > _DIGITS:
        raise DataError(
            f"quantities: {quantity} has values of {scale} digits after the point and a sum of {digits} digits in all, "
            f"expected {_DIGITS} at most. Round them to what was measured, or ask for fewer decimals."
        )
    names = [*fields, "share_pct", quantity, "reason"]
    table = pl.DataFrame(
        [[*part[:-2], f"{part[-2]:f}", part[-1]] for part in parts],
        {**fields, "share_pct": pl.Float64(), quantity: pl.String(), "reason": pl.String()},
        orient="row",
    )
    return table.with_columns(pl.col(quantity).cast(pl.Decimal(_DIGITS, scale))).sort(names, nulls_last=True)


def _companies(holdings: pl.DataFrame, keys: Sequence[str], quantity: str) -> pl.DataFrame:
    by = [*keys[1:], "owner"]
    totals = holdings.group_by(by).agg(pl.col(quantity).sum(), facilities=pl.col(keys[0]).n_unique())
    return totals.sort(by, nulls_last=True)


def _findings(marked: pl.DataFrame, faults: list[_Row], fields: _Fields) -> pl.DataFrame:
    unnamed = pl.col("owner").is_null() & pl.col("reason").is_null()
    of_holdings = [
        marked.filter("repeated").with_columns(reason=pl.lit("repeated_holding")),
        marked.filter(unnamed).with_columns(reason=pl.lit("owner_missing")),
        marked.filter(pl.col("reason").is_not_null()),
    ]
    of_facilities = pl.DataFrame(faults, {**fields, "value": pl.String(), "reason": pl.String()}, orient="row")
    names = of_facilities.columns
    found = [of_facilities, *(table.select(names) for table in of_holdings)]
    return pl.concat(found).sort(["reason", *names[:-1]], nulls_last=True)
