"""One row for each legal entity; the sector flags are the package's guess from the name, not GLEIF's."""

import pandera.polars as pa


class Schema(pa.DataFrameModel):
    lei: str = pa.Field(lei=True, description="Legal Entity Identifier (ISO 17442)")
    legal_name: str = pa.Field(description="Legal name as registered", metadata={"source": "Entity.LegalName"})
    country_code: str = pa.Field(
        nullable=True,
        str_matches=r"^[A-Z]{2}$",
        description="Country of the legal address (ISO 3166-1 alpha-2)",
        metadata={"source": "Entity.LegalAddress.Country"},
    )
    entity_category: str = pa.Field(
        description="GLEIF's category: GENERAL, FUND, BRANCH …", metadata={"source": "Entity.EntityCategory"}
    )
    entity_subcategory: str = pa.Field(
        nullable=True,
        description="GLEIF's sub-category, of government entities only",
        metadata={"source": "Entity.EntitySubCategory"},
    )
    canonical_name: str = pa.Field(description="Legal name, folded by the package")
    brief_name: str = pa.Field(description="Legal name without its legal form, by the package")
    metals_and_mining: bool = pa.Field(description="Sector: metals and mining")
    mining: bool = pa.Field(description="Sector: mining")
    financial: bool = pa.Field(description="Sector: financial")
    transportation: bool = pa.Field(description="Sector: transportation")
    automotive: bool = pa.Field(description="Sector: automotive")
    technology: bool = pa.Field(description="Sector: technology")
    healthcare: bool = pa.Field(description="Sector: healthcare")
    real_estate: bool = pa.Field(description="Sector: real estate")
    retail_consumer: bool = pa.Field(description="Sector: retail consumer")
    manufacturing: bool = pa.Field(description="Sector: manufacturing")
    construction_infrastructure: bool = pa.Field(description="Sector: construction infrastructure")
    automotive_transportation: bool = pa.Field(description="Sector: automotive transportation")
    energy_power: bool = pa.Field(description="Sector: energy power")
    electronics_semiconductors: bool = pa.Field(description="Sector: electronics semiconductors")
    industrial_machinery: bool = pa.Field(description="Sector: industrial machinery")
    aerospace_defense: bool = pa.Field(description="Sector: aerospace defense")
    oil_gas_petrochemicals: bool = pa.Field(description="Sector: oil gas petrochemicals")
    chemical_catalytic: bool = pa.Field(description="Sector: chemical catalytic")
    clean_tech_renewables: bool = pa.Field(description="Sector: clean tech renewables")
    consumer_goods_appliances: bool = pa.Field(description="Sector: consumer goods appliances")
    maritime_rail: bool = pa.Field(description="Sector: maritime rail")
    jewelry_investment_coinage: bool = pa.Field(description="Sector: jewelry investment coinage")
    healthcare_medical_devices: bool = pa.Field(description="Sector: healthcare medical devices")
    recycling_circular_economy: bool = pa.Field(description="Sector: recycling circular economy")
