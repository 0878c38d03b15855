"""One row for each facility, year and holding of a parent company, as EPA published it."""

import pandera.polars as pa


class Schema(pa.DataFrameModel):
    facility_id: int = pa.Field(ge=1, description="GHGRP facility identifier", metadata={"source": "GHGRP FACILITY ID"})
    frs_id: str = pa.Field(
        nullable=True, description="EPA Facility Registry identifier", metadata={"source": "FRS ID (FACILITY)"}
    )
    reporting_year: int = pa.Field(ge=2010, le=2030, description="Year that the report is for")
    facility_name: str = pa.Field(description="Name of the facility")
    facility_address: str = pa.Field(nullable=True, description="Street address")
    facility_city: str = pa.Field(description="City")
    facility_state: str = pa.Field(str_matches=r"^[A-Z]{2}$", description="State or territory")
    facility_zip: str = pa.Field(description="ZIP code; leading zeros are lost at the source")
    facility_county: str = pa.Field(nullable=True, description="County")
    parent_name: str = pa.Field(description="Parent company as reported", metadata={"source": "PARENT COMPANY NAME"})
    parent_address: str = pa.Field(
        nullable=True, description="Street address", metadata={"source": "PARENT CO. STREET ADDRESS"}
    )
    parent_city: str = pa.Field(nullable=True, description="City", metadata={"source": "PARENT CO. CITY"})
    parent_state: str = pa.Field(nullable=True, description="State", metadata={"source": "PARENT CO. STATE"})
    parent_zip: str = pa.Field(nullable=True, description="ZIP code", metadata={"source": "PARENT CO. ZIP"})
    ownership_pct: float = pa.Field(
        nullable=True,
        ge=0,
        le=100,
        description="Share of the facility that the parent owns",
        metadata={"source": "PARENT CO. PERCENT OWNERSHIP"},
    )
    naics_code: str = pa.Field(
        str_matches=r"^\d{6}$", description="Industry (NAICS)", metadata={"source": "FACILITY NAICS CODE"}
    )
    emissions_tco2e: float = pa.Field(
        nullable=True,
        description="Emissions that the facility reported",
        metadata={"source": "FAC_EMISSIONS"},
    )
    emissions_adjusted_tco2e: float = pa.Field(
        nullable=True,
        description="Emissions times the parent's share",
        metadata={"source": "FAC_EMISSIONS_ADJUSTED"},
    )
