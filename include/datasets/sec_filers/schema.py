"""One row for each company and ticker."""

import pandera.polars as pa


class Schema(pa.DataFrameModel):
    cik: str = pa.Field(str_matches=r"^\d{10}$", description="Central Index Key, ten digits")
    ticker: str = pa.Field(description="Ticker symbol")
    exchange: str = pa.Field(nullable=True, isin=["Nasdaq", "NYSE", "OTC", "CBOE"], description="Exchange")
    name: str = pa.Field(description="Name as filed")
