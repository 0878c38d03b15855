"""The real files under their contracts: the numbers that must come out."""

from pathlib import Path

import polars as pl
import pytest

from include.contracts.loader import load as load_contract
from include.validation.render import render
from include.validation.run import validate
from include.validation.schema import load
from include.validation.verdict import Verdict
from tests.validation.given import TODAY, extracted, published, quarantined, rule

DATASETS = Path(__file__).parents[2] / "include" / "datasets"


def judge(name: str, frame: pl.DataFrame, into: Path) -> Verdict:
    contract, schema = load_contract(DATASETS / name), load(DATASETS / name)
    table = render(schema, contract, None, {})
    file = extracted(into / "extracted.parquet", frame)
    return validate(file, schema, table, contract, None, {}, into / "version", today=TODAY)


def text(path: Path) -> pl.DataFrame:
    frame = pl.read_csv(path, infer_schema=False)
    return frame.with_columns(pl.when(pl.all() != "").then(pl.all()))


def test_one_surplus_legal_form_is_named(shared: Path, tmp_path: Path) -> None:
    verdict = judge("elf_codes", text(shared / "gleif_lei/elf_codes/ISO-20275 - 2023-09-28.csv"), tmp_path)
    assert (verdict.counts["records"], verdict.counts["published"], verdict.counts["quarantined"]) == (3819, 3818, 1)
    kept = quarantined(tmp_path).row(0, named=True)
    assert (kept["elf_code"], kept["language"], kept["name"]) == ("X0SD", "Portuguese", "Companhia")
    assert kept["reasons"] == [f"key (elf_code, country_code, language_code): repeats record {kept['record'] - 1}"]


def test_three_sectors_become_one_table_of_entities(shared: Path, tmp_path: Path) -> None:
    names = ("clean_tech_renewables", "energy_power", "oil_gas_petrochemicals")
    frame = pl.concat(pl.read_parquet(shared / f"gleif_lei/gleif_{name}.parquet") for name in names)
    verdict = judge("lei_entities", frame, tmp_path)
    assert verdict.counts == {
        "records": 107_070, "added": 0, "published": 69_668, "quarantined": 9, "rejected": 0, "merged": 37_393,
    }  # fmt: skip
    assert rule(tmp_path, "lei.lei")["failures"] == 9
    assert published(tmp_path)["lei"].is_sorted()


@pytest.mark.parametrize(
    ("name", "file", "rows"),
    [
        ("sec_filers", "gleif_lei/sec_company_tickers.parquet", 10_365),
        ("pudl_utilities", "pudl_glue/2023.12.1/utility_id_pudl.csv", 15_943),
    ],
)
def test_clean_lists_come_through_whole(shared: Path, tmp_path: Path, name: str, file: str, rows: int) -> None:
    frame = pl.read_parquet(shared / file) if file.endswith("parquet") else text(shared / file)
    verdict = judge(name, frame, tmp_path)
    assert verdict.outcome == "done"
    assert verdict.counts["published"] == verdict.counts["records"] == rows
