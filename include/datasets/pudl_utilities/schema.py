"""One row for each pair of a FERC respondent and an EIA utility, or for either where it stands alone."""

import pandera.polars as pa


class Schema(pa.DataFrameModel):
    utility_id_pudl: int = pa.Field(ge=1, description="PUDL's identifier of the utility; not unique")
    utility_id_ferc1: int = pa.Field(nullable=True, ge=1, description="Respondent id in FERC form 1")
    utility_name_ferc1: str = pa.Field(nullable=True, description="Name in FERC form 1")
    utility_id_eia: int = pa.Field(nullable=True, ge=0, description="Utility id in EIA forms; one is 0")
    utility_name_eia: str = pa.Field(nullable=True, description="Name in EIA forms")
