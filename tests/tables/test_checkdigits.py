"""Check digits of LEI and ISIN, on published identifiers."""

from pathlib import Path

import polars as pl
import pytest

from include.tables.checkdigits import isin_code, lei

LEIS = ("5493001KJTIIGC8Y1R12", "529900T8BM49AURSDO55", "HWUPKR0MPOU8FGXBT394")
NEXT = {**{str(n): str((n + 1) % 10) for n in range(10)}, **{chr(n): chr(n + 1) for n in range(65, 90)}, "Z": "A"}
ISINS = ("US0378331005", "AU0000XVGZA3", "GB0002634946", "DE000BAY0017", "US5949181045")


@pytest.mark.parametrize("good", LEIS)
def test_an_lei_holds_and_each_changed_digit_fails(good: str) -> None:
    changed = [good[:n] + NEXT[good[n]] + good[n + 1 :] for n in range(20)]
    found = pl.DataFrame({"x": [good, good.lower(), good[:-1], *changed]}).select(lei(pl.col("x"))).to_series()
    assert found.to_list() == [True] + [False] * 22


@pytest.mark.parametrize("good", ISINS)
def test_an_isin_holds_and_a_wrong_check_digit_fails(good: str) -> None:
    wrong = good[:-1] + str((int(good[-1]) + 1) % 10)
    assert pl.DataFrame({"x": [good, wrong, None]}).select(isin_code(pl.col("x"))).to_series().to_list() == [
        True, False, None,
    ]  # fmt: skip


def test_nine_of_gleifs_energy_leis_have_wrong_check_digits(shared: Path) -> None:
    files = sorted((shared / "gleif_lei").glob("gleif_*.parquet"))
    leis = pl.concat(pl.read_parquet(file, columns=["LEI"]) for file in files)["LEI"].unique()
    assert len(leis) == 69_677
    assert leis.to_frame().filter(~lei(pl.col("LEI"))).height == 9
