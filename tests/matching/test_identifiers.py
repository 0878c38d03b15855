"""Identifiers as people and spreadsheets write them."""

from pathlib import Path

import polars as pl
import pytest

from include.matching.identifiers import Kind, read

APPLE = "HWUPKR0MPOU8FGXBT394"


@pytest.mark.parametrize(
    ("kind", "published", "value", "state"),
    [
        ("lei", APPLE, APPLE, "sound"),
        ("lei", f"{APPLE}]", APPLE, "repaired"),
        ("lei", f" {APPLE.lower()}_x000D_ ", APPLE, "repaired"),
        ("lei", f"LEI: {APPLE[:4]} {APPLE[4:10]}-{APPLE[10:]}", APPLE, "repaired"),
        ("lei", f"\u200b{APPLE}\u00a0", APPLE, "repaired"),
        ("lei", APPLE[:-1] + "5", None, "wrong"),
        ("lei", APPLE.replace("0", "O"), None, "wrong"),
        ("lei", "5.49E+19", None, "wrong"),
        ("lei", "n/a", None, "wrong"),
        ("lei", "  ", None, "absent"),
        ("lei", None, None, "absent"),
        ("isin", "US0378331005", "US0378331005", "sound"),
        ("isin", "us 037833100-5", "US0378331005", "repaired"),
        ("isin", "US0378331006", None, "wrong"),
        ("cik", "0000320193", "0000320193", "sound"),
        ("cik", "320193", "0000320193", "repaired"),
        ("cik", "CIK 320193", "0000320193", "repaired"),
        ("cik", "320193.0", "0000320193", "repaired"),
        ("cik", "0", None, "wrong"),
        ("cik", "12345678901", None, "wrong"),
        ("other", " 14354 ", "14354", "sound"),
    ],
)
def test_an_identifier_is_sound_repaired_wrong_or_absent(
    kind: Kind, published: str | None, value: str | None, state: str
) -> None:
    found = read(pl.Series([published], dtype=pl.String), kind).row(0, named=True)
    assert (found["value"], found["state"]) == (value, state)
    assert (found["why"] is None) == (state in ("sound", "absent"))


def test_what_is_wrong_is_said_with_what_was_found() -> None:
    found = read(pl.Series(["5.49E+19", f"{APPLE}]"]), "lei")["why"].to_list()
    assert found == [
        "'5.49E+19' is no LEI (ISO 17442): expected 20 letters and digits, the last two of them check digits",
        f"'{APPLE}]' read as {APPLE}",
    ]


def test_numbers_are_read_as_their_digits() -> None:
    assert read(pl.Series([320193, None]), "cik")["value"].to_list() == ["0000320193", None]


def test_a_repair_never_makes_one_register_entry_of_another(shared: Path) -> None:
    """Nothing but the characters themselves decides: of all real LEIs, none is read as another."""
    leis = pl.read_parquet(shared / "entity_matching/register_gleif_399k.parquet")["id"]
    found = read(leis, "lei")
    sound = found["state"] == "sound"
    assert (sound.sum(), (found["state"] == "wrong").sum()) == (399_181, 22)
    assert found["value"].filter(sound).equals(leis.filter(sound))
