"""quality.json: every rule with failures and verdict, counts, profiles; no times, so equal data give equal bytes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..contracts.model import Waiver
from .expectations import Finding
from .rules import Rule

SAMPLES = 5


@dataclass
class Tally:
    """Failures of one rule on rows, and the first few: (number of the record, reason)."""

    rule: Rule
    failures: int = 0
    groups: int | None = None
    """For rules on rows that belong together: how many keys or groups fail."""
    samples: list[tuple[int, str]] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """pass, warning, waived, quarantined."""
        if not self.failures:
            return "pass"
        if self.rule.waived:
            return "waived"
        return "warning" if self.rule.severity == "warning" else "quarantined"


@dataclass(frozen=True)
class Quality:
    """Everything that quality.json and the reports say."""

    title: str
    owner: str
    outcome: str
    counts: Mapping[str, int]
    reasons: Mapping[str, Mapping[str, int]]
    tallies: Sequence[Tally]
    findings: Sequence[Finding]
    problems: Sequence[str]
    breaking: Sequence[str]
    waivers: Sequence[Waiver]
    columns: Mapping[str, Mapping[str, Any]]
    examples: Mapping[str, str] = field(default_factory=dict)
    """Where the first record that was rejected for a reason stands."""


def to_json(quality: Quality) -> str:
    """The text of quality.json: sorted keys, two spaces, a newline at the end."""
    content = {
        "format": 1,
        "outcome": quality.outcome,
        "counts": dict(quality.counts),
        "reasons": {kind: dict(found) for kind, found in quality.reasons.items()},
        "examples": dict(quality.examples),
        "rules": [_row_rule(tally) for tally in quality.tallies]
        + [_table_rule(finding) for finding in quality.findings],
        "problems": list(quality.problems),
        "breaking": list(quality.breaking),
        "waivers": [waiver.model_dump(mode="json") for waiver in quality.waivers],
        "columns": {name: dict(profile) for name, profile in quality.columns.items()},
    }
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _row_rule(tally: Tally) -> dict[str, Any]:
    return {
        "rule": tally.rule.id,
        "on": "rows",
        "severity": tally.rule.severity,
        "failures": tally.failures,
        "verdict": tally.verdict,
        **({} if tally.groups is None else {"groups": tally.groups}),
        "samples": [{"record": record, "reason": reason} for record, reason in tally.samples],
    }


def _table_rule(finding: Finding) -> dict[str, Any]:
    verdict = "pass" if finding.holds else "waived" if finding.waived else "blocked"
    return {
        "rule": finding.rule,
        "on": "table",
        "severity": "error",
        "failures": int(not finding.holds),
        "verdict": verdict,
        "found": finding.found,
        "expected": finding.expected,
    }
