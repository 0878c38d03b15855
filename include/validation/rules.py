"""Rules on rows: an id that people waive, a severity, and what a failing value is told."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Literal

import pandera.polars as pa
from pandera.api.checks import Check

from ..contracts.model import Contract
from ..errors import ContractError
from .schema import where

Severity = Literal["error", "warning"]

_SHORT = {
    "greater_than_or_equal_to": "ge",
    "greater_than": "gt",
    "less_than_or_equal_to": "le",
    "less_than": "lt",
    "equal_to": "eq",
    "not_equal_to": "ne",
}
_ROW_WISE: dict[str, Callable[[dict[str, Any]], str]] = {
    "greater_than_or_equal_to": lambda s: f"is less than {s['min_value']}",
    "greater_than": lambda s: f"is not more than {s['min_value']}",
    "less_than_or_equal_to": lambda s: f"is more than {s['max_value']}",
    "less_than": lambda s: f"is not less than {s['max_value']}",
    "in_range": lambda s: f"is not between {s['min_value']} and {s['max_value']}",
    "equal_to": lambda s: f"is not {s['value']}",
    "not_equal_to": lambda s: f"is {s['value']}",
    "isin": lambda s: f"is none of {_listed(s['allowed_values'])}",
    "notin": lambda s: f"is one of {_listed(s['forbidden_values'])}",
    "str_matches": lambda s: f"does not match {s['pattern']}",
    "str_contains": lambda s: f"does not contain {s['pattern']}",
    "str_startswith": lambda s: f"does not start with {s['string']}",
    "str_endswith": lambda s: f"does not end with {s['string']}",
    "str_length": lambda s: f"has not {_between(s)} characters",
    "lei": lambda _: "is no LEI: form or check digits are wrong (ISO 17442)",
    "isin_code": lambda _: "is no ISIN: form or check digit is wrong (ISO 6166)",
}


@dataclass(frozen=True)
class Rule:
    """`says` follows the value of `column` ("co2: -1.5 is less than 0 (ge)"), or stands alone without a column."""

    id: str
    severity: Severity
    says: str
    column: str | None = None
    waived: bool = False
    check: Check | None = None
    names_other: bool = False
    """Whether the reason ends with the record that the row repeats."""

    @property
    def shows_value(self) -> bool:
        """Whether the reason names the value; a missing one has none."""
        return not self.id.endswith(".nullable")

    @property
    def keeps_back(self) -> bool:
        """Whether a row that fails is quarantined."""
        return self.severity == "error" and not self.waived


def row_wise(check: Check) -> bool:
    """Whether a check looks at one row at a time, so that it may run on batches."""
    return check.name in _ROW_WISE


def of_column(name: str, check: Check, waived: Collection[str]) -> Rule:
    """The rule of one check of a column."""
    short = _SHORT.get(str(check.name), str(check.name or "check"))
    words = _ROW_WISE[str(check.name)](check.statistics or {}) if row_wise(check) else _own_words(check)
    return _rule(f"{name}.{short}", check, f" {words} ({short})", name, waived)


def of_table(schema: pa.DataFrameSchema, check: Check, waived: Collection[str]) -> Rule:
    """The rule of one check across columns."""
    name = str(check.name or "")
    if not name:
        raise ContractError(f'{where(schema)}: a check across columns has no name. Give it name="…".')
    return _rule(
        f"table.{name}", check, f"{name}: {check.error or check.description or 'the row fails it'}", None, waived
    )


def waivable(schema: pa.DataFrameSchema, contract: Contract) -> set[str]:
    """The rules that a contract may suspend: all but type, nullable, key and repeats, which schema.json promises."""
    expect = contract.expect
    found = {
        "rows",
        "rows_change_pct",
        "quarantine_pct",
        "rejected_pct",
        "table.empty",
        *(f"sums.{s.column}" for s in expect.sums),
    }
    found |= {f"references.{r.dataset}" for r in expect.references} | {unique_id(u.columns) for u in expect.unique}
    found |= {of_table(schema, check, ()).id for check in schema.checks}
    for name, column in schema.columns.items():
        found |= {f"nulls_pct.{name}", f"drift.{name}", *(of_column(name, check, ()).id for check in column.checks)}
        found |= {f"{name}.unique"} if column.unique else set()
    return found


def unique_id(columns: Collection[str]) -> str:
    """The rule's name where `columns` together should not repeat."""
    return f"unique.{'+'.join(columns)}"


def _rule(identity: str, check: Check, says: str, column: str | None, waived: Collection[str]) -> Rule:
    severity: Severity = "warning" if check.raise_warning else "error"
    return Rule(identity, severity, says, column, identity in waived, check)


def _own_words(check: Check) -> str:
    return str(check.error or check.description or "fails")


def _listed(values: Collection[object]) -> str:
    items = sorted(map(str, values))
    return ", ".join(items[:8]) + (f" and {len(items) - 8} more" if len(items) > 8 else "")


def _between(statistics: dict[str, Any]) -> str:
    exact, low, high = (statistics.get(key) for key in ("exact_value", "min_value", "max_value"))
    if exact is not None:
        return f"{exact}"
    return " and ".join([f"at least {low}"] * (low is not None) + [f"at most {high}"] * (high is not None))
