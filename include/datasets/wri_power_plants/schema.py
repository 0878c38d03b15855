"""One row for each power plant; the files differ in their columns, an absent one is missing."""

import pandera.polars as pa


class Schema(pa.DataFrameModel):
    gppd_idnr: str = pa.Field(str_matches=r"^[A-Z0-9]+$", description="WRI's identifier of the plant")
    country: str = pa.Field(str_matches=r"^[A-Z]{3}$", description="Country (ISO 3166-1 alpha-3)")
    country_long: str = pa.Field(description="Name of the country")
    name: str = pa.Field(nullable=True, description="Name of the plant")
    capacity_mw: float = pa.Field(nullable=True, ge=0, description="Electrical generating capacity")
    latitude: float = pa.Field(  # one plant stands at 425.2461 in v1.3.0
        nullable=True, ge=-90, le=90, raise_warning=True, description="WGS84", metadata={"unit": "degree"}
    )
    longitude: float = pa.Field(nullable=True, ge=-180, le=180, description="WGS84", metadata={"unit": "degree"})
    primary_fuel: str = pa.Field(nullable=True, description="Main fuel")
    other_fuel1: str = pa.Field(nullable=True, description="Another fuel")
    other_fuel2: str = pa.Field(nullable=True, description="Another fuel")
    other_fuel3: str = pa.Field(nullable=True, description="Another fuel")
    fuel1: str = pa.Field(nullable=True, description="Fuel, in sources of the older layout")
    fuel2: str = pa.Field(nullable=True, description="Second fuel, in sources of the older layout")
    fuel3: str = pa.Field(nullable=True, description="Third fuel, in sources of the older layout")
    fuel4: str = pa.Field(nullable=True, description="Fourth fuel, in sources of the older layout")
    commissioning_year: float = pa.Field(
        nullable=True, ge=1850, le=2030, description="Year of operation, weighted by unit capacity: has fractions"
    )
    owner: str = pa.Field(nullable=True, description="Owner as published; the majority one of several")
    source: str = pa.Field(description="Who reports the data")
    url: str = pa.Field(nullable=True, description="Web document of the source")
    geolocation_source: str = pa.Field(nullable=True, description="Who reports the place")
    wepp_id: str = pa.Field(nullable=True, description="Platts WEPP identifier; licensed, always missing here")
    year_of_capacity_data: int = pa.Field(nullable=True, ge=1990, le=2030, description="Year of the capacity")
    generation_gwh_2013: float = pa.Field(
        nullable=True, description="Electricity generated in 2013", metadata={"unit": "GWh"}
    )
    generation_gwh_2014: float = pa.Field(
        nullable=True, description="Electricity generated in 2014", metadata={"unit": "GWh"}
    )
    generation_gwh_2015: float = pa.Field(
        nullable=True, description="Electricity generated in 2015", metadata={"unit": "GWh"}
    )
    generation_gwh_2016: float = pa.Field(
        nullable=True, description="Electricity generated in 2016", metadata={"unit": "GWh"}
    )
    generation_gwh_2017: float = pa.Field(
        nullable=True, description="Electricity generated in 2017", metadata={"unit": "GWh"}
    )
    generation_gwh_2018: float = pa.Field(
        nullable=True, description="Electricity generated in 2018", metadata={"unit": "GWh"}
    )
    generation_gwh_2019: float = pa.Field(
        nullable=True, description="Electricity generated in 2019", metadata={"unit": "GWh"}
    )
    generation_data_source: str = pa.Field(nullable=True, description="Who reports the generation")
    estimated_generation_gwh: float = pa.Field(nullable=True, description="WRI's estimate of yearly generation")
