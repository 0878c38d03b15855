"""schema.json: the same columns give the same bytes; ids are never given twice."""

import hashlib
import json

import pytest

from include.contracts.columns import Column, TableSchema
from include.errors import DataError

PLANTS = TableSchema(
    columns=(
        Column(name="plant_id", id=1, type="string", nullable=False),
        Column(
            name="capacity_mw", id=4, type="decimal(10,2)", nullable=True, unit="MW", source="Capacité", description="é"
        ),
    ),
    key=("plant_id",),
    retired={"fuel": 3},
)


def test_text_is_canonical_and_comes_back() -> None:
    text = PLANTS.to_json()
    assert text.endswith("}\n")
    assert "Capacité" in text
    assert text == json.dumps(json.loads(text), sort_keys=True, indent=2, ensure_ascii=False) + "\n"
    assert TableSchema.from_json(text) == PLANTS
    assert TableSchema.from_json(text.encode()).to_json() == text


def test_the_hash_of_an_example_stays() -> None:
    table = TableSchema(columns=(Column(name="a", id=1, type="int64", nullable=False),))
    assert (
        hashlib.sha256(table.to_json().encode()).hexdigest()
        == "4793666a1e4d81a60872ff6c3dcb7ef1c7d3da1bbace969f0b167bc8f171008e"
    )


def test_a_value_list_is_written_only_where_there_is_one() -> None:
    column = Column(name="a", id=1, type="string", nullable=True, values=("x", "y"))
    table = TableSchema(columns=(column, Column(name="b", id=2, type="string", nullable=True)))
    assert ["values" in one for one in json.loads(table.to_json())["columns"]] == [True, False]
    assert TableSchema.from_json(table.to_json()) == table


@pytest.mark.parametrize("type_", ["int128", "decimal", "decimal(39,2)", "String", "timestamp[us]", ""])
def test_other_types_are_refused(type_: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        Column(name="a", id=1, type=type_, nullable=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"retired": {"fuel": 4}}, "field id 4 is given twice"),
        ({"key": ["plant"]}, "key column 'plant' is not a column"),
        ({"columns": []}, "at least one column"),
        ({"colums": []}, "Extra inputs"),
    ],
)
def test_a_file_that_was_edited_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(DataError) as error:
        TableSchema.from_json(json.dumps(json.loads(PLANTS.to_json()) | change), "data/plants/schema.json")
    assert str(error.value).startswith("data/plants/schema.json: ")
    assert words in str(error.value)


@pytest.mark.parametrize("name", ["record", "reasons"])
def test_names_of_the_quarantine_are_reserved(name: str) -> None:
    with pytest.raises(ValueError, match="reserved for the quarantine"):
        TableSchema(columns=(Column(name=name, id=1, type="string", nullable=False),))
