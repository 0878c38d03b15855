"""Failures in words: which value, what is wrong with it, and by which rule."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from .rules import Rule

MASKED = "(masked)"
_LONGEST = 80


@dataclass(frozen=True)
class Reasons:
    """The rules, the raw heading of each column, and the columns whose values reports must not show."""

    rules: Sequence[Rule]
    headings: Mapping[str, str]
    restricted: Collection[str]

    def of(self, found: pl.DataFrame, raw: pl.DataFrame, typed: pl.DataFrame) -> pl.DataFrame:
        """The failures `found` of a batch, by row and rule, with `reason`, and `sample`: the same for reports."""
        parts = [
            part.with_columns(*self._texts(self.rules[int(str(number))], part, raw, typed))
            for (number,), part in found.partition_by("rule", as_dict=True, maintain_order=True).items()
        ]
        return pl.concat(parts).sort("row", "rule")

    def _texts(self, rule: Rule, part: pl.DataFrame, raw: pl.DataFrame, typed: pl.DataFrame) -> list[pl.Expr]:
        if rule.column is None or not rule.shows_value:
            text = pl.lit((f"{rule.column}:" if rule.column else "") + rule.says)
            reason = pl.format(_escaped(rule.says) + " {}", part["other"]) if rule.names_other else text
            return [reason.alias("reason"), reason.alias("sample")]
        unread = rule.id == f"{rule.column}.type"
        values = _shown((raw[self.headings[rule.column]] if unread else typed[rule.column]).gather(part["row"]))
        sample = pl.lit(MASKED) if rule.column in self.restricted else pl.lit(values)
        said = f"{rule.column}: {{}}{_escaped(rule.says)}"
        return [pl.format(said, pl.lit(values)).alias("reason"), pl.format(said, sample).alias("sample")]


def _shown(values: pl.Series) -> pl.Series:
    """Values as people read them: texts in quotes, long ones cut."""
    if values.dtype != pl.String:
        return pl.Series([str(value)[:_LONGEST] for value in values], dtype=pl.String)
    return pl.select(pl.format("'{}'", values.str.slice(0, _LONGEST))).to_series()


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
