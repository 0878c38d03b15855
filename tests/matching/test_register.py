"""A register: each id once, every other row told with its reason, and clear errors for what is no register."""

import polars as pl
import pytest

from include.errors import DataError
from include.matching.register import check

ROWS = [
    ("B", "Beta", "DE"),
    ("A", "Alpha two", "FR"),
    ("A", "Alpha", "FR"),
    ("A", "Alpha", "FR"),
    (None, "Without", "DE"),
    ("", "Blank", "DE"),
    ("C", "  ", "DE"),
    ("D", "Delta", "Germany"),
    ("E", "NA", None),
]


def frame(rows: list[tuple[str | None, str | None, str | None]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"id": pl.String, "name": pl.String, "country": pl.String}, orient="row")


def test_repeated_and_missing_ids_are_left_out_and_counted() -> None:
    """Fault: a register with repeated LEIs, or rows without one."""
    found = check(frame(ROWS))
    assert found.entities.rows() == [
        ("A", "Alpha", "FR"),
        ("B", "Beta", "DE"),
        ("D", "Delta", "Germany"),
        ("E", "NA", None),
    ]
    assert found.entities.height + found.left_out.height == len(ROWS)
    assert found.counts == {
        "no id": 2,
        "no name": 1,
        "the same row again": 1,
        "another row of an id that was there": 1,
        "no country": 1,
        "a country that is no ISO 3166-1 alpha-2 code": 1,
    }
    assert "1 row: another row of an id that was there (A)" in found.report()


def test_the_order_of_the_rows_does_not_matter() -> None:
    one, other = check(frame(ROWS)), check(frame(ROWS[::-1]))
    assert one.entities.equals(other.entities)
    assert one.left_out.equals(other.left_out)


def test_a_sound_register_has_nothing_to_report() -> None:
    found = check(frame([("A", "Alpha", "FR")]))
    assert (found.report(), found.left_out.height, found.entities.height) == ([], 0, 1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (pl.DataFrame({"lei": ["A"], "name": ["a"]}), ["no column 'id'; found lei, name", "no column 'country'"]),
        (pl.DataFrame({"id": [1], "name": ["a"], "country": ["FR"]}), ["column 'id' is Int64, expected text"]),
        (frame([(None, "a", "FR"), ("A", None, "FR")]), ["none of its 2 rows has an id and a name", "1 have no id"]),
        (frame([]), ["none of its 0 rows"]),
    ],
)
def test_what_is_no_register_is_refused_with_all_that_is_wrong(given: pl.DataFrame, said: list[str]) -> None:
    with pytest.raises(DataError) as raised:
        check(given, "lei_entities")
    assert all(one in str(raised.value) for one in said)
    assert all(line.startswith("lei_entities: ") for line in raised.value.problems)


def test_leis_in_small_letters_are_read_in_capitals_and_counted() -> None:
    apple = "HWUPKR0MPOU8FGXBT394"
    found = check(frame([(apple.lower(), "Apple", "US"), (apple, "Apple Inc", "US"), ("l7", "Other", "US")]))
    assert found.entities.rows() == [(apple, "Apple", "US"), ("l7", "Other", "US")]
    assert found.counts == {"another row of an id that was there": 1, "an LEI in small letters, read in capitals": 1}
