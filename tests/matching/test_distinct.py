"""Names that are alike but for a number, a direction or all words but one are told apart."""

import polars as pl
import pytest

from include.matching.distinct import one_word_of_more, other_number


@pytest.mark.parametrize(
    ("name", "entity", "apart"),
    [
        ("Silver Diamond TEHC26", "Silver Diamond TEHC24 LLC", True),
        ("Castellae Siglo XXII", "CASTELLAE SIGLO XXI, S.L.", True),
        ("South Star Oil Trading", "North Star Oil Trading", True),
        ("Fund 2 of 3", "Fund 3 of 2", False),
        ("Fund 02", "Fund 2", False),
        ("Fund II", "Fund", False),
        ("Fund", "Fund II", False),
        ("Southern Company", "SOUTHERN COMPANY (THE)", False),
        ("3M", "3 M Company", False),
        ("Vix Vivid Civil", "Vix Ltd", False),
        ("", "", False),
    ],
)
def test_another_number_or_direction(name: str, entity: str, apart: bool) -> None:
    assert other_number(pl.Series([name]), pl.Series([entity])).to_list() == [apart]


def test_one_word_of_more() -> None:
    compared = [(1, 2, 60), (1, 1, 100), (2, 1, 60), (1, 2, 100), (2, 3, 80)]
    columns = ("feature_words_a", "feature_words_b", "feature_unspaced")
    pairs = pl.DataFrame(compared, schema=columns, orient="row")
    assert pairs.select(one_word_of_more()).to_series().to_list() == [True, False, False, False, False]
