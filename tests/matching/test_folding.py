"""Names to words: what is taken away, for which country, and that it is kept."""

from pathlib import Path

import polars as pl
import pytest

from include.errors import DataCommonsError
from include.matching.folding import FOLDED, fold, why
from include.matching.forms import Forms, legal_forms
from tests.matching.elf import few, listed

NAMES = [
    ("Enel S.p.A.", "IT", "enel", "spa", ""),
    ("Enel S.p.A.", "US", "enel", "spa", ""),
    ("Enel S.p.A.", None, "enel", "spa", ""),
    ("Müller Söhne GmbH & Co. KG", "DE", "muller sohne", "gmbh co kg", ""),
    ("Jones & Smith P.A.", "US", "jones and smith", "pa", ""),
    ("PT Bank Rakyat Indonesia (Persero) Tbk", "ID", "bank rakyat indonesia", "pt persero tbk", ""),
    ("ООО Ромашка", "RU", "romashka", "ooo", ""),  # noqa: RUF001
    ("OAO Gazprom", None, "gazprom", "oao", ""),
    ("SIA Latvijas Mobilais", "LV", "latvijas mobilais", "sia", ""),
    ("AB Volvo (publ)", "SE", "volvo", "ab", "publ"),
    ("A.P. Møller - Mærsk A/S", "DK", "ap moller maersk", "as", ""),
    ("株式会社トヨタ", "JP", "toyota", "kk", ""),
    ("ソニー株式会社", None, "soni", "kk", ""),
    ("ACTIV SPÓŁKA Z OGRANICZONĄ ODPOWIEDZIALNOŚCIĄ", "PL", "activ", "spzoo", ""),
    ("Consorcio Aurora S.A. de C.V.", "MX", "consorcio aurora", "sadecv", ""),
    ("Sapporo Beverages Kabushiki Kaisha", "JP", "sapporo beverages", "kk", ""),
    ("ENEL GREEN POWER ESPAÑA SOCIEDAD LIMITADA", "ES", "enel green power espana", "sl", ""),
    ("Enel Green Power España, S.L.U.", "ES", "enel green power espana", "slu", ""),
    ("KOÇ ANONİM ŞİRKETİ", "TR", "koc", "as", ""),
    ("Meyer Gesellschaft mbH", "AT", "meyer", "gmbh", ""),
    ("First National Bank", "US", "first national bank", "", ""),
    ("PC Connection, Inc.", "US", "pc connection", "inc", ""),
    ("The Dayton Power and Light Company", "US", "dayton power and light", "co", ""),
    ("Limited", "GB", "limited", "", ""),
    ("NA", None, "na", "", ""),
    ("Grainger W W Inc", None, "grainger ww", "inc", ""),
    ("Osprey Holding N V", None, "osprey holding", "nv", ""),
    ("US BANCORP \\DE\\", None, "us bancorp", "", "de"),
    ("null", "US", "null", "", ""),
    ("Foo Industries Inc. /DE/", None, "foo industries", "inc", "de"),
    ("AMERAN.BANCORP CL.A DL-,1", "US", "ameran bancorp", "", "cl a dl 1"),
    ("HENKEL AG CO.KGAA ADR 4/1", "DE", "henkel", "ag co kgaa", "adr 4 1"),
    ("NORDISK VIND INH O.N.", "DE", "nordisk vind", "", "inh on"),
    ("Rio Verde Minerals Corp. Common Shares", "CA", "rio verde minerals", "corp", "common shares"),
    ("Acme_x000D_ Ltd", "GB", "acme", "ltd", ""),
    ('בנק הפועלים בע"מ', "IL", "vnk hfvlym", "vm", ""),
]


@pytest.fixture(scope="module")
def forms(shared: Path) -> Forms:
    return legal_forms(listed(shared))


@pytest.mark.parametrize(("name", "country", "core", "form", "designation"), NAMES)
def test_a_name_is_folded(forms: Forms, name: str, country: str | None, core: str, form: str, designation: str) -> None:
    folded = fold(_frame((name, country)), forms).row(0, named=True)
    assert (folded["core"], folded["form"], folded["designation"]) == (core, form, designation)


def test_nothing_to_read_is_no_name_and_no_error(forms: Forms) -> None:
    folded = fold(_frame(("", None), (None, "DE"), ("\x00\x07", "US"), ("???", "FR"), ("\u202e\u200f", "IL")), forms)
    assert folded["full"].to_list() == [""] * 5
    assert folded.select(FOLDED).null_count().sum_horizontal().item() == 0


def test_a_very_long_name_is_read_to_its_thousandth_letter(forms: Forms) -> None:
    assert fold(_frame(("x" * 10_000 + " GmbH", "DE")), forms)["full"].str.len_chars().item() == 1_000


def test_the_same_form_belongs_to_the_country_that_writes_it(forms: Forms) -> None:
    folded = fold(_frame(("AS Latvenergo", "LV"), ("AS Roma", "IT"), ("Lietuva UAB", "LT")), forms)
    assert folded["core"].to_list() == ["latvenergo", "as roma", "lietuva"]


def test_an_order_of_rows_changes_no_row(forms: Forms) -> None:
    frame = _frame(*((name, country) for name, country, *_ in NAMES)).with_row_index("n")
    assert fold(frame.reverse(), forms).sort("n").equals(fold(frame, forms))


def test_what_was_taken_away_is_told_with_its_reason(forms: Forms) -> None:
    reasons = why(fold(_frame(("AB Volvo ADR", "SE"), ("Foo Inc", None), ("Bar", "DE")), forms)).to_list()
    assert reasons == [
        ["'adr' tells of a security or a filing, not of its issuer", "legal form ab, as written in SE"],
        ["legal form inc, as written in any country"],
        [],
    ]


def test_real_names_keep_a_word_each(forms: Forms, shared: Path) -> None:
    names = pl.read_parquet(shared / "entity_matching/register_gleif_399k.parquet").gather_every(97)
    folded = fold(names, forms)
    assert folded.height == 4_116
    assert folded.filter((pl.col("core") == "") & (pl.col("full") != "")).height == 0
    english = folded.filter(pl.col("country").is_in(["GB", "IE"]), pl.col("name").str.contains("(?i)[a-z] limited$"))
    assert english.height > 100
    assert set(english["form"].str.split(" ").list.last()) == {"ltd"}


def test_a_form_is_taken_from_the_list_of_its_country_only() -> None:
    forms = legal_forms(few())
    assert fold(_frame(("Jones P.A.", "US"), ("Jones P.A.", "DE")), forms)["core"].to_list() == ["jones", "jones pa"]


def test_the_full_name_of_a_form_is_its_abbreviation() -> None:
    folded = fold(_frame(("Vento Gesellschaft mit beschränkter Haftung", "DE")), legal_forms(few()))
    assert folded.select("core", "form").row(0) == ("vento", "gmbh")


def test_another_list_has_another_digest() -> None:
    assert legal_forms(few()).digest == legal_forms(few().reverse()).digest != legal_forms(few().head(3)).digest


def test_a_table_without_the_columns_of_the_list_is_refused() -> None:
    with pytest.raises(DataCommonsError, match="no column abbreviations, found elf_code, country_code, name"):
        legal_forms(few().drop("abbreviations"))


def _frame(*rows: tuple[str | None, str | None]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"name": pl.String, "country": pl.String}, orient="row")
