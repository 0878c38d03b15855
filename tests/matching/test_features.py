"""What is told of pairs, and that neither order nor company changes it."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from include.matching.alignment import frequencies
from include.matching.features import FEATURES, features
from tests.matching.scored import compared, folded

REGISTER = [
    ("Borealis Energy GmbH", "DE"),
    ("Borealis Energy Fund II", "DE"),
    ("Borealis Energy Fund III", "DE"),
    ("Castor International Mining Inc", "US"),
    ("Central China New Life Ltd", "HK"),
    ("FIRST BANCORP /PR/", None),
    ("Energy Borealis AG", "AT"),
]


@pytest.mark.parametrize(
    ("name", "country", "entity", "feature", "value"),
    [
        ("Borealis Energy GmbH", "DE", 0, "same_words", 1),
        ("Borealis Energy AG", "DE", 0, "form", -1),
        ("Borealis Energy GmbH", "DE", 0, "form", 1),
        ("Borealis Energy", "DE", 0, "form", 0),
        ("Borealis Energy", "FR", 0, "country", -1),
        ("Borealis Energy", None, 0, "country", 0),
        ("Energy Borealis", "DE", 0, "sorted", 100),
        ("Borealis Energy Fund III", "DE", 1, "number_conflict", 1),
        ("Borealis Energy Fund II", "DE", 1, "number_conflict", 0),
        ("Castor Intl Mining", "US", 3, "least_a", pytest.approx(0.95)),
        ("CC New Life", "HK", 4, "begins_with_initials_a", 1),
        ("First Bancorp", None, 5, "filing_b", 1),
        ("BorealisEnergy", "DE", 0, "same_letters", 1),
        ("Borealis Energy Class A", "DE", 0, "share_only_a", 1),
        ("Castor International Mining ADR", "GB", 3, "receipt_of_us", 1),
        ("IM Castor", None, 3, "spelt_a", 1),
        ("Castor", None, 3, "spelt_a", 0),
        ("borealis energy", "DE", 0, "small_a", 1),
        ("Borealis Energy Fund", "DE", 1, "vehicle_a", 1),
        ("Borealis Energy Fund II", "AT", 6, "ratio_at_home", 0),
        ("Borealis Energy Fund II", "AT", 6, "rank_at_home", 1),
    ],
)
def test_a_feature_says_what_its_name_says(
    name: str, country: str | None, entity: int, feature: str, value: float
) -> None:
    told = compared(folded((name, country)), folded(*REGISTER))
    assert told.filter(pl.col("entity") == entity)[feature].item() == value


def test_the_columns_are_the_list_and_all_are_finite_numbers() -> None:
    strange = [
        ("", None),
        ("x" * 10_000, "US"),
        ("\u202e\u05e9\u05dc\u05d5\u05dd", "IL"),
        ("1", None),
        ("& Co.", "XX"),
        *REGISTER,
    ]
    told = compared(folded(*strange), folded(*strange))
    assert set(told.columns) == {"mention", "entity", *FEATURES}
    assert set(told.select(FEATURES).dtypes) <= {pl.Float32, pl.Float64}
    assert told.select(pl.col(FEATURES).is_finite().all()).row(0) == (True,) * len(FEATURES)


def test_a_mention_is_told_the_same_alone_among_others_and_in_any_order() -> None:
    register = folded(*REGISTER)
    mentions = folded(*REGISTER, ("Borealis", None)).with_row_index("mention")
    pairs = mentions.select(pl.col("mention").cast(pl.UInt32)).join(
        pl.DataFrame({"entity": range(len(REGISTER))}, schema={"entity": pl.UInt32}), how="cross"
    )
    known = frequencies(register)
    whole = features(mentions, register, pairs, known)
    one = features(mentions[3:4], register, pairs.filter(pl.col("mention") == 3), known)
    turned = features(mentions.reverse(), register, pairs, known)
    assert_frame_equal(whole, turned, check_exact=True)
    assert_frame_equal(whole.filter(pl.col("mention") == 3), one, check_exact=True)


def test_no_pairs_are_no_error() -> None:
    nothing = pl.DataFrame(schema={"mention": pl.UInt32, "entity": pl.UInt32})
    told = features(folded(), folded(*REGISTER), nothing, frequencies(folded(*REGISTER)))
    assert told.height == 0
    assert set(FEATURES) <= set(told.columns)
