"""A person's word counts for the version after the one it names, and never a second time."""

from include.contracts.columns import TableSchema
from include.contracts.model import Break, Contract
from include.versions.breaks import judge, readers
from include.versions.pins import Entry, RolledBack
from tests.versions.house import SCHEMA
from tests.versions.test_pins import entry

NARROW: TableSchema = SCHEMA.model_copy(update={"columns": SCHEMA.columns[:1]})


def contract(*after: str) -> Contract:
    said = tuple(Break(after=digits, why="They stopped it", by="Jane") for digits in after)
    known = {"title": "Shares", "description": "Shares.", "owner": "a@example.org", "licence": "CC0-1.0"}
    return Contract.model_validate({**known, "breaking": said})


def rolled_back(last: Entry) -> Entry:
    meta = last.meta.model_copy(
        update={
            "run": "rollback__1",
            "why": "It was wrong",
            "rolled_back": RolledBack(to=last.md5, instead_of=("b" * 64,)),
        }
    )
    return last.model_copy(update={"meta": meta})


def test_an_entry_counts_for_the_version_that_it_names_by_twelve_digits_or_more() -> None:
    last = entry("shares")
    for after in (last.meta.content[:12], last.meta.content[:20], last.meta.content):
        judged = judge(last, SCHEMA, NARROW, contract(after))
        assert (judged.problems, judged.why) == ((), "They stopped it (Jane)")
        assert [str(change) for change in judged.breaking] == ["column 'share' is dropped"]
    assert judge(last, SCHEMA, NARROW, contract("0123456789ab")).problems


def test_what_breaks_nobody_needs_nobodys_word() -> None:
    judged = judge(entry("shares"), NARROW, SCHEMA, contract())
    assert (judged.breaking, judged.problems, judged.warnings, judged.why) == ((), (), (), None)


def test_a_column_that_may_only_have_another_name_is_told_how_to_keep_its_field_id() -> None:
    other = SCHEMA.columns[-1].model_copy(update={"name": "part", "id": 9, "nullable": True})
    renamed = NARROW.model_copy(update={"columns": (*NARROW.columns, other)})
    said = "\n".join(judge(entry("shares"), SCHEMA, renamed, contract()).problems)
    assert "if 'share' has another name now ('part'?)" in said
    assert 'metadata={"was": "share"}' in said
    assert '"was"' not in "\n".join(judge(entry("shares"), SCHEMA, NARROW, contract()).problems)


def test_an_entry_for_another_version_is_said() -> None:
    last = entry("shares")
    judged = judge(last, SCHEMA, SCHEMA, contract("0123456789ab"))
    (said,) = judged.warnings
    assert said.startswith("shares/contract.yaml: breaking: the entry after 0123456789ab doesn't count")
    assert f"the last version is {last.meta.content[:12]}" in said
    assert said in judge(last, SCHEMA, NARROW, contract("0123456789ab")).problems[-1]


def test_after_a_rollback_the_entry_that_was_used_does_not_count_again() -> None:
    """The content of the last version is that of one which was followed before, with that entry."""
    last = entry("shares")
    back = rolled_back(last)
    assert back.meta.content == last.meta.content
    judged = judge(back, SCHEMA, NARROW, contract(last.meta.content))
    assert judged.problems[0].endswith("It is a rollback: It was wrong.")
    assert f'after: "{back.meta.mark[:12]}"' in "\n".join(judged.problems)
    assert back.meta.mark[:12] != last.meta.content[:12]
    assert judge(back, SCHEMA, NARROW, contract(back.meta.mark[:12])).problems == ()


def test_those_who_read_it_are_named() -> None:
    assert readers(["licences", "owners"]) == "It is read by licences, owners: tell their owners."
    assert readers([]) == "No other dataset's contract refers to it."
    judged = judge(entry("shares"), SCHEMA, NARROW, contract(), ["licences"])
    assert "shares: It is read by licences: tell their owners." in judged.problems
