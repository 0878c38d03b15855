"""schema.py: what it may say, and every problem at once with its line."""

from pathlib import Path

import pytest

from include.contracts.columns import TableSchema
from include.contracts.evolution import breaking
from include.errors import ContractError
from include.validation.render import render
from include.validation.schema import load
from tests.validation.given import author, contract, table_schema

GOOD = """
plant_id: str = pa.Field(description="Identifier")
capacity_mw: float = pa.Field(nullable=True, ge=0, description="Capacity")
opened: dt.date = pa.Field(description="First day", metadata={"format": "%d/%m/%Y", "source": "Opening day"})
seen: pl.Datetime("us", "UTC") = pa.Field(description="Last seen")
share: pl.Decimal(5, 2) = pa.Field(description="Share", metadata={"unit": "percent", "sensitivity": "restricted"})
"""


def test_types_units_and_ids_are_rendered(tmp_path: Path) -> None:
    table = table_schema(author(tmp_path / "plants", GOOD), contract(key=["plant_id"]))
    assert [(c.name, c.id, c.type, c.nullable, c.unit, c.sensitivity, c.source) for c in table.columns] == [
        ("plant_id", 1, "string", False, None, "public", None),
        ("capacity_mw", 2, "float64", True, "MW", "public", None),
        ("opened", 3, "date", False, None, "public", "Opening day"),
        ("seen", 4, "timestamp", False, None, "public", None),
        ("share", 5, "decimal(5,2)", False, "percent", "restricted", None),
    ]
    assert table.key == ("plant_id",)
    assert TableSchema.from_json(table.to_json()) == table


def test_every_problem_comes_with_its_line(tmp_path: Path) -> None:
    fields = """
Plant: str = pa.Field(description="x")
record: str = pa.Field(description="x")
parts: pl.List(pl.String) = pa.Field(description="x")
power: float = pa.Field(description="x", metadata={"unti": "MW"})
speed: float = pa.Field(description="x", metadata={"unit": "furlongs per wink"})
secret: str = pa.Field(description="x", metadata={"sensitivity": "secret"})
"""
    with pytest.raises(ContractError) as found:
        load(author(tmp_path / "plants", fields))
    said = [(problem.split(":")[1], problem) for problem in found.value.problems]
    assert [line for line, _ in said] == ["8", "9", "10", "11", "12", "13"]
    for (_, problem), words in zip(
        said,
        (
            "'plant'",
            "reserved",
            "not stored",
            "Did you mean 'unit'?",
            "unit 'furlongs per wink'",
            "sensitivity 'secret'",
        ),
        strict=True,
    ):
        assert words in problem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n", "no class 'Schema(pa.DataFrameModel)'"),
        ("class Schema:\n    a: str\n", "no class 'Schema(pa.DataFrameModel)'"),
        ("import pandera.polars as pa\n\nclass Schema(pa.DataFrameModel):\n    pass\n", "has no columns"),
        ("def (:\n", "schema.py:1"),
    ],
)
def test_a_file_that_is_no_schema_is_told_so(tmp_path: Path, text: str, said: str) -> None:
    folder = tmp_path / "plants"
    folder.mkdir()
    (folder / "schema.py").write_text(text)
    with pytest.raises(ContractError, match=r"plants/schema\.py") as found:
        load(folder)
    assert said in str(found.value)


def test_contract_and_schema_must_agree(tmp_path: Path) -> None:
    schema = load(author(tmp_path / "plants", 'a: str = pa.Field(nullable=True)\nb: int = pa.Field(description="b")'))
    promised = contract(key=["a"], partition="c", expect={"nulls_pct": {"d": 5.0}, "drift": {"e": 0.1}})
    with pytest.raises(ContractError) as found:
        render(schema, promised, None, {})
    said = "\n".join(found.value.problems)
    assert len(found.value.problems) == 5
    for words in ("every column of the key (a) is nullable", "'partition' names column 'c'", "names column 'd'"):
        assert words in said
    assert "names column 'e'" in said
    assert "schema.py:8: column 'a' has no description" in said


def test_a_waiver_of_a_rule_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    folder = author(tmp_path / "plants", 'a: int = pa.Field(ge=0, description="a")')
    waiver = {"until": "2026-02-01", "why": "known", "by": "me"}
    with pytest.raises(ContractError, match="Did you mean 'rows_change_pct'"):
        table_schema(folder, contract(waive=[{"rule": "row_change_pct", **waiver}]))
    table_schema(folder, contract(waive=[{"rule": "a.ge", **waiver}, {"rule": "nulls_pct.a", **waiver}]))


def test_a_codebook_describes_by_heading(tmp_path: Path) -> None:
    folder = author(tmp_path / "plants", 'cap: float = pa.Field(metadata={"source": "Capacity (MW)"})')
    table = render(load(folder), contract(), None, {"Capacity (MW)": "Installed\n capacity"})
    assert table.columns[0].description == "Installed capacity"


def test_ids_are_kept_by_name_and_by_was_and_never_reused(tmp_path: Path) -> None:
    first = table_schema(author(tmp_path / "plants", "a: str\nb: str\nc: str"), contract())
    second = table_schema(
        author(tmp_path / "plants", 'c: str\nnew: str\nz: str = pa.Field(metadata={"was": "a"})'), contract(), first
    )
    assert {c.name: c.id for c in second.columns} == {"c": 3, "new": 4, "z": 1}
    assert second.retired == {"b": 2}
    third = table_schema(author(tmp_path / "plants", "b: str\nc: str"), contract(), second)
    assert {c.name: c.id for c in third.columns} == {"b": 5, "c": 3}
    assert third.retired == {"b": 2, "new": 4, "z": 1}


def test_what_breaks_for_readers_is_listed(tmp_path: Path) -> None:
    old = table_schema(author(tmp_path / "plants", "a: str\nb_mw: float\nc: int\nd: str"), contract(key=["a"]))
    fields = 'a: str\nb_mw: int\nc: int = pa.Field(nullable=True)\ne: str = pa.Field(metadata={"was": "d"})'
    new = table_schema(author(tmp_path / "plants", fields), contract(key=["a", "b_mw"]), old)
    assert breaking(new, old) == [
        "column 'b_mw' changes from float64 to int64",
        "column 'c' may be missing now",
        "column 'd' is renamed to 'e'",
        "the grain changes: the key was (a), is (a, b_mw)",
    ]
    dropped = table_schema(author(tmp_path / "plants", "a: str\nc: int\nd: str"), contract(key=["a"]), old)
    assert breaking(dropped, old) == ["column 'b_mw' is dropped"]
    wider = table_schema(
        author(tmp_path / "plants", "a: str\nb_mw: float\nc: int\nd: str\nx: str = pa.Field(nullable=True)"),
        contract(key=["a"]),
        old,
    )
    assert breaking(wider, old) == []


def test_a_type_that_is_not_only_wider_is_another_column(tmp_path: Path) -> None:
    first = table_schema(author(tmp_path / "plants", "a: str\nb: pl.Int32\nc: float"), contract())
    second = table_schema(author(tmp_path / "plants", "a: str\nb: pl.Int64\nc: str"), contract(), first)
    assert {c.name: c.id for c in second.columns} == {"a": 1, "b": 2, "c": 4}
    assert second.retired == {"c": 3}
    third = table_schema(author(tmp_path / "plants", "a: str\nb: pl.Int32\nc: float"), contract(), second)
    assert {c.name: c.id for c in third.columns} == {"a": 1, "b": 5, "c": 6}
    assert third.retired == {"b": 2, "c": 4}
    renamed = 'a: str\nb: pl.Int32\nd: pl.Int64 = pa.Field(metadata={"was": "c"})'
    assert table_schema(author(tmp_path / "plants", renamed), contract(), third).columns[2].id == 7


def test_a_new_column_may_take_the_name_of_one_that_is_renamed(tmp_path: Path) -> None:
    first = table_schema(author(tmp_path / "plants", "country: str\nb: str"), contract())
    swapped = 'country: str\nb: str\ncountry_long: str = pa.Field(metadata={"was": "country"})'
    second = table_schema(author(tmp_path / "plants", swapped), contract(), first)
    assert {c.name: c.id for c in second.columns} == {"country": 3, "b": 2, "country_long": 1}
    assert table_schema(author(tmp_path / "plants", swapped), contract(), second) == second
    assert breaking(second, first) == [
        "column 'country' is renamed to 'country_long'",
        "column 'country' is added, and never missing",
    ]


def test_a_value_list_is_that_of_isin_unless_it_only_warns(tmp_path: Path) -> None:
    fields = """
a: str = pa.Field(isin=["y", "x", "x"])
b: int = pa.Field(isin=[10, 9])
c: str = pa.Field(isin=["x"], raise_warning=True)
d: bool = pa.Field(isin=[True])
e: str = pa.Field(ge="a")
f: dt.date = pa.Field(isin=[dt.date(2026, 1, 2)])
"""
    table = table_schema(author(tmp_path / "plants", fields), contract())
    values = {column.name: column.values for column in table.columns}
    assert values == {"a": ("x", "y"), "b": ("10", "9"), "c": None, "d": ("true",), "e": None, "f": ("2026-01-02",)}
