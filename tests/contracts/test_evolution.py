"""What breaks readers is what docs/schema-evolution.md says: each row of its table is judged here."""

import re
from typing import get_args

import pytest

from include.contracts.columns import Column, TableSchema
from include.contracts.evolution import Change, Kind, breaking, changes, pairs, widens
from include.settings import REPOSITORY

PAGE = (REPOSITORY / "docs" / "schema-evolution.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (.+?) \| `(.+?)` \| `(.+?)` \| (\w+) \| (compatible|\*\*breaking\*\*) \|$", re.MULTILINE)
ROWS = ROW.findall(PAGE)
COLUMN = re.compile(
    r"(?P<name>\w+)(?: was (?P<was>\w+))?(?P<key>\*)?: (?P<type>\w+(?:\(\d+,\d+\))?)(?P<nullable>\?)?"
    r"(?: \[(?P<unit>\w+)\])?(?: \{(?P<values>[^}]+)\})?(?: \((?P<sensitivity>\w+)\))?(?: \"(?P<description>.+?)\")?"
)


def read(text: str, last: TableSchema | None = None) -> TableSchema:
    """The schema that a cell of the table writes; columns keep the ids of `last` by name or by `was`."""
    known = {column.name: column.id for column in last.columns} if last else {}
    columns, key = [], []
    for number, part in enumerate(re.split(r", (?![^{(]*[})])", text), 201 if last else 101):
        found = COLUMN.fullmatch(part)
        assert found, f"not a column: {part}"
        said = found.groupdict()
        columns.append(
            Column(
                name=said["name"],
                id=known.get(said["was"] or said["name"], number),
                type=said["type"],
                nullable=bool(said["nullable"]),
                unit=said["unit"],
                values=tuple(said["values"].split(", ")) if said["values"] else None,
                sensitivity=said["sensitivity"] or "public",
                description=said["description"] or "",
            )
        )
        key += [said["name"]] if said["key"] else []
    return TableSchema(columns=tuple(columns), key=tuple(key))


def test_every_row_of_the_page_is_read_and_every_kind_of_change_is_in_it() -> None:
    table = [line for line in PAGE.splitlines() if line.startswith("| ")]
    assert len(ROWS) == len(table) - 2 >= 25
    assert {kind for *_, kind, _ in ROWS} == set(get_args(Kind))
    assert {verdict for *_, verdict in ROWS} == {"compatible", "**breaking**"}


@pytest.mark.parametrize(("what", "before", "after", "kind", "verdict"), ROWS, ids=[row[0][:60] for row in ROWS])
def test_the_page_says_how_a_change_is_judged(what: str, before: str, after: str, kind: str, verdict: str) -> None:
    last = read(before)
    (change,) = changes(read(after, last), last)
    assert (change.kind, change.breaking) == (kind, verdict == "**breaking**"), f"{what}: {change}"
    assert breaking(read(after, last), last) == ([str(change)] if change.breaking else [])


@pytest.mark.parametrize("before", sorted({cell for row in ROWS for cell in row[1:3]}))
def test_a_schema_that_stays_has_no_changes(before: str) -> None:
    last = read(before)
    assert changes(read(before.replace(" was b", ""), last), last) == ()


def test_the_words_name_the_column_what_it_was_and_what_it_is() -> None:
    last = read("a*: string, b: float64 [MW], c: string {x, y}, d: string (restricted), e: int64, f: int32, g: int64")
    new = read(
        "a*: string, p was b: float64 [kW], c: string {x, z}, d: string (internal), f: int64?, g*: int64, h: date", last
    )
    assert [str(change) for change in changes(new, last)] == [
        "column 'b' is renamed to 'p'",
        "column 'p' changes its unit from MW to kW",
        "column 'c': of its values, y left and z came",
        "column 'd' becomes internal, was restricted",
        "column 'e' is dropped",
        "column 'f' changes from int32 to int64",
        "column 'f' may be missing now",
        "column 'h' is added, and never missing",
        "the grain changes: the key was (a), is (a, g)",
    ]
    assert [str(change) for change in changes(new, last) if not change.breaking] == [
        "column 'f' changes from int32 to int64"
    ]


def test_a_renamed_key_is_the_same_key() -> None:
    last = read("a*: string, b: int64")
    assert [change.kind for change in changes(read("id was a*: string, b: int64", last), last)] == ["renamed"]


def test_the_order_of_the_key_sorts_rows_otherwise_and_breaks_nobody() -> None:
    last = read("a*: string, b*: int64")
    turned = last.model_copy(update={"key": ("b", "a")})
    assert changes(turned, last) == (Change(kind="key", column=None, before="(a, b)", after="(b, a)"),)


def test_a_column_that_was_dropped_and_added_at_once_is_one_that_changed_its_type() -> None:
    last, new = read("a*: string, b: float64"), read("a*: string, b: string")
    ids = {column.name: column.id for column in last.columns}
    apart = new.model_copy(
        update={"columns": (new.columns[0], new.columns[1].model_copy(update={"id": 900})), "retired": {"b": ids["b"]}}
    )
    assert [str(change) for change in changes(apart, last)] == ["column 'b' changes from float64 to string"]
    assert [(b and b.id, a and a.id) for b, a in pairs(apart, last)] == [(101, 101), (102, 900)]


def test_a_dropped_and_readded_key_column_is_still_the_key() -> None:
    last = read("a*: int64, b: float64")
    new = read("a*: string, b: float64", last)
    apart = new.model_copy(update={"columns": (new.columns[0].model_copy(update={"id": 900}), new.columns[1])})
    assert [change.kind for change in changes(apart, last)] == ["retyped"]


@pytest.mark.parametrize("widest", ["int64", "uint32", "float64", "decimal(38,2)"])
def test_widening_is_transitive_and_never_goes_back(widest: str) -> None:
    names = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"]
    names += ["decimal(5,2)", "decimal(38,2)", "string", "boolean", "date", "timestamp", "timestamp_naive", "time"]
    wide = [(a, b) for a in names for b in names if a != b and widens(a, b)]
    assert widest in {b for _, b in wide}
    assert [(a, b) for a, b in wide if widens(b, a)] == []
    assert [(a, c) for a, b in wide for d, c in wide if b == d and not widens(a, c)] == []
    assert all(widens(name, name) for name in names)
