"""One row for each legal form and language; the reserved codes 8888 and 9999 have neither country nor language."""

import datetime as dt

import pandera.polars as pa


class Schema(pa.DataFrameModel):
    elf_code: str = pa.Field(str_matches=r"^[A-Z0-9]{4}$", description="Code of the legal form (ISO 20275)")
    country: str = pa.Field(
        nullable=True, description="Country of formation", metadata={"source": "Country of formation"}
    )
    country_code: str = pa.Field(
        nullable=True,
        str_matches=r"^[A-Z]{2}$",
        description="Country of formation (ISO 3166-1 alpha-2)",
        metadata={"source": "Country Code (ISO 3166-1)"},
    )
    jurisdiction: str = pa.Field(
        nullable=True,
        description="Jurisdiction of formation, where it is not the country",
        metadata={"source": "Jurisdiction of formation"},
    )
    subdivision_code: str = pa.Field(
        nullable=True,
        description="Jurisdiction of formation (ISO 3166-2)",
        metadata={"source": "Country sub-division code (ISO 3166-2)"},
    )
    name: str = pa.Field(
        nullable=True,
        description="Name of the legal form in its own language",
        metadata={"source": "Entity Legal Form name Local name"},
    )
    language: str = pa.Field(nullable=True, description="Language of the name")
    language_code: str = pa.Field(
        nullable=True,
        str_matches=r"^[a-z]{2}$",
        description="Language of the name (ISO 639-1)",
        metadata={"source": "Language Code (ISO 639-1)"},
    )
    name_transliterated: str = pa.Field(
        nullable=True,
        description="Name in Latin letters (ISO 01-140-10)",
        metadata={"source": "Entity Legal Form name Transliterated name (per ISO 01-140-10)"},
    )
    abbreviations: str = pa.Field(
        nullable=True,
        description="Abbreviations in the form's own language, separated by semicolons",
        metadata={"source": "Abbreviations Local language"},
    )
    abbreviations_transliterated: str = pa.Field(nullable=True, description="Abbreviations in Latin letters")
    created: dt.date = pa.Field(
        description="Day the code was created", metadata={"source": "Date created YYYY-MM-DD (ISO 8601)"}
    )
    status: str = pa.Field(
        isin=["ACTV", "INAC"], description="Active or inactive", metadata={"source": "ELF Status ACTV/INAC"}
    )
    modification: str = pa.Field(nullable=True, description="Kind of the last modification")
    modified: dt.date = pa.Field(
        nullable=True,
        description="Day of the last modification",
        metadata={"source": "Modification date YYYY-MM-DD (ISO 8601)"},
    )
    reason: str = pa.Field(nullable=True, description="Reason of the last modification, or a remark")
