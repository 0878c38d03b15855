"""One row for each plant."""

import pandera.polars as pa


class Schema(pa.DataFrameModel):
    plant_code: int = pa.Field(ge=1, description="EIA's plant code")
    plant_name: str = pa.Field(description="Name of the plant")
    utility_id: int = pa.Field(ge=1, description="EIA's utility id")
    utility_name: str = pa.Field(description="Name of the utility that operates the plant")
    street_address: str = pa.Field(nullable=True, description="Street address")
    city: str = pa.Field(nullable=True, description="City")
    state: str = pa.Field(str_matches=r"^[A-Z]{2}$", description="State")
    zip: str = pa.Field(nullable=True, description="ZIP code; leading zeros are lost at the source")
    county: str = pa.Field(nullable=True, description="County")
    latitude: float = pa.Field(nullable=True, description="WGS84", metadata={"unit": "degree"})
    longitude: float = pa.Field(nullable=True, description="WGS84", metadata={"unit": "degree"})
    nerc_region: str = pa.Field(nullable=True, description="NERC reliability region")
    balancing_authority_code: str = pa.Field(nullable=True, description="Balancing authority")
    balancing_authority_name: str = pa.Field(nullable=True, description="Name of the balancing authority")
    water_source: str = pa.Field(
        nullable=True,
        description="Where cooling or hydro water comes from",
        metadata={"source": "Name of Water Source"},
    )
    naics_code: int = pa.Field(
        description="Primary purpose (NAICS)", metadata={"source": "Primary Purpose (NAICS Code)"}
    )
    regulatory_status: str = pa.Field(isin=["RE", "NR"], description="Regulated (RE) or not (NR)")
    sector: int = pa.Field(ge=1, le=7, description="EIA sector number")
    sector_name: str = pa.Field(description="EIA sector")
    ferc_cogeneration_status: str = pa.Field(nullable=True, description="Has FERC cogeneration status (Y/N)")
    ferc_cogeneration_docket_number: str = pa.Field(nullable=True, description="Docket number")
    ferc_small_power_producer_status: str = pa.Field(nullable=True, description="FERC small power producer (Y/N)")
    ferc_small_power_producer_docket_number: str = pa.Field(nullable=True, description="Docket number")
    ferc_exempt_wholesale_generator_status: str = pa.Field(
        nullable=True, description="FERC exempt wholesale generator (Y/N)"
    )
    ferc_exempt_wholesale_generator_docket_number: str = pa.Field(nullable=True, description="Docket number")
    ash_impoundment: str = pa.Field(nullable=True, description="Has an ash impoundment (Y/N)")
    ash_impoundment_lined: str = pa.Field(nullable=True, description="The impoundment is lined (Y/N/X)")
    ash_impoundment_status: str = pa.Field(nullable=True, description="Status of the impoundment")
    grid_owner: str = pa.Field(
        nullable=True,
        description="Owner of the grid it feeds",
        metadata={"source": "Transmission or Distribution System Owner"},
    )
    grid_owner_id: str = pa.Field(
        nullable=True,
        description="EIA id of that owner",
        metadata={"source": "Transmission or Distribution System Owner ID"},
    )
    grid_owner_state: str = pa.Field(
        nullable=True,
        description="State of that owner",
        metadata={"source": "Transmission or Distribution System Owner State"},
    )
    grid_voltage_kv: float = pa.Field(
        nullable=True, description="Voltage at the interconnection", metadata={"source": "Grid Voltage (kV)"}
    )
    grid_voltage_2_kv: float = pa.Field(
        nullable=True, description="Second voltage", metadata={"source": "Grid Voltage 2 (kV)"}
    )
    grid_voltage_3_kv: float = pa.Field(
        nullable=True, description="Third voltage", metadata={"source": "Grid Voltage 3 (kV)"}
    )
    energy_storage: str = pa.Field(nullable=True, description="Has energy storage (Y/N)")
    natural_gas_ldc_name: str = pa.Field(nullable=True, description="Local gas distribution company")
    natural_gas_pipeline_name_1: str = pa.Field(nullable=True, description="Gas pipeline")
    natural_gas_pipeline_name_2: str = pa.Field(nullable=True, description="Second gas pipeline")
    natural_gas_pipeline_name_3: str = pa.Field(nullable=True, description="Third gas pipeline")
    pipeline_notes: str = pa.Field(nullable=True, description="Remarks on pipelines")
    natural_gas_storage: str = pa.Field(nullable=True, description="Stores natural gas (Y/N)")
    liquefied_natural_gas_storage: str = pa.Field(nullable=True, description="Stores liquefied natural gas (Y/N/X)")
