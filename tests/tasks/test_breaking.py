"""What breaks readers stops the publication; a person allows it once, in the contract; nothing else gets through."""

import pytest

from include.tasks.receipts import Receipt, found
from include.versions import worktree
from include.versions.pins import Entry
from tests.tasks.conftest import CONTRACT, ROWS, SCHEMA, Wells
from tests.versions.house import git

AS_TEXT = SCHEMA.replace("depth_m: float", "depth_m: str").replace("ge=0, ", "")
RENAMED = SCHEMA.replace("country_code: str = pa.Field(", 'country: str = pa.Field(metadata={"was": "country_code"}, ')
RENAMED_ROWS = ROWS.replace("country_code", "country")
OTHER = """\
title: Licences
description: Generated.
owner: licences@example.org
licence: CC0-1.0
source: {url: "file:licences.csv"}
expect: {references: [{columns: [well_id], dataset: wells, to: [well_id]}]}
"""


def receipt(wells: Wells, run: str) -> Receipt:
    made = found(wells.store, "wells", run, "publish")
    assert made is not None
    return made


def pinned(wells: Wells) -> Entry:
    entry = wells.pinned()
    assert entry is not None
    return entry


def allowed(after: str, why: str = "The source writes fractions.", by: str = "Jane") -> str:
    return f'{CONTRACT}breaking:\n  - {{after: "{after}", why: "{why}", by: {by}}}\n'


def test_it_stops_shows_the_changes_and_says_how_to_allow_them(wells: Wells) -> None:
    """Fault 13: a type changes; blocked, the last good version stays published."""
    wells.run("r1")
    last = pinned(wells)
    (wells.folder.parent / "licences").mkdir()
    (wells.folder.parent / "licences" / "contract.yaml").write_text(OTHER)
    (wells.folder.parent / "broken").mkdir()
    (wells.folder.parent / "broken" / "contract.yaml").write_text("title: [")
    wells.write(schema=AS_TEXT)
    assert wells.run("r2") == [0, 0, 1]
    stopped = receipt(wells, "r2")
    assert (stopped.outcome, stopped.facts["commit"], stopped.facts["entry"]) == ("blocked", None, None)
    assert stopped.facts["breaking"] == ["column 'depth_m' changes from float64 to string"]
    said = "\n".join(stopped.problems)
    assert f"wells: a change breaks whoever reads the last version ({last.meta.content[:12]}, published" in said
    assert "wells: column 'depth_m' changes from float64 to string." in said
    assert "wells: It is read by licences: tell their owners." in said
    assert f'breaking:\n  - after: "{last.meta.content[:12]}"\n    why: the reason\n    by: who decided' in said
    assert pinned(wells) == last
    assert git("branch", "--list", "proposal/*", at=wells.origin) == ""


def test_the_run_that_stops_leaves_the_difference_as_a_page_and_as_text(wells: Wells) -> None:
    wells.run("r1")
    wells.write(ROWS.replace("W3,4.5", "W3,4.75"), schema=AS_TEXT)
    wells.run("r2")
    stopped = receipt(wells, "r2")
    assert set(stopped.outputs) == {"report.html", "diff.md"}
    text = (wells.store.get(f"{stopped.folder}/diff.md") or b"").decode()
    assert "depth_m" in text
    assert "float64" in text
    page = (wells.store.get(f"{stopped.folder}/report.html") or b"").decode()
    assert page.startswith("<!doctype html>")
    assert "depth_m" in page


def test_what_the_message_says_to_write_is_what_lets_it_through(wells: Wells) -> None:
    wells.run("r1")
    wells.write(schema=AS_TEXT)
    wells.run("r2")
    lines = receipt(wells, "r2").problems[-1].splitlines()[1:]
    wells.write(schema=AS_TEXT, contract=CONTRACT + "\n".join(lines) + "\n")
    assert wells.run("r3") == [0, 0, 0]
    assert receipt(wells, "r3").outcome == "proposed"


def test_a_change_that_is_allowed_is_proposed_on_a_publication_ref_with_its_reason(wells: Wells) -> None:
    wells.run("r1")
    last = pinned(wells)
    wells.write(schema=AS_TEXT, contract=allowed(last.meta.content[:12]))
    assert wells.run("r2") == [0, 0, 0]
    assert receipt(wells, "r2").outcome == "proposed"
    assert pinned(wells) == last
    said = git("log", "-1", "--format=%(trailers:key=Reason,valueonly)", "proposal/wells/r2", at=wells.origin)
    assert said == "The source writes fractions. (Jane)"


def test_a_change_that_is_allowed_is_published_in_a_working_tree_once(wells: Wells) -> None:
    clone = wells.root / "seed"
    (clone / ".commons").mkdir()
    wells.more["COMMONS_PUBLISH"] = f"worktree:{clone}"
    wells.run("r1")
    first = worktree.pins(clone).entries["wells"]
    wells.write(schema=AS_TEXT, contract=allowed(first.meta.content[:12]))
    assert wells.run("r2") == [0, 0, 0]
    second = worktree.pins(clone).entries["wells"]
    assert second.meta.why == "The source writes fractions. (Jane)"
    assert second.meta.base == first.md5
    wells.write(RENAMED_ROWS, allowed(first.meta.content), RENAMED)
    assert wells.run("r3") == [0, 0, 1]
    said = "\n".join(receipt(wells, "r3").problems)
    assert "2 changes break" in said
    assert "column 'depth_m' changes from string to float64" in said
    assert "column 'country_code' is renamed to 'country'" in said
    assert f"the entry after {first.meta.content[:12]} doesn't count" in said
    assert f"the last version is {second.meta.content[:12]}" in said
    assert worktree.pins(clone).entries["wells"] == second
    wells.write(RENAMED_ROWS, allowed(second.meta.content, "They call it so now."), RENAMED)
    assert wells.run("r4") == [0, 0, 0]
    assert worktree.pins(clone).entries["wells"].meta.why == "They call it so now. (Jane)"


def test_an_entry_that_is_used_up_stops_no_later_run(wells: Wells) -> None:
    wells.run("r1")
    wells.write(ROWS.replace("W3,4.5", "W3,4.75"), allowed("0123456789ab"))
    assert wells.run("r2") == [0, 0, 0]
    assert receipt(wells, "r2").outcome == "done"
    assert pinned(wells).meta.why is None


@pytest.mark.parametrize(
    ("schema", "rows"),
    [
        (SCHEMA + '    operator: str = pa.Field(nullable=True, description="Operator")\n', None),
        (SCHEMA.replace("country_code: str = pa.Field(", 'country_code: str = pa.Field(isin=["NA"], '), ROWS),
    ],
    ids=["a column that may be missing", "a value list where none was"],
)
def test_a_compatible_change_is_published_like_any_other(wells: Wells, schema: str, rows: str | None) -> None:
    wells.run("r1")
    more = "".join(f"{line},{'' if n else 'operator'}\n" for n, line in enumerate(ROWS.splitlines()))
    wells.write((rows or more).replace("W3,4.5", "W3,4.75"), CONTRACT.replace(
        "quarantine_pct: 40", "quarantine_pct: 40, nulls_pct: {operator: 100}" if rows is None else "quarantine_pct: 40"
    ), schema)  # fmt: skip
    assert wells.run("r2") == [0, 0, 0]
    assert receipt(wells, "r2").outcome == "done"
    assert receipt(wells, "r2").facts["breaking"] == []


def test_a_value_that_leaves_the_list_stops_it(wells: Wells) -> None:
    listed = SCHEMA.replace("country_code: str = pa.Field(", 'country_code: str = pa.Field(isin=["NA", "DE"], ')
    wells.write(schema=listed)
    wells.run("r1")
    wells.write(schema=listed.replace('"NA", "DE"', '"NA", "FR"'))
    assert wells.run("r2") == [0, 0, 1]
    assert "column 'country_code': of its values, DE left and FR came" in "\n".join(receipt(wells, "r2").problems)


def test_clearing_the_run_after_the_contract_allows_it_publishes(wells: Wells) -> None:
    wells.run("r1")
    last = pinned(wells)
    wells.write(schema=AS_TEXT)
    wells.run("r2")
    assert wells.verb("publish", "r2")["code"] == 1, "a retry without a person's word stops again"
    wells.write(schema=AS_TEXT, contract=allowed(last.meta.content))
    for verb in ("extract", "validate", "publish"):
        assert wells.verb(verb, "r2", attempt=1)["code"] == 0
    assert receipt(wells, "r2").outcome == "proposed"
