"""Values that a reader may not see are in no report, whichever way it is drawn; what may be seen stays."""

from io import StringIO

import pytest
from rich.console import Console

from include.cli.differences import drawn
from include.diff.audience import shown_to
from include.diff.markdown import markdown
from include.diff.model import MASKED, DatasetDiff, Diff, SchemaChange
from include.diff.page import page
from tests.diff.records import column, dataset, diff, origin, profile, table

SECRETS = ("Chad", "Mali", "Kosovo", "Nauru", "Czech Republic", "Czechia", "Freetown")


def guarded(sensitivity: str = "internal") -> DatasetDiff:
    """The country is guarded: its values stand in profiles, moves, coverage, examples and a list of values."""
    countries = column(
        "country",
        type="string",
        key=True,
        sensitivity=sensitivity,
        cells=7,
        before=profile(300, ("Chad", "Mali")),
        after=profile(301, ("Chad", "Mali")),
    )
    columns = (countries, *table().columns[1:])
    values = SchemaChange(kind="values", column="country", before="Freetown", after="Chad")
    return dataset(table=table(columns=columns, schema_changes=(values,)))


def every_report(record: Diff) -> dict[str, str]:
    console = Console(file=StringIO(), width=200)
    for part in drawn(record, 200):
        console.print(part)
    terminal = console.file.getvalue()  # type: ignore[attr-defined]
    return {
        "terminal": terminal,
        "markdown": markdown(record),
        "page": page(record),
        "json": record.model_dump_json(),
    }


@pytest.mark.parametrize(
    ("sensitivity", "audience", "seen"),
    [
        ("public", "public", True),
        ("internal", "public", False),
        ("internal", "internal", True),
        ("restricted", "internal", False),
        ("restricted", "restricted", True),
    ],
)
def test_a_guarded_column_s_values_are_shown_to_whom_they_may_be(sensitivity: str, audience: str, seen: bool) -> None:
    for kind, text in every_report(shown_to(diff(guarded(sensitivity)), audience)).items():
        found = {secret for secret in SECRETS if secret in text}
        assert found == (set(SECRETS) if seen else set()), kind
        assert (MASKED in text) == (not seen), kind


def test_what_may_be_seen_stays_and_so_do_counts() -> None:
    text = markdown(shown_to(diff(guarded()), "public"))
    for said in (
        "300 rows before, 301 after: 4 added, 3 removed, 20 changed, 7 moved.",
        f"Lost 1 of `country` (3 rows): `{MASKED}`.",
        f"| `country` | `{MASKED}` | `{MASKED}` | 7 |",
        f"| changed | country `{MASKED}`, year `1990` | `co2` | `0.1` | `0.12` |",
        f"| values | `country` | `{MASKED}` | `{MASKED}` |",
    ):
        assert said in text, said


def test_a_dataset_is_guarded_as_its_contract_says_though_its_columns_are_not() -> None:
    for access in (("internal", "public"), ("public", "internal")):
        sides = {side: origin(access=level) for side, level in zip(("before", "after"), access, strict=True)}
        text = page(shown_to(diff(dataset(**sides)), "public"))
        assert [secret for secret in (*SECRETS, "0.12") if secret in text] == []
        assert "20 (6.7 %)" in text
