"""Where few names are linked: what the register covers and what most names lack, counted from what was matched."""

import polars as pl

from include.matching.shortfall import countries, reasons, said

LEI = "529900T8BM49AURSDO55"
MATCHES = pl.DataFrame(
    [
        (None, "fuzzy", "some words in common; legal form ag against gmbh"),
        (None, "fuzzy", "some words in common; same country"),
        (None, "none", f"LEI {LEI} is not in the register; an entity has one LEI"),
        (None, "fuzzy", "'Atlantis; Sea' is no country of ISO 3166-1; no word in common"),
        (None, "reviewed", "judged to be no entity of the register by ana"),
        (None, "fuzzy", "initials of the other's words; only in the register's name: x; 'on' left aside"),
        ("X", "exact", "same name"),
    ],
    ["entity_id", "method", "reasons"],
    orient="row",
)
PLACES = {"US": 3, "DE": 2, "AT": 1, "CH": 1}


def test_countries_of_a_register_most_entities_first() -> None:
    assert list(countries(pl.Series("country", ["DE", "US", "CH", None, "US", "AT", "US", "DE"])).items()) == list(
        PLACES.items()
    )


def test_reasons_are_those_of_names_without_a_link_whatever_they_quote() -> None:
    assert reasons(MATCHES) == {
        "some words in common": 2,
        "LEI … is not in the register": 1,
        "initials of the other's words": 1,
        "… is no country of ISO 3166-1": 1,
    }


def test_it_is_said_where_less_than_half_is_linked() -> None:
    told = said(0.49, "lei_entities", PLACES, reasons(MATCHES))
    assert told == [
        "Few are linked. Who is not in lei_entities can't be; "
        "it has entities of 4 countries, most of US 3, DE 2, AT 1.",
        "Without a link, most often: some words in common (2 names), LEI … is not in the register (1 name), "
        "initials of the other's words (1 name).",
    ]
    assert said(0.49, "lei_entities", dict(sorted(PLACES.items())), dict(sorted(reasons(MATCHES).items()))) == told
    assert said(0.5, "lei_entities", PLACES, reasons(MATCHES)) == []
    assert said(None, "lei_entities", PLACES, {}) == []
    assert said(0.0, "lei_entities", {}, {"no candidate": 2}) == [
        "Few are linked. Who is not in lei_entities can't be; it tells no country of its entities.",
        "Without a link, most often: no candidate (2 names).",
    ]
